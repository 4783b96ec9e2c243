"""A rule of a flow that is wrong, and that the flow believes, is red in the month end.

Each flow is run as a build of it would run in which one rule is wrong: its facts, its settings or
its plan are changed on their way, and its own books agree with what it did. Nothing but both
systems' own books can tell.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from acceptance import wrong
from acceptance.closing import MONTH, close
from acceptance.merchant import Merchant
from acceptance.shop import Shop, elsewhere
from ml_connector.ledger.postings.bills import ExpenseLine, Reference
from ml_connector.reconcile.compare.report import Difference

Found = set[tuple[str, str, str]]
"""Kind; SKU or source; and the location of stock."""


def red(*places: tuple[str, str], kind: str = "stock_unexplained") -> Found:
    return {(kind, what, where) for what, where in places}


RULES: dict[str, Callable[[Shop], Found]] = {}


def rule(made: Callable[[Shop], Found]) -> Callable[[Shop], Found]:
    RULES[made.__name__] = made
    return made


@rule
def one_unit_too_many_received(shop: Shop) -> Found:
    return red((shop.wro(ordered=True, more=5, plan=wrong.counted(lambda n: n + 1)), "6"))


@rule
def dozens_for_eaches(shop: Shop) -> Found:
    return red((shop.wro(plan=wrong.counted(lambda n: n * 12)), "6"))


@rule
def a_wro_skipped(shop: Shop) -> Found:
    return red((shop.wro(ordered=True, plan=wrong.dropped), "6"))


@rule
def at_the_other_location(shop: Shop) -> Found:
    sku = shop.wro(settings=elsewhere)
    return red((sku, "6"), (sku, "7"))


@rule
def a_sign_turned(shop: Shop) -> Found:
    return red((shop.wro(plan=wrong.counted(lambda n: -n)), "6"))


@rule
def a_receipt_twice(shop: Shop) -> Found:
    return red((shop.wro(ordered=True, more=10, plan=wrong.doubled), "6"))


@rule
def a_parcel_dropped(shop: Shop) -> Found:
    return red((shop.parcel(plan=wrong.dropped), "6"))


@rule
def one_unit_too_many_shipped(shop: Shop) -> Found:
    return red((shop.parcel(ordered=4, plan=wrong.counted(lambda n: n + 1)), "6"))


@rule
def shipped_from_the_other_location(shop: Shop) -> Found:
    sku = shop.parcel(settings=elsewhere)
    return red((sku, "6"), (sku, "7"))


@rule
def one_kit_too_many(shop: Shop) -> Found:
    return red(*((sku, "6") for sku in shop.kit(plan=wrong.counted(lambda n: n * 2))))


@rule
def a_return_twice(shop: Shop) -> Found:
    return red((shop.back({"Restock": 2}, plan=wrong.doubled), "6"))


@rule
def a_return_skipped(shop: Shop) -> Found:
    return red((shop.back({"Restock": 2}, plan=wrong.dropped), "6"))


@rule
def a_return_at_the_other_location(shop: Shop) -> Found:
    sku = shop.back({"Restock": 2}, settings=elsewhere)
    return red((sku, "6"), (sku, "7"))


@rule
def one_of_two_skus_dropped(shop: Shop) -> Found:
    first, second = shop.acme.sku("TEE"), shop.acme.sku("CAP")
    made = shop.acme.deliver({first: 5, second: 4}, number=shop.acme.order({first: 5, second: 4}))
    shop.run(
        "receiving",
        made.id,
        facts=lambda seen: msgspec.structs.replace(seen, lines=seen.lines[:1]),
    )
    return red((second, "6"))


@rule
def the_first_line_of_the_item(shop: Shop) -> Found:
    sku = shop.acme.sku("TEE")
    number = shop.two_lines(sku)

    def first(seen: Any) -> Any:
        [order] = seen.orders
        lines = [
            msgspec.structs.replace(one, location="6" if one.line == order.lines[0].line else "7")
            for one in order.lines
        ]
        return msgspec.structs.replace(
            seen, orders=(msgspec.structs.replace(order, lines=tuple(lines)),)
        )

    made = shop.acme.deliver({sku: 8}, number=number)
    shop.run("receiving", made.id, facts=first)
    return {("order_line_of_other_location", sku, "6")}


@rule
def a_parcel_twice(shop: Shop) -> Found:
    return red((shop.parcel(ordered=4, plan=wrong.doubled), "6"))


@rule
def a_parcel_from_another_order(shop: Shop) -> Found:
    sku = shop.retail.sku()
    orders = [shop.retail.sell({sku: 2}) for _ in range(2)]
    [other] = [
        one["id"]
        for one in shop.acme.world.netsuite.documents()
        if one.get("tranId") == orders[1].reference_id
    ]
    [parcel] = orders[0].shipments
    shop.acme.world.shipbob.ship(parcel)
    shop.run("tracking", parcel.id, plan=wrong.from_order(str(other)))
    return {("fulfilled_from_other_order", f"shipment {parcel.id}", "")}


@rule
def another_item(shop: Shop) -> Found:
    other = shop.acme.sku("CAP")
    item = shop.acme.world.netsuite.company.books.value(
        "SELECT id FROM _item WHERE itemid = ?", (other,)
    )
    sku = shop.wro(plan=wrong.of_item(str(item)))
    return red((sku, "6"), (other, "6"))


@rule
def dated_into_the_month_before(shop: Shop) -> Found:
    day = MONTH.first - timedelta(days=1)
    return {("posted_too_early", shop.wro(plan=wrong.dated(lambda _: day)), "6")}


@rule
def waste_restocked(shop: Shop) -> Found:
    def restocked(seen: Any) -> Any:
        lines = [
            msgspec.structs.replace(
                line,
                done=tuple(msgspec.structs.replace(one, action="Restock") for one in line.done),
            )
            for line in seen.lines
        ]
        return msgspec.structs.replace(seen, lines=tuple(lines))

    return red((shop.back({"Dispose": 2}, facts=restocked), "6"))


@rule
def a_fee_one_cent_more(shop: Shop) -> Found:
    def more(line: ExpenseLine) -> ExpenseLine:
        return msgspec.structs.replace(line, amount=line.amount + Decimal("0.01"))

    return {("fact_went_down", f"invoice {shop.invoice(plan=wrong.billed(more))}", "")}


@rule
def a_bill_twice(shop: Shop) -> Found:
    return {("fact_went_down", f"invoice {shop.invoice(plan=wrong.doubled)}", "")}


@rule
def a_bill_of_another_month(shop: Shop) -> Found:
    day = MONTH.first - timedelta(days=1)
    made = shop.invoice(plan=wrong.dated(lambda _: day))
    return {("posted_too_early", f"invoice {made}", "")}


@rule
def a_fee_to_another_account(shop: Shop) -> Found:
    def other(line: ExpenseLine) -> ExpenseLine:
        return msgspec.structs.replace(line, account=Reference("62"))

    return {("fees_unexplained", f"invoice {shop.invoice(plan=wrong.billed(other))}", "")}


@rule
def an_invoice_skipped(shop: Shop) -> Found:
    return {("fees_unexplained", f"invoice {shop.invoice(plan=wrong.dropped)}", "")}


@rule
def a_bill_in_a_currency_that_nobody_knows(shop: Shop) -> Found:
    house = shop.acme.world.netsuite.add_currency("EU47", "1.10")
    made = shop.invoice(plan=wrong.billed(lambda line: line, currency=Reference(str(house))))
    return {("currency_changed", f"invoice {made}", "")}


def named(one: Difference) -> tuple[str, str, str]:
    return str(one.kind), one.what if one.where else one.source or one.what, one.where


def test_a_rule_that_is_wrong_is_red_where_it_is_wrong(quiet: Merchant) -> None:
    shop = Shop(quiet)
    shop.desk.set_up()
    expected = {name: made(shop) for name, made in RULES.items()}
    ends = wrong.converge(quiet, shop.runs)
    done = close(quiet)
    left = {named(one) for one in done.report.open}
    by_rule = {
        name: {one for one in left if one[1] in {what for _, what, _ in found}}
        for name, found in expected.items()
    }

    assert set(ends) == {"done"}
    assert by_rule == expected
    assert left == {one for found in expected.values() for one in found}


def test_the_same_flows_are_right_where_no_rule_is_wrong(quiet: Merchant) -> None:
    shop = Shop(quiet)
    before = {one.id for one in close(quiet).report.open}
    made = [
        *(shop.wro(), shop.wro(ordered=True, more=5), shop.parcel(), shop.parcel(ordered=4)),
        *(*shop.kit(), shop.back({"Restock": 2}), shop.back({"Dispose": 2})),
    ]
    shop.invoice()
    ends = wrong.converge(quiet, shop.runs)
    report = close(quiet).report

    assert len(made) == 8
    assert set(ends) == {"done"}
    assert [one.says for one in report.open if one.id not in before] == []
