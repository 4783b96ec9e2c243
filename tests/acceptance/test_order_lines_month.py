"""Lines of purchase orders in the month's report: ordered against received, line by line."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from acceptance import told
from acceptance.closing import MONTH, close
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import edit, receive
from acceptance.test_goods_that_come_in import receive_by_hand
from acceptance.test_whose_wro import arrive_whole, by_hand, enter
from acceptance.told import OWN_WAREHOUSE, ends_right, number_of
from ml_connector.reconcile.compare.report import Difference, OrderLineRow, Report


@pytest.fixture(scope="module")
def acme(quiet: Merchant) -> Iterator[Merchant]:
    told.furnish(quiet)
    told.apply(quiet)
    quiet.world.netsuite.preferences.over_receipts = True
    yield quiet
    quiet.world.netsuite.preferences.over_receipts = False


def lines_of(report: Report, number: str) -> dict[int, OrderLineRow]:
    return {one.line: one for one in report.order_lines if one.order == number}


def wrong_lines(acme: Merchant) -> list[Difference]:
    """Return what the month says of receipts on wrong lines."""
    return [one for one in close(acme).report.open if one.kind.startswith("order_line_")]


def counts(row: OrderLineRow) -> tuple[int, ...]:
    """Return ordered, surplus, by us, by others, to come, closed short."""
    numbers = (row.ordered, row.surplus, row.ours, row.others, row.to_come, row.closed_short)
    return tuple(map(int, numbers))


def test_each_line_is_shown_with_what_was_received_of_it(acme: Merchant, tmp_path: Path) -> None:
    sku, hat, number = acme.sku("TEE"), acme.sku("HAT"), number_of(acme)
    enter(acme, number, (sku, 60, 7), (sku, 40, 6), (hat, 30, OWN_WAREHOUSE), (hat, 9, 6))
    receive_by_hand(acme, number, 3, 12)
    receive_by_hand(acme, number, 4, 2)
    edit(acme, number, 4, isClosed=True)
    wro = by_hand(acme, number, sku, 40)
    arrive_whole(acme, wro)
    state = receive(acme, wro)
    done = close(acme, tmp_path)
    shown = lines_of(done.report, number)
    stem = f"month-end-acme-{MONTH}"
    page = (tmp_path / f"{stem}.html").read_text("utf-8")
    rows = [*csv.DictReader((tmp_path / f"{stem}.csv").read_text("utf-8").splitlines())]

    assert state == "done"
    assert {line: counts(row) for line, row in shown.items()} == {
        2: (40, 0, 40, 0, 0, 0),
        3: (30, 0, 0, 12, 18, 0),
        4: (9, 0, 0, 2, 0, 7),
    }
    assert f"location {OWN_WAREHOUSE}" in shown[3].left_out
    assert [row["says"] for row in rows if row["source_line"] == f"{number} line 4"] == [
        (
            "9 ordered + 0 surplus = 0 received by us + 2 by others + 0 on its way + 0 to come"
            " + 7 closed short"
        )
    ]
    assert f"{number} line 3" in page
    ends_right(acme, sku)


def test_a_receipt_on_a_line_that_expects_its_units_elsewhere_keeps_the_month_open(
    acme: Merchant,
) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 60, 7), (sku, 40, 6))
    wro = by_hand(acme, number, sku, 40)
    arrive_whole(acme, wro)
    state = receive(acme, wro)
    right = wrong_lines(acme)
    edit(acme, number, 2, location={"id": 7})
    [wrong] = wrong_lines(acme)
    edit(acme, number, 2, location={"id": 6})

    assert (state, right) == ("done", [])
    assert wrong.kind == "order_line_of_other_location"
    assert (wrong.source, wrong.external_id) == (f"wro {wro.id}", f"mlc-ir-{wro.id}-1")
    assert f"holds 40 x {sku} on line 2 of {number}" in wrong.says
    assert "after the receipt was posted: then it expected its units at location 6" in wrong.remedy
    ends_right(acme, sku)


def test_a_receipt_on_a_line_that_orders_another_item_keeps_the_month_open(
    acme: Merchant,
) -> None:
    sku, hat, number = acme.sku("TEE"), acme.sku("HAT"), number_of(acme)
    order = enter(acme, number, (sku, 8, 6))
    wro = by_hand(acme, number, sku, 8)
    arrive_whole(acme, wro)
    state = receive(acme, wro)
    books = acme.world.netsuite.books
    [line] = books.rows(
        'SELECT item FROM transactionline WHERE "transaction" = ? AND id = 1', (order,)
    )
    [other] = books.rows("SELECT id FROM _item WHERE itemid = ?", (hat,))
    books.update("transactionline", {"item": other["id"]}, transaction=int(order), id=1)
    [wrong] = wrong_lines(acme)
    books.update("transactionline", {"item": line["item"]}, transaction=int(order), id=1)

    assert state == "done"
    assert wrong.kind == "order_line_of_other_item"
    assert wrong.says.endswith(f"on line 1 of {number}, which orders {hat}")
    assert "after the receipt was posted: then it ordered" in wrong.remedy
    ends_right(acme, sku)


def test_a_receipt_beyond_what_its_line_orders_keeps_the_month_open(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 60, 6))
    wro = by_hand(acme, number, sku, 60)
    arrive_whole(acme, wro)
    state = receive(acme, wro)
    edit(acme, number, 1, quantity=50)
    [wrong] = wrong_lines(acme)
    [row] = lines_of(close(acme).report, number).values()
    edit(acme, number, 1, quantity=60)

    assert state == "done"
    assert wrong.kind == "order_line_exceeded"
    assert "10 more than was left of the 50 that it orders" in wrong.says
    assert "after the receipt was posted: then it still expected 60" in wrong.remedy
    assert (row.surplus, row.to_come) == (Decimal(10), Decimal(0))
    ends_right(acme, sku)


def test_surplus_that_was_received_by_policy_is_shown_and_stays_explained(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    told.apply(acme, 'over_receipt = "receive"')
    enter(acme, number, (sku, 10, 6))
    wro = by_hand(acme, number, sku, 12)
    arrive_whole(acme, wro)
    state = receive(acme, wro)
    told.apply(acme)
    [row] = lines_of(close(acme).report, number).values()

    assert state == "done"
    assert counts(row) == (10, 2, 12, 0, 0, 0)
    ends_right(acme, sku)
