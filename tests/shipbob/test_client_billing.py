"""The calls about bills: what is asked, where the pages lead, what is read, what is refused."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.shipbob.client import ShipBob
from ml_connector.transport.call import Answer, Call
from ml_connector.words import Cause

Answers = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]
SINCE = datetime(2026, 9, 26, tzinfo=UTC)
LINE = b"""{"transaction_id": "01AN4Z07BY79KA1307SR9X4MV3", "amount": 0.090,
 "currency_code": "USD", "transaction_type": "Charge",
 "transaction_fee": "Shipping", "charge_date": "2025-01-01",
 "reference_id": "12345", "reference_type": "Shipment", "fulfillment_center": "Altona VIC",
 "invoiced_status": true, "invoice_id": 12345, "invoice_type": "Shipping", "taxes":
 [{"tax_type": "GST", "tax_rate": 10, "tax_amount": 0.01}], "additional_details": null,
 "something_new": [1]}"""


def page(*rows: bytes, following: str | None = None) -> bytes:
    return b'{"items": [%s], "next": %s}' % (b", ".join(rows), json.dumps(following).encode())


async def test_invoices_are_asked_for_from_a_day_on(
    connected: Connect, answer: Answers, conforms: Conforms
) -> None:
    client, calls = connected(
        answer(
            b'{"items": [{"invoice_id": 7, "invoice_date": "2026-11-23", "amount": 12.10,'
            b' "invoice_type": "ReturnsFee", "currency_code": "USD"}], "next": null}'
        )
    )
    found = [one async for one in client.billing.invoices(SINCE)]
    [call] = calls
    conforms(call)

    assert call.url.endswith(
        "/2026-07/invoices?FromDate=2026-09-26T00:00:00Z&PageSize=1000&SortOrder=Ascending"
    )
    assert [(one.invoice_id, str(one.amount), one.day) for one in found] == [
        (7, "12.10", date(2026, 11, 23))
    ]


async def test_the_cursor_of_a_query_goes_into_the_address_and_each_row_comes_once(
    connected: Connect, answer: Answers, conforms: Conforms
) -> None:
    other = LINE.replace(b"X4MV3", b"X4MV4")
    client, calls = connected(
        answer(page(LINE, following="f8cUk/xJ+k=")),
        answer(page(LINE, other, following="f8cUk/xJ+k=")),
    )
    pages = client.billing.transactions(date(2026, 11, 17), invoiced=False)
    found = [one async for one, _ in pages]
    first, second = calls
    conforms(first)
    assert first.body is not None

    assert json.loads(first.body) == {
        "from_date": "2026-11-17T00:00:00Z",
        "page_size": 1000,
        "sort_order": "Ascending",
        "invoiced_status": False,
    }
    assert second.url.endswith("/2026-07/transactions:query?Cursor=f8cUk%2FxJ%2Bk%3D")
    assert [one.transaction_id[-5:] for one in found] == ["X4MV3", "X4MV4"]


async def test_a_line_is_read_with_all_its_digits(
    connected: Connect, answer: Answers, conforms: Conforms
) -> None:
    client, calls = connected(answer(page(LINE)))
    [(line, raw)] = [one async for one in client.billing.invoice_lines(12345)]

    assert (str(line.amount), line.tax_amount, line.charged_on) == (
        "0.090",
        Decimal("0.01"),
        date(2025, 1, 1),
    )
    assert raw["something_new"] == [1]
    assert "/2026-07/invoices/12345/transactions?" in calls[0].url
    conforms(calls[0])


async def test_an_invoice_that_is_gone_is_missing(connected: Connect, answer: Answers) -> None:
    client, _ = connected(answer({"title": "Not Found"}, 404))

    with pytest.raises(NeedsData) as missing:
        [one async for one in client.billing.invoice_lines(12345)]
    assert missing.value.cause is Cause.RECORD_NOT_FOUND


async def test_a_token_without_billing_read_says_which_scope_it_lacks(
    connected: Connect, answer: Answers
) -> None:
    client, _ = connected(answer({"title": "Forbidden"}, 403))

    with pytest.raises(NeedsHuman, match="billing_read") as refused:
        [one async for one in client.billing.invoices(SINCE)]
    assert refused.value.cause is Cause.PERMISSION_MISSING
