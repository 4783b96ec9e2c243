"""Setting up what documents are made of: places, accounts, entities, items."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import MOVABLE, Company
from ml_connector.sim.netsuite.books.documents import pack
from ml_connector.sim.netsuite.records.listed import ListedRecords
from ml_connector.sim.netsuite.set_up import DOZEN, FIRST_BIN, has_bins, has_cases, has_lots
from ml_connector.sim.netsuite.values.properties import Property

Number = int | Decimal | str
"""Quantities and money are given exactly, never as float."""


class MasterData:
    """Adds records that aren't transactions.

    Args:
        company: whose books.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.books = company.books
        self._listed = ListedRecords(company)

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
        subsidiary: int | Sequence[int] | None = None,
        bins: bool = False,
        inactive: bool = False,
        external_id: str | None = None,
        address: str | None = None,
    ) -> int:
        """A location; without a subsidiary it fits all of them.

        Its address is one text, which a query shows as the display text of ``mainaddress``.

        It may belong to several: queries show their ids in one text, such as ``1, 2``, as they do
        of any column with several values (schemas/suiteql-tables.json).
        """
        bins = bins or has_bins(self.company)
        main = None if address is None else self._insert("_address", None, addrtext=address)
        made = self._insert(
            "location",
            internal_id,
            name=name,
            fullname=name,
            mainaddress=main,
            subsidiary=", ".join(map(str, subsidiary))
            if isinstance(subsidiary, Sequence)
            else subsidiary,
            isinactive=inactive,
            externalid=external_id,
            usebins=bins,
            lastmodifieddate=self.books.now(),
        )
        if has_bins(self.company):
            self.add_bin(FIRST_BIN, location=made)
        return made

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
        return self._entity(
            "vendor",
            name,
            id=internal_id,
            subsidiary=subsidiary,
            currency=currency,
            externalid=external_id,
        )

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
        return self._entity(
            "customer",
            name,
            id=internal_id,
            subsidiary=subsidiary,
            currency=currency,
            externalid=external_id,
        )

    def _entity(self, table: str, name: str, **values: int | str | None) -> int:
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
        fulfillable: bool | None = None,
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
            fulfillable: whether its lines are fulfilled and received; left out, its kind says.
            parent: the matrix parent's id.
            cost: of one base unit, while nothing is held.
            name: display name.
            external_id: unique among items.
            upc: UPC code.
            members: of a kit: SKU to quantity.
        """
        if units is None and has_cases(self.company):
            units = self.add_units(f"Units of {sku}", {"Each": 1, "Case": DOZEN})
        lot = lot or has_lots(self.company, kind)
        bins = bins or has_bins(self.company)
        known = dict(units or {})
        stock_unit = next(iter(known.values()), None)
        above = self.books.value("SELECT fullname FROM _item WHERE id = ?", (parent,))
        kit = {
            str(item_id(self.company, key)): str(value) for key, value in (members or {}).items()
        }
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
            isfulfillable=kind in MOVABLE if fulfillable is None else fulfillable,
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


def item_id(company: Company, item: object) -> int:
    """An item's id, from the id or the SKU.

    Raises:
        KeyError: there is no such SKU.
    """
    if isinstance(item, int):
        return item
    found = company.books.value("SELECT id FROM _item WHERE itemid = ?", (str(item),))
    if found is None:
        raise KeyError(f"There is no item {item!r}.")
    return whole(found)
