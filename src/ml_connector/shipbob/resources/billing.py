"""ShipBob's bills: invoices and the transactions on them (ShipBob reference, section 9.7).

Money is Decimal with the digits that ShipBob sent. All enums are open: live accounts show
invoice types and reference types that the OpenAPI file does not list.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.shipbob import payloads
from ml_connector.shipbob.filters import moment
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.payloads import be_finite, calendar_day
from ml_connector.shipbob.session import Request, ShipBobSession, segment
from ml_connector.transport.call import Priority
from ml_connector.transport.spoiled import Spoiled

_SCOPE: Final = "billing_read"
_PAGE: Final = 1000
"""The largest page that ShipBob allows: each one costs a call of 150 a minute (section 4)."""


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """The head of an invoice. ShipBob keeps its total after it has dropped its lines.

    Attributes:
        invoice_date: a date without a time.
        invoice_type: Shipping, Inbound Fee, WarehouseStorage, AdditionalFee, Return, Credits,
            BalanceAdjustment, Payment, or another: live accounts showed WarehouseInboundFee
            and ReturnsFee.
        running_balance: the account's balance after this invoice.
    """

    invoice_id: int
    amount: Decimal
    currency_code: str | None = None
    invoice_date: str | None = None
    invoice_type: str | None = None
    running_balance: Decimal | None = None

    def __post_init__(self) -> None:
        """Take no amount that is no number."""
        be_finite(self, "amount")

    @property
    def day(self) -> date | None:
        """The date of the invoice; None if it can't be read."""
        return calendar_day(self.invoice_date)


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax on a transaction; the rate is in percent."""

    tax_type: str | None = None
    tax_rate: Decimal | None = None
    tax_amount: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Take no amount that is no number."""
        be_finite(self, "tax_amount")


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A charge, refund, credit, payment or adjustment; credits are negative.

    Attributes:
        transaction_id: a ULID, which stays the same.
        fulfillment_center: the name, not the id.
        charge_date: a date without a time.
        reference_id: id of the thing charged for, such as a shipment.
        additional_details: has PascalCase keys, such as TrackingId, CreditReason.
    """

    transaction_id: str
    amount: Decimal = Decimal(0)
    currency_code: str | None = None
    transaction_type: str | None = None
    transaction_fee: str | None = None
    charge_date: str | None = None
    reference_type: str | None = None
    reference_id: str | int | None = None
    fulfillment_center: str | None = None
    invoiced_status: bool | None = None
    invoice_id: int | None = None
    invoice_date: str | None = None
    invoice_type: str | None = None
    taxes: tuple[Tax, ...] = ()
    additional_details: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Take no amount that is no number."""
        be_finite(self, "amount")

    @property
    def charged_on(self) -> date | None:
        """The day of the charge; None if it can't be read."""
        return calendar_day(self.charge_date)

    @property
    def tax_amount(self) -> Decimal:
        """The sum of its taxes."""
        return sum((tax.tax_amount for tax in self.taxes), Decimal(0))


Row = dict[str, Any]
"""A transaction as ShipBob sent it, without the keys that were null."""


# Not copied for each row: an invoice may have a hundred thousand.


class BillingApi:
    """The calls about bills, of one connection. All need the scope ``billing_read``.

    Raise as the methods of ``ShipBob`` do.
    """

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def invoices(
        self, since: datetime, *, priority: Priority = Priority.LIVE
    ) -> AsyncIterator[Invoice]:
        """Yield the invoices dated since a moment, payments too (GET /invoices).

        Without dates ShipBob gives the last month only.
        """
        request = list_invoices(since, priority)
        pages = self._session.every(
            request, Invoice, lambda row: row.invoice_id, style=Style.CURSOR
        )
        async for row in pages:
            yield row

    async def invoice_lines(
        self, invoice_id: int, *, priority: Priority = Priority.LIVE
    ) -> AsyncIterator[tuple[Transaction, Row]]:
        """Yield the lines of an invoice (GET /invoices/{id}/transactions).

        After about seven days ShipBob has dropped the lines, and the answer is 200 with none.
        """
        request = list_lines(invoice_id, priority)
        async for row in self._transactions(request):
            yield row

    async def transactions(
        self, since: date, *, invoiced: bool | None = None, priority: Priority = Priority.BULK
    ) -> AsyncIterator[tuple[Transaction, Row]]:
        """Yield the transactions charged since a day (POST /transactions:query).

        Args:
            since: first day of the charges.
            invoiced: only invoiced ones, or only those not invoiced; None: both.
            priority: of all its pages.
        """
        request = query_transactions(since, priority, invoiced=invoiced)
        async for row in self._transactions(request):
            yield row

    def _transactions(self, request: Request) -> AsyncIterator[tuple[Transaction, Row]]:
        """Yield transactions, each with the row that it was read from."""
        return self._session.walk(
            request,
            lambda row: (payloads.decode(row, Transaction), cast("Row", row)),
            lambda pair: pair[0].transaction_id,
            style=Style.CURSOR,
            spoiled=Spoiled("ShipBob", Transaction.__name__, request.doing),
        )


def list_invoices(since: datetime, priority: Priority) -> Request:
    """GET /invoices."""
    return Request(
        operation="invoice.list",
        doing="listing invoices",
        path="/invoices",
        scope=_SCOPE,
        query={
            "FromDate": moment(since),
            "PageSize": str(_PAGE),
            "SortOrder": "Ascending",
        },
        priority=priority,
    )


def list_lines(invoice_id: int, priority: Priority) -> Request:
    """GET /invoices/{id}/transactions."""
    return Request(
        operation="invoice.lines",
        doing=f"reading the lines of invoice {invoice_id}",
        path=f"/invoices/{segment(invoice_id)}/transactions",
        scope=_SCOPE,
        record=AwaitedKind.INVOICE.named(invoice_id),
        query={"PageSize": str(_PAGE), "SortOrder": "Ascending"},
        priority=priority,
    )


def query_transactions(since: date, priority: Priority, *, invoiced: bool | None) -> Request:
    """POST /transactions:query, with the cursor in the query string (section 6)."""
    body: dict[str, Any] = {
        # Without this ShipBob gives the last seven days. It ignores unknown names silently.
        "from_date": f"{since.isoformat()}T00:00:00Z",
        "page_size": _PAGE,
        "sort_order": "Ascending",
    }
    if invoiced is not None:
        body["invoiced_status"] = invoiced
    return Request(
        operation="transaction.query",
        doing="reading the transactions",
        method="POST",
        path="/transactions:query",
        scope=_SCOPE,
        body=msgspec.json.encode(body),
        priority=priority,
    )
