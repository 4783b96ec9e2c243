"""A NetSuite account that answers over HTTP and whose books can be set up from Python."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from starlette.types import ASGIApp

from ml_connector.sim.faults import Fault, FaultKind, FaultPlan
from ml_connector.sim.netsuite import periods
from ml_connector.sim.netsuite.body import BodyReader
from ml_connector.sim.netsuite.books import Books, TellsTime, whole
from ml_connector.sim.netsuite.company import Company, Preferences
from ml_connector.sim.netsuite.control import control_app
from ml_connector.sim.netsuite.documents import Document, each_document, load, pack
from ml_connector.sim.netsuite.gate import Gate
from ml_connector.sim.netsuite.limits import Limits
from ml_connector.sim.netsuite.listed import ListedRecords
from ml_connector.sim.netsuite.numbers import exact
from ml_connector.sim.netsuite.posting import remove, save
from ml_connector.sim.netsuite.properties import Property
from ml_connector.sim.netsuite.record_types import RECORD_TYPES, RecordType
from ml_connector.sim.netsuite.refusal import invalid_login
from ml_connector.sim.netsuite.roles import ADMINISTRATOR, Level, Roles
from ml_connector.sim.netsuite.services import Services
from ml_connector.sim.netsuite.tokens import SignIn
from ml_connector.sim.netsuite.transforms import transform
from ml_connector.sim.netsuite.views import Viewer

Number = int | Decimal | str
"""Quantities and money are given exactly, never as float."""

LineSpec = Mapping[str, object]
"""A line of an order: ``item`` (id or SKU) and REST property names, ``line`` for an own id."""

DEFAULT_ROLE = 1000
DEFAULT_USER = 12


class NetSuiteSim:
    """One simulated NetSuite account.

    Args:
        clock: says what time it is.
        account_id: as NetSuite shows it.
        concurrency: requests in flight the account may have (10.1).
        timezone: of the account; SuiteQL answers datetimes in it.
        strict_audience: the assertion's ``aud`` is checked exactly.
        seed: of all that is drawn.
        date_format: how SuiteQL answers a bare date.
        preferences: set-up of the account.
    """

    def __init__(
        self,
        *,
        clock: TellsTime,
        account_id: str = "TSTDRV1234567_SB1",
        concurrency: int = 5,
        timezone: str = "America/Chicago",
        strict_audience: bool = False,
        seed: int = 1,
        date_format: str = "MM/DD/YYYY",
        preferences: Preferences | None = None,
    ) -> None:
        self.clock = clock
        self.books = Books(clock=clock, timezone=timezone, date_format=date_format)
        self.company = Company(
            account_id=account_id,
            books=self.books,
            preferences=preferences or Preferences(),
            random=random.Random(seed),  # noqa: S311 - repeatable play, not secrecy
            user=DEFAULT_USER,
        )
        self.company.set_up()
        self.sign_in = SignIn(account_id, clock, strict_audience=strict_audience)
        self.faults = FaultPlan(seed, system="netsuite")
        self.roles = Roles(face=self.company.preferences.permission_face)
        self.roles.add(ADMINISTRATOR, "Administrator")
        self.roles.add(DEFAULT_ROLE, "Integration")
        self.services = Services(
            self.company,
            self.sign_in,
            Limits(concurrency),
            self.roles,
            {DEFAULT_USER: "integration user"},
        )
        self._listed = ListedRecords(self.company)
        self._gate = Gate(
            clock=clock,
            limits=self.services.limits,
            faults=self.faults,
            handle=self.services.answer,
            control=control_app(self),
            overloaded=lambda: invalid_login(account_id),
            forget_token=self.services.forget_token,
            retry_after=lambda: self.company.preferences.retry_after,
            random=random.Random(seed),  # noqa: S311 - same
        )

    @property
    def app(self) -> ASGIApp:
        """The ASGI application of all the account's hosts, with ``/_sim`` beside them."""
        return self._gate

    @property
    def account_id(self) -> str:
        """As NetSuite shows it."""
        return self.company.account_id

    @property
    def preferences(self) -> Preferences:
        """Set-up; changing it takes effect at once."""
        return self.company.preferences

    @property
    def limits(self) -> Limits:
        """Requests in flight; ``concurrency`` and ``reserved`` can be changed."""
        return self.services.limits

    # Sign-in

    def register_certificate(
        self,
        client_id: str,
        pem: str | bytes,
        *,
        role: int = DEFAULT_ROLE,
        entity: int = DEFAULT_USER,
    ) -> str:
        """Map a certificate to an integration, which is made when it is new.

        Returns:
            the certificate id, the assertion's ``kid``.

        Raises:
            CertificateError: NetSuite would not take it (3.1).
        """
        text = pem.decode() if isinstance(pem, bytes) else pem
        return self.sign_in.register(client_id, text, role=role, entity=entity).id

    def issue_token(self, client_id: str = "simulated-client", *, role: int = DEFAULT_ROLE) -> str:
        """An access token without the ceremony, for tests of other things."""
        if client_id not in self.sign_in.scopes:
            self.sign_in.add_integration(client_id)
        return self.sign_in.issue(
            client_id,
            role=role,
            entity=DEFAULT_USER,
            certificate_id="",
            scopes=frozenset({"rest_webservices"}),
        ).text

    def add_role(
        self,
        name: str,
        permissions: Mapping[str, Level] | None = None,
        *,
        internal_id: int | None = None,
    ) -> int:
        """A role with permission keys and levels; all of them in full when left out."""
        chosen = internal_id if internal_id is not None else max(self.roles.known) + 1
        return self.roles.add(chosen, name, permissions).id

    def withdraw_permission(self, *keys: str, role: int = DEFAULT_ROLE) -> None:
        """Take permissions from a role, such as ``TRAN_ITEMRCPT``."""
        self.roles.withdraw(role, keys)

    def revoke_tokens(self) -> None:
        """Every token handed out stops working."""
        for text in list(self.sign_in.tokens):
            self.sign_in.revoke_token(text)

    def sandbox_refresh(self) -> None:
        """What a sandbox refresh does: all certificate mappings and tokens are gone (1.7)."""
        self.sign_in.certificates.clear()
        self.sign_in.tokens.clear()

    def add_integration(
        self, client_id: str, scopes: Sequence[str] = ("rest_webservices",)
    ) -> str:
        """An integration record; certificates are mapped to it by ``register_certificate``."""
        return self.sign_in.add_integration(client_id, frozenset(scopes))

    # Set-up of the books

    def add_subsidiary(
        self,
        name: str,
        *,
        internal_id: int | None = None,
        parent: int | None = None,
        country: str = "US",
    ) -> int:
        """A subsidiary (OneWorld)."""
        return self._insert(
            "subsidiary",
            internal_id,
            name=name,
            fullname=name,
            parent=parent,
            country=country,
            currency=self.company.base_currency(),
            iselimination=False,
            isinactive=False,
        )

    def add_location(
        self,
        name: str,
        *,
        internal_id: int | None = None,
        subsidiary: int | None = None,
        bins: bool = False,
        inactive: bool = False,
        external_id: str | None = None,
    ) -> int:
        """A location; without a subsidiary it fits all of them."""
        return self._insert(
            "location",
            internal_id,
            name=name,
            fullname=name,
            subsidiary=subsidiary,
            isinactive=inactive,
            externalid=external_id,
            usebins=bins,
            lastmodifieddate=self.books.now(),
        )

    def add_bin(self, name: str, *, location: int, internal_id: int | None = None) -> int:
        """A bin at a location."""
        return self._insert(
            "bin", internal_id, binnumber=name, location=location, isinactive=False
        )

    def add_account(
        self,
        name: str,
        *,
        internal_id: int | None = None,
        number: str = "",
        account_type: str = "Expense",
        inactive: bool = False,
    ) -> int:
        """A ledger account."""
        return self._insert(
            "account",
            internal_id,
            acctnumber=number,
            acctname=name,
            fullname=name,
            accttype=account_type,
            isinactive=inactive,
            displaynamewithhierarchy=f"{number} {name}".strip(),
        )

    def add_currency(self, symbol: str, rate: Number) -> int:
        """A currency and what one unit of it is worth in the base currency."""
        return self.company.add_currency(symbol, Decimal(rate))

    def add_vendor(
        self,
        name: str,
        *,
        internal_id: int | None = None,
        subsidiary: int | None = None,
        currency: int | None = None,
        external_id: str | None = None,
    ) -> int:
        """A vendor with its primary subsidiary."""
        return self._entity("vendor", name, internal_id, subsidiary, currency, external_id)

    def add_customer(
        self,
        name: str,
        *,
        internal_id: int | None = None,
        subsidiary: int | None = None,
        currency: int | None = None,
        external_id: str | None = None,
    ) -> int:
        """A customer with its primary subsidiary."""
        return self._entity("customer", name, internal_id, subsidiary, currency, external_id)

    def _entity(
        self,
        table: str,
        name: str,
        internal_id: int | None,
        subsidiary: int | None,
        currency: int | None,
        external_id: str | None,
    ) -> int:
        values = {
            "id": internal_id,
            "subsidiary": subsidiary,
            "currency": currency,
            "externalid": external_id,
        }
        return self._listed.create_entity(table, name, values)

    def add_units(self, name: str, units: Mapping[str, Number]) -> dict[str, int]:
        """A units type: names and how many base units each has; the base unit has 1.

        Returns:
            the unit ids by name.
        """
        with self.books.transaction():
            type_id = self.books.insert("unitstype", {"name": name})
            return {
                unit: self.books.insert(
                    "unitstypeuom",
                    {
                        "unitstype": type_id,
                        "unitname": unit,
                        "pluralname": unit,
                        "abbreviation": unit,
                        "conversionrate": Decimal(rate),
                        "baseunit": Decimal(rate) == 1,
                    },
                )
                for unit, rate in units.items()
            }

    def add_item(
        self,
        sku: str,
        *,
        internal_id: int | None = None,
        kind: str = "InvtPart",
        lot: bool = False,
        serial: bool = False,
        bins: bool = False,
        units: Mapping[str, int] | None = None,
        purchase_unit: str | None = None,
        sale_unit: str | None = None,
        inactive: bool = False,
        parent: int | None = None,
        cost: Number = 0,
        name: str | None = None,
        external_id: str | None = None,
        upc: str | None = None,
        members: Mapping[str, Number] | None = None,
    ) -> int:
        """An item.

        Args:
            sku: item name/number; of a matrix child, its own part.
            internal_id: an internal id of one's own choosing.
            kind: item type code, such as InvtPart, NonInvtPart, Service, Kit, Assembly.
            lot: lot-numbered.
            serial: serialised.
            bins: uses bins where the location does.
            units: what ``add_units`` answered; the first one is the stock unit.
            purchase_unit: name of the unit purchase orders use.
            sale_unit: name of the unit sales orders use.
            inactive: can't be used on new documents.
            parent: the matrix parent's id.
            cost: of one base unit, while nothing is held.
            name: display name.
            external_id: unique among items.
            upc: UPC code.
            members: of a kit: SKU to quantity.
        """
        known = dict(units or {})
        stock_unit = next(iter(known.values()), None)
        above = self.books.value("SELECT fullname FROM _item WHERE id = ?", (parent,))
        kit = {str(self._item_id(key)): str(value) for key, value in (members or {}).items()}
        return self._insert(
            "_item",
            internal_id,
            itemid=sku,
            fullname=f"{above} : {sku}" if above else sku,
            displayname=name or sku,
            itemtype=kind,
            externalid=external_id,
            upccode=upc,
            isinactive=inactive,
            islotitem=lot,
            isserialitem=serial,
            usebins=bins,
            costingmethod="AVG",
            stockunit=stock_unit,
            purchaseunit=known.get(purchase_unit or "", stock_unit),
            saleunit=known.get(sale_unit or "", stock_unit),
            unitstype=self.books.value(
                "SELECT unitstype FROM unitstypeuom WHERE internalid = ?", (stock_unit,)
            ),
            parent=parent,
            matrixtype="CHILD" if parent else None,
            cost=Decimal(cost),
            lastmodifieddate=self.books.now(),
            createddate=self.books.now(),
            _members=pack(kit) if kit else None,
        )

    def add_custom_field(self, name: str, kind: str = "text") -> None:
        """A field the account added, such as ``custbody_shipbob_id``; kinds of properties.py."""
        self.company.custom_fields[name.lower()] = Property(name, kind)

    def _insert(self, table: str, internal_id: int | None, **values: object) -> int:
        chosen = {} if internal_id is None else {"id": internal_id}
        return self.books.insert(table, {**chosen, **values})

    # Documents

    def add_purchase_order(
        self,
        tranid: str | None = None,
        *,
        vendor: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A purchase order as a person enters it; approved, so status B.

        Args:
            tranid: number; drawn when left out.
            vendor: id.
            lines: ``{"item": id or SKU, "quantity": 10, "rate": "2.50", "location": id,
                "line": 4}``; a line without ``item`` is an expense line (``account``,
                ``amount``).
            location: of the header.
            fields: further REST properties, such as ``tranDate="2026-11-20"``, ``memo=...``.

        Returns:
            internal id.
        """
        return self._order(
            "purchaseOrder", tranid, lines, entity=vendor, location=location, **fields
        )

    def add_sales_order(
        self,
        tranid: str | None = None,
        *,
        customer: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A sales order, approved (status B). Arguments as for purchase orders."""
        return self._order(
            "salesOrder", tranid, lines, entity=customer, location=location, **fields
        )

    def add_transfer_order(
        self,
        tranid: str | None = None,
        *,
        source: int,
        target: int,
        lines: Sequence[LineSpec],
        **fields: object,
    ) -> int:
        """A transfer order between two locations, approved (status B)."""
        return self._order(
            "transferOrder", tranid, lines, location=source, transferLocation=target, **fields
        )

    def add_return_authorization(
        self,
        tranid: str | None = None,
        *,
        customer: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A return authorization, approved (status B)."""
        return self._order(
            "returnAuthorization", tranid, lines, entity=customer, location=location, **fields
        )

    def add_to_stock(
        self,
        sku: str | int,
        location: int,
        quantity: Number,
        *,
        cost: Number | None = None,
        lot: str | None = None,
        bin: int | None = None,
        **fields: object,
    ) -> int:
        """Opening stock: an inventory adjustment against the expense account, by a person.

        Args:
            sku: item id or SKU.
            location: its id.
            quantity: in stock units; negative takes away.
            cost: of one unit.
            lot: lot or serial number, for items that have them.
            bin: bin id, where the location has bins.
            fields: further REST properties of the adjustment.

        Returns:
            the adjustment's id.
        """
        line: dict[str, object] = {
            "item": self._item_id(sku),
            "location": location,
            "adjustQtyBy": Decimal(quantity),
        }
        if cost is not None:
            line["unitCost"] = Decimal(cost)
        if lot is not None or bin is not None:
            share: dict[str, object] = {"quantity": Decimal(quantity)}
            if lot is not None:
                share["receiptInventoryNumber"] = lot
            if bin is not None:
                share["binNumber"] = bin
            line["inventoryDetail"] = {"inventoryAssignment": {"items": [share]}}
        at = self.books.value("SELECT subsidiary FROM location WHERE id = ?", (location,))
        subsidiary = at or self.books.value("SELECT MIN(id) FROM subsidiary")
        body: dict[str, object] = {
            "account": self.company.account("expense"),
            "adjLocation": location,
            "inventory": {"items": [line]},
        }
        if subsidiary is not None:
            body["subsidiary"] = subsidiary
        return self.create("inventoryAdjustment", {**body, **fields})

    def _order(
        self, record_type: str, tranid: str | None, lines: Sequence[LineSpec], **fields: object
    ) -> int:
        body: dict[str, object] = {
            key: value for key, value in fields.items() if value is not None
        }
        if tranid is not None:
            body["tranId"] = tranid
        body["item"] = {"items": [self._line(line) for line in lines if "item" in line]}
        expenses = [dict(line) for line in lines if "item" not in line]
        if expenses:
            body["expense"] = {"items": expenses}
        return self.create(record_type, body)

    def _line(self, line: LineSpec) -> dict[str, object]:
        return {**line, "item": self._item_id(line["item"])}

    def _item_id(self, item: object) -> int:
        if isinstance(item, int):
            return item
        found = self.books.value("SELECT id FROM _item WHERE itemid = ?", (str(item),))
        if found is None:
            raise KeyError(f"There is no item {item!r}.")
        return whole(found)

    def create(self, record_type: str, body: Mapping[str, object]) -> int:
        """Enter any transaction as a person would; the body is REST's.

        Raises:
            Refusal: NetSuite would not take it.
        """
        document = Document(_type(record_type))
        with self.books.lock:
            BodyReader(self.company, names="error").document(document, body, by_person=True)
            return save(self.company, document, by_person=True)

    def transform(
        self,
        record_type: str,
        internal_id: int,
        target: str,
        body: Mapping[str, object] | None = None,
    ) -> int:
        """Transform as a person would, such as a purchase order into a receipt.

        Returns:
            the new document's id.
        """
        with self.books.lock:
            document = transform(self.company, self._document(record_type, internal_id), target)
            reader = BodyReader(self.company, names="error")
            reader.document(document, body or {}, transform=True, by_person=True)
            return save(self.company, document, by_person=True)

    def edit(self, record_type: str, internal_id: int, body: Mapping[str, object]) -> None:
        """Change a transaction as a person would: REST's PATCH, static sublists included."""
        with self.books.lock:
            document = self._document(record_type, internal_id)
            BodyReader(self.company, names="error").document(document, body, by_person=True)
            save(self.company, document, by_person=True)

    def delete(self, record_type: str, internal_id: int) -> None:
        """Delete a transaction as a person would; its external id is free again."""
        with self.books.lock:
            remove(self.company, self._document(record_type, internal_id))

    def _document(self, record_type: str, internal_id: int) -> Document:
        document = load(self.books, internal_id)
        if document is None or document.kind is not _type(record_type):
            raise KeyError(f"There is no {record_type} {internal_id}.")
        return document

    # Periods

    def close_period(self, month: str) -> None:
        """Close a posting period, written ``2026-10``."""
        self._period(month, closed=True, alllocked=True, aplocked=True, arlocked=True)

    def reopen_period(self, month: str) -> None:
        """Open a period and lift all its locks."""
        self._period(month, closed=False, alllocked=False, aplocked=False, arlocked=False)

    def lock_period(self, month: str, ledger: str = "all") -> None:
        """Lock a period for ``all``, ``ap`` or ``ar``."""
        self._period(month, **{periods.LOCKS[ledger]: True})

    def _period(self, month: str, **flags: bool) -> None:
        with self.books.lock:
            row = periods.by_month(self.books, month)
            changes: dict[str, object] = {**flags, "lastmodifieddate": self.books.now()}
            if "closed" in flags:
                changes["closedondate"] = self.books.now() if flags["closed"] else None
            self.books.update("accountingperiod", changes, id=row["id"])

    def period_id(self, month: str) -> int:
        """The internal id of a posting period, written ``2026-10``."""
        return whole(periods.by_month(self.books, month)["id"])

    # Looking at the books

    def stock(self) -> dict[tuple[str, int], Decimal]:
        """Units on hand by SKU and location id; zeros are left out."""
        rows = self.books.rows(
            "SELECT i.itemid AS sku, s.location AS location, s.quantity AS quantity "
            "FROM _stock s JOIN _item i ON i.id = s.item"
        )
        found: dict[tuple[str, int], Decimal] = {}
        for row in rows:
            key = (str(row["sku"]), whole(row["location"]))
            found[key] = found.get(key, Decimal(0)) + exact(row["quantity"])
        return {key: quantity for key, quantity in sorted(found.items()) if quantity}

    def documents(self, record_type: str | None = None) -> list[dict[str, Any]]:
        """Transactions as REST shows them with ``expandSubResources``, by id."""
        kind = _type(record_type) if record_type else None
        viewer = Viewer(self.company, "/services/rest/record/v1")
        with self.books.lock:
            return [
                {"recordType": document.kind.name, **viewer.document(document, expand=True)}
                for document in each_document(self.books, kind)
            ]

    def balances(self) -> dict[int, Decimal]:
        """General ledger: debits minus credits by account id; zeros are left out."""
        found: dict[int, Decimal] = {}
        for row in self.books.rows("SELECT account, amount FROM transactionaccountingline"):
            account = whole(row["account"])
            found[account] = found.get(account, Decimal(0)) + exact(row["amount"])
        return {account: amount for account, amount in sorted(found.items()) if amount}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Calls answered so far: at, method, path with query, status (0: cut), seconds, fault."""
        return [asdict(call) for call in list(self._gate.calls)]

    # Faults

    def fault(
        self,
        kind: FaultKind,
        *,
        method: str = "*",
        path: str = "",
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        seconds: float = 0.0,
        seconds_max: float | None = None,
    ) -> int:
        """Put a fault in force; see ``ml_connector.sim.faults``.

        Returns:
            its number, for ``faults.remove``.
        """
        return self.faults.add(
            Fault(
                kind=kind,
                method=method,
                path=path,
                times=times,
                skip=skip,
                probability=probability,
                seconds=seconds,
                seconds_max=seconds_max,
            )
        )


def _type(record_type: str) -> RecordType:
    kind = RECORD_TYPES.get(record_type.lower())
    if kind is None or kind.table != "transaction":
        raise KeyError(f"{record_type!r} is not a transaction type.")
    return kind
