"""``/invoices``, ``/transactions:query`` and ``/transaction-fees`` (reference 9.7)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ml_connector.sim.shipbob.api.orders_api import within
from ml_connector.sim.shipbob.books.billing import FEES, LIVE_NAMES, Billing, Invoice, Transaction
from ml_connector.sim.shipbob.http.answers import Answer, problem
from ml_connector.sim.shipbob.http.call import BadValueError, Call, Query, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint, problem_400
from ml_connector.sim.shipbob.http.paging import Cursor, page_size, token_page
from ml_connector.sim.shipbob.values.dates import read_instant
from ml_connector.sim.shipbob.webhooks.billing_views import invoice_view, transaction_view

READ = ("billing_read",)

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100
DEFAULT_SPAN = timedelta(days=7)


class TransactionQuery(msgspec.Struct, kw_only=True):
    """The body of ``POST /transactions:query``. Unknown names are silently ignored."""

    from_date: str | None = None
    to_date: str | None = None
    invoiced_status: bool | None = None
    invoice_ids: list[int | str] | None = None
    reference_ids: list[str] | None = None
    reference_types: list[str] | None = None
    transaction_types: list[str] | None = None
    transaction_fees: list[str] | None = None
    page_size: int | None = None
    sort_order: str | None = None


class BillingApi:
    """The handlers.

    Attributes:
        live_names: invoice types outside the documented enum, as live accounts showed them.
        repeats_cursor: the last page gives its own cursor again, as was reported (section 6).
    """

    def __init__(self, *, billing: Billing, now: Callable[[], datetime]) -> None:
        self._billing = billing
        self._now = now
        self.live_names = False
        self.repeats_cursor = False

    def endpoints(self) -> list[Endpoint]:
        """The routes of these resources; all of them want ``billing_read``."""

        def route(method: str, path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            return Endpoint(
                method=method, path=path, handler=handler, scopes=READ, bad_value=problem_400
            )

        return [
            route("GET", "/invoices", self.list_invoices),
            route("GET", "/invoices/{id:key}/transactions", self.list_lines),
            route("POST", "/transactions:query", self.query),
            route("GET", "/transaction-fees", self.list_fees),
        ]

    def list_invoices(self, call: Call) -> Answer:
        """``GET /invoices``: the last month unless dates say otherwise; newest first."""
        cursor = _cursor(call)
        query = Query(cursor.query)
        size = page_size(query, ("PageSize",), default=DEFAULT_PAGE, largest=LARGEST_PAGE)
        start = query.instant("FromDate") or self._now() - timedelta(days=31)
        end = query.instant("ToDate") or self._now()
        kinds = {each.lower() for each in query.many("InvoiceTypes")}
        found = [
            each
            for each in self._billing.invoices.values()
            if start.date() <= each.day <= end.date()
            and (not kinds or kinds & {each.type.lower(), LIVE_NAMES.get(each.type, "").lower()})
        ]
        if not query.text("SortOrder").lower().startswith("asc"):
            found.reverse()
        return Answer(200, token_page(found, self._invoice, cursor=cursor, size=size))

    def list_lines(self, call: Call) -> Answer:
        """``GET /invoices/{id}/transactions``: 200 and nothing once the lines have aged out."""
        text = call.ids["id"]
        if whole(text) not in self._billing.invoices:
            raise problem(404, f"Invoice {text} was not found.")
        cursor = _cursor(call)
        query = Query(cursor.query)
        size = page_size(query, ("PageSize",), default=DEFAULT_PAGE, largest=LARGEST_PAGE)
        found = self._billing.lines(int(text))
        if not query.text("SortOrder").lower().startswith("asc"):
            found.reverse()
        return Answer(200, token_page(found, self._line, cursor=cursor, size=size))

    def query(self, call: Call) -> Answer:
        """``POST /transactions:query``: with a cursor the filters of the body are ignored."""
        if "Cursor" in call.query:
            cursor = Cursor.read(call.query.text("Cursor"))
            asked = msgspec.json.decode(cursor.query, type=TransactionQuery)
        else:
            asked = (
                call.body(TransactionQuery, problem_400) if call.raw_body else TransactionQuery()
            )
            cursor = Cursor(start=0, query=msgspec.json.encode(asked).decode())
        size = DEFAULT_PAGE if asked.page_size is None else asked.page_size
        if not 1 <= size <= LARGEST_PAGE:
            raise problem(400, f"page_size must be between 1 and {LARGEST_PAGE}.")
        keep = self._filter(asked)
        found = [each for each in self._billing.transactions.values() if keep(each)]
        found.sort(key=lambda each: each.charged)
        if not (asked.sort_order or "").lower().startswith("asc"):
            found.reverse()
        page = token_page(found, self._line, cursor=cursor, size=size)
        if self.repeats_cursor and page["next"] is None:
            page["next"] = cursor.text()
        return Answer(200, page)

    def list_fees(self, _: Call) -> Answer:
        """``GET /transaction-fees``."""
        used = {each.fee for each in self._billing.transactions.values()}
        return Answer(200, {"fee_list": sorted(used | set(FEES))})

    def _invoice(self, invoice: Invoice) -> dict[str, object]:
        return invoice_view(invoice, live_names=self.live_names)

    def _line(self, line: Transaction) -> dict[str, object]:
        return transaction_view(line, live_names=self.live_names)

    def _filter(self, asked: TransactionQuery) -> Callable[[Transaction], bool]:
        start = _instant("from_date", asked.from_date) or self._now() - DEFAULT_SPAN
        end = _instant("to_date", asked.to_date) or self._now()
        invoices = {str(each) for each in asked.invoice_ids or ()}
        references = set(asked.reference_ids or ())
        kinds = set(asked.reference_types or ())
        types = set(asked.transaction_types or ())
        fees = set(asked.transaction_fees or ())

        def keep(line: Transaction) -> bool:
            return (
                self._billing.shown(line)
                and within(line.charged, (_day_start(start), _day_end(end)))
                and asked.invoiced_status in {None, line.invoice_id is not None}
                and (not invoices or str(line.invoice_id) in invoices)
                and (not references or line.reference_id in references)
                and (not kinds or line.reference_type in kinds)
                and (not types or line.type in types)
                and (not fees or line.fee in fees)
            )

        return keep


def _cursor(call: Call) -> Cursor:
    if "Cursor" in call.query:
        return Cursor.read(call.query.text("Cursor"))
    return Cursor(start=0, query=call.query.raw)


def _instant(name: str, text: str | None) -> datetime | None:
    try:
        return read_instant(text) if text else None
    except ValueError:
        raise BadValueError(name, f"The value '{text}' is not valid.") from None


def _day_start(at: datetime) -> datetime:
    """Charges have a day, no time: the whole first day counts."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _day_end(at: datetime) -> datetime:
    return at.replace(hour=23, minute=59, second=59, microsecond=999_999)
