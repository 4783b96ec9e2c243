"""A NetSuite account that answers over HTTP and whose books can be set up from Python."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from starlette.types import ASGIApp

from ml_connector.sim.faults import Fault, FaultKind, FaultPlan
from ml_connector.sim.netsuite.books.books import Books, TellsTime, whole
from ml_connector.sim.netsuite.books.company import Company, Preferences
from ml_connector.sim.netsuite.books.documents import each_document
from ml_connector.sim.netsuite.control import control_app
from ml_connector.sim.netsuite.http.gate import Gate
from ml_connector.sim.netsuite.http.limits import Limits
from ml_connector.sim.netsuite.http.services import Services
from ml_connector.sim.netsuite.http.tba import AccessToken
from ml_connector.sim.netsuite.http.tokens import SignIn
from ml_connector.sim.netsuite.master_data import MasterData, item_id
from ml_connector.sim.netsuite.people import People, transaction_type
from ml_connector.sim.netsuite.records.roles import ADMINISTRATOR, Level, Roles
from ml_connector.sim.netsuite.records.views import Viewer
from ml_connector.sim.netsuite.set_up import date_format_in, preferences_in, set_up_taxes
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.netsuite.values.refusal import (
    Refusal,
    concurrency_exceeded,
    invalid_login,
)
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.netsuite import LIMIT_FACE
from ml_connector.sim.readings.netsuite_accounts import AUDIENCE, TOKEN_LIFE
from ml_connector.sim.readings.netsuite_queries import TIMES

DEFAULT_ROLE = 1000
DEFAULT_USER = 12
USER_ZONES = {"user-ahead": "Asia/Tokyo", "user-behind": "Pacific/Honolulu"}
"""Of the integration's user, where TO_CHAR writes times in it."""


class NetSuiteSim:
    """One simulated NetSuite account.

    What sets up the books is ``MasterData``'s (``add_item`` ...), what people do in the user
    interface ``People``'s (``create``, ``edit``, ``delete``, ``close_period`` ...); both can be
    called on the simulator itself.

    Args:
        clock: says what time it is.
        account_id: as NetSuite shows it.
        concurrency: requests in flight the account may have (10.1).
        timezone: of the account; SuiteQL answers datetimes in it.
        strict_audience: the assertion's ``aud`` is checked exactly.
        seed: of all that is drawn.
        date_format: how SuiteQL answers a bare date.
        preferences: set-up of the account.
        readings: of what the references leave open; all at their default when left out.
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
        readings: Readings | None = None,
    ) -> None:
        self.clock = clock
        self.readings = readings or Readings()
        self.books = Books(
            clock=clock,
            timezone=timezone,
            date_format=date_format_in(self.readings, date_format),
            user_timezone=USER_ZONES.get(self.readings[TIMES]),
        )
        self.company = Company(
            account_id=account_id,
            books=self.books,
            preferences=preferences_in(self.readings, preferences or Preferences()),
            user=DEFAULT_USER,
            readings=self.readings,
        )
        self.company.set_up()
        set_up_taxes(self.company)
        self.sign_in = SignIn(
            account_id,
            clock,
            strict_audience=strict_audience or self.readings[AUDIENCE] == "exact",
            life_as_text=self.readings[TOKEN_LIFE] == "text",
        )
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
        master = MasterData(self.company)
        self.add_subsidiary = master.add_subsidiary
        self.add_location = master.add_location
        self.add_bin = master.add_bin
        self.add_account = master.add_account
        self.add_currency = master.add_currency
        self.add_vendor = master.add_vendor
        self.add_customer = master.add_customer
        self.add_units = master.add_units
        self.add_item = master.add_item
        self.add_custom_field = master.add_custom_field
        self.set_feature = self.company.set_feature
        people = People(self.company)
        self.add_purchase_order = people.add_purchase_order
        self.add_sales_order = people.add_sales_order
        self.add_transfer_order = people.add_transfer_order
        self.add_return_authorization = people.add_return_authorization
        self.add_to_stock = people.add_to_stock
        self.create = people.create
        self.transform = people.transform
        self.edit = people.edit
        self.delete = people.delete
        self.close_period = people.close_period
        self.allow_non_gl_changes = people.allow_non_gl_changes
        self.reopen_period = people.reopen_period
        self.lock_period = people.lock_period
        self.add_adjusting_period = people.add_adjusting_period
        self.period_id = people.period_id
        self._gate = Gate(
            clock=clock,
            server_time=self.sign_in.now,
            limits=self.services.limits,
            faults=self.faults,
            handle=self.services.answer,
            control=control_app(self),
            overloaded=lambda: invalid_login(account_id),
            forget_token=self.services.forget_token,
            crowded=self._crowded,
            random=random.Random(seed),  # noqa: S311 - repeatable play, not secrecy
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

    def _crowded(self) -> Refusal:
        face = self.readings[LIMIT_FACE]
        after = self.preferences.retry_after
        if after is None and face.endswith("retry-after"):
            after = 1
        headers = {"Retry-After": str(after)} if after is not None else None
        return concurrency_exceeded(headers, status=int(face[:3]))

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

    def add_access_token(self, *, role: int = DEFAULT_ROLE) -> AccessToken:
        """Let clients sign in with OAuth 1.0a too, by this token: most public ones do (2.9)."""
        return self.services.token_based.add(role=role, entity=DEFAULT_USER)

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

    def hide_item(self, item: int | str, *, role: int = DEFAULT_ROLE) -> None:
        """Hide an item (id or SKU) from a role's queries, as an item of another subsidiary is."""
        self.roles.hide_item(role, item_id(self.company, item))

    def hide_names(self, *names: str, role: int = DEFAULT_ROLE) -> None:
        """Hide tables and columns from a role's queries: ``kitItemMember``, ``table.column``."""
        self.roles.hide_names(role, names)

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
        kind = transaction_type(record_type) if record_type else None
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
