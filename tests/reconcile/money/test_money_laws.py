"""Laws of money tied out, over drawn months: red exactly where a person or a rule went wrong.

A world is drawn as what ShipBob charged, and what a right connector and honest people book of it.
The judge knows nothing of how it was drawn.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ml_connector.reconcile.money.judge import MoneySides, tie_money
from ml_connector.reconcile.money.rows import (
    FeeKind,
    InvoiceCosts,
    MoneyTie,
    OpenInvoice,
    Uninvoiced,
    VendorBill,
)
from ml_connector.reconcile.month import Month

MONTH = Month(date(2026, 11, 1))
BEFORE, AFTER = date(2026, 10, 1), date(2026, 12, 1)
ACCOUNTS = ("601", "602", "603")
START = date(2026, 10, 10)


class World:
    """What was charged and billed, as it may be changed before it is tied out."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.invoices: dict[int, InvoiceCosts] = {}
        self.bills: list[VendorBill] = []
        self.open: dict[int, OpenInvoice] = {}
        self.uninvoiced: list[Uninvoiced] = []
        self.separate: dict[str, str] = {}
        self.ids = 900

    def invoice(self, *, day: date | None = None) -> InvoiceCosts:
        random = self.random
        some = random.sample(ACCOUNTS, random.randint(1, 3))
        costs = InvoiceCosts(
            id=70000 + len(self.invoices),
            day=day or MONTH.first + timedelta(days=random.randrange(30)),
            currency=random.choice(["USD", "USD", "CAD"]),
            accounts={one: Decimal(random.randint(-500, 90_000)) / 100 + 6 for one in some},
            no_cost=Decimal(random.choice([0, 0, -25])),
        )
        self.invoices[costs.id] = costs
        return costs

    def bill(
        self, costs: InvoiceCosts, *, by_hand: bool = False, posted: date | None = None
    ) -> VendorBill:
        self.ids += 1
        month = posted or (costs.day or MONTH.first).replace(day=1)
        credit = costs.total < 0
        bill = VendorBill(
            id=str(self.ids),
            type="VendCred" if credit else "VendBill",
            number=str(costs.id),
            external_id="" if by_hand else f"mlc-{'vc' if credit else 'vb'}-{costs.id}",
            day=costs.day if costs.day and costs.day.replace(day=1) == month else month,
            posted=month,
            currency=costs.currency,
            subsidiary="2",
            ours=not by_hand,
            accounts=costs.accounts,
        )
        self.bills.append(bill)
        return bill

    def tied(self) -> MoneyTie:
        return tie_money(
            MONTH,
            MoneySides(
                vendor="77",
                start=START,
                invoices=self.invoices,
                uninvoiced=self.uninvoiced,
                bills=self.bills,
                open=self.open,
                separate=self.separate,
                of_fees=frozenset(ACCOUNTS),
                subsidiary="2",
            ),
        )


def billed(world: World) -> None:
    world.bill(world.invoice())


def billed_by_hand(world: World) -> None:
    world.bill(world.invoice(), by_hand=True)


def billed_on_other_accounts(world: World) -> None:
    costs = world.invoice()
    bill = world.bill(costs, by_hand=True)
    world.bills[-1] = replace(bill, accounts={"777": costs.total})


def billed_later(world: World) -> None:
    world.bill(world.invoice(), posted=AFTER)


def billed_of_earlier(world: World) -> None:
    world.bill(world.invoice(day=date(2026, 10, 28)), posted=MONTH.first)


def billed_in_two_parts(world: World) -> None:
    costs = world.invoice()
    first = {account: amount // 2 for account, amount in costs.accounts.items()}
    world.bill(replace(costs, accounts=first))
    rest = {account: costs.accounts[account] - amount for account, amount in first.items()}
    bill = world.bill(replace(costs, accounts=rest))
    world.bills[-1] = replace(bill, number=f"{costs.id}-2", external_id=f"mlc-vb-{costs.id}-2")


def waits(world: World) -> None:
    costs = world.invoice()
    world.open[costs.id] = OpenInvoice(
        lines=1, waiting=costs.total, refused=costs.no_cost, says="No account"
    )


def taken_as_it_is(world: World) -> None:
    costs = positive(world)
    account = next(iter(costs.accounts))
    less = {**costs.accounts, account: costs.accounts[account] - 1}
    bill = world.bill(costs, by_hand=True)
    world.bills[-1] = replace(bill, accounts=less)
    world.open[costs.id] = OpenInvoice(decided=Decimal(1))


def refused(world: World) -> None:
    costs = world.invoice()
    world.open[costs.id] = OpenInvoice(refused=costs.total + costs.no_cost, says="undone")


def undone(world: World) -> None:
    costs = world.invoice()
    bill = world.bill(costs)
    back = {account: -amount for account, amount in costs.accounts.items()}
    world.bills.append(
        replace(
            bill,
            id=f"{bill.id}0",
            number=f"{costs.id}-undo",
            external_id=f"mlc-un-vb-{costs.id}",
            accounts=back,
        )
    )
    world.open[costs.id] = OpenInvoice(refused=costs.total)


def before_the_start(world: World) -> None:
    world.invoice(day=date(2026, 10, 3))


def on_no_invoice(world: World) -> None:
    amount = Decimal(world.random.randint(1, 9999)) / 100
    account = world.random.choice(ACCOUNTS)
    world.uninvoiced.append(Uninvoiced(account=account, currency="USD", amount=amount, charges=3))


def another_matter(world: World) -> None:
    bill = world.bill(world.invoice(day=date(2026, 8, 1)), by_hand=True, posted=MONTH.first)
    world.bills[-1] = replace(bill, number="PACKAGING")
    world.separate[bill.id] = "another matter than invoice 7 (decision 3)"


def vendors_other_bill(world: World) -> None:
    costs = world.invoice(day=date(2026, 8, 1))
    bill = world.bill(costs, by_hand=True, posted=MONTH.first)
    world.bills[-1] = replace(bill, number="RENT", accounts={"888": Decimal("0.07")})


RIGHT = (
    *(billed, billed, billed_by_hand, billed_on_other_accounts, billed_later, billed_of_earlier),
    *(
        billed_in_two_parts,
        waits,
        taken_as_it_is,
        refused,
        undone,
        before_the_start,
        on_no_invoice,
    ),
    *(another_matter, vendors_other_bill),
)


class Tampered(NamedTuple):
    """Something wrong, and where it must be red: kind, account, currency."""

    red: set[tuple[FeeKind, str, str]]


def places(kind: FeeKind, costs: InvoiceCosts, currency: str = "") -> Tampered:
    return Tampered({(kind, one, currency or costs.currency) for one in costs.accounts})


def paid_twice_by_hand(world: World) -> Tampered:
    costs = positive(world)
    world.bill(costs)
    world.bill(costs, by_hand=True)
    return places(FeeKind.BILLED_TWICE, costs)


def entered_again_next_month(world: World) -> Tampered:
    costs = positive(world, day=date(2026, 10, 20))
    world.bill(costs)
    world.bill(costs, by_hand=True, posted=MONTH.first)
    return places(FeeKind.BILLED_TWICE, costs)


def entered_again_without_its_number(world: World) -> Tampered:
    costs = replace(positive(world), accounts={"601": Decimal("7001.03")})
    world.invoices[costs.id] = costs
    world.bill(costs)
    bill = world.bill(costs, by_hand=True)
    world.bills[-1] = replace(bill, number="ShipBob Nov", accounts={"777": costs.total})
    return Tampered({(FeeKind.NOT_CHARGED, "777", costs.currency)})


def billed_for_nothing(world: World) -> Tampered:
    costs = replace(positive(world), accounts={"602": Decimal("8001.03")})
    del world.invoices[costs.id]
    bill = world.bill(costs, by_hand=True)
    world.bills[-1] = replace(bill, number="by phone")
    world.invoice(day=date(2026, 8, 1))
    return Tampered({(FeeKind.NOT_CHARGED, "602", costs.currency)})


def billed_in_another_currency(world: World) -> Tampered:
    costs = positive(world)
    bill = world.bill(costs)
    world.bills[-1] = replace(bill, currency="EUR")
    return Tampered(
        {
            (FeeKind.OTHER_CURRENCY, one, at)
            for one in costs.accounts
            for at in (costs.currency, "EUR")
        }
    )


def billed_to_another_account(world: World) -> Tampered:
    costs = positive(world)
    bill = world.bill(costs)
    world.bills[-1] = replace(bill, accounts={"604": costs.total})
    return Tampered(
        {(FeeKind.UNEXPLAINED, one, costs.currency) for one in (*costs.accounts, "604")}
    )


def dropped(world: World) -> Tampered:
    return places(FeeKind.UNEXPLAINED, positive(world))


def refused_for_a_bill_that_is_not_there(world: World) -> Tampered:
    costs = positive(world)
    world.open[costs.id] = OpenInvoice(says="a bill by hand has it")
    return places(FeeKind.UNEXPLAINED, costs)


def a_cent_less(world: World) -> Tampered:
    costs = positive(world)
    bill = world.bill(costs)
    account = next(iter(costs.accounts))
    less = {**costs.accounts, account: costs.accounts[account] - Decimal("0.01")}
    world.bills[-1] = replace(bill, accounts=less)
    return Tampered({(FeeKind.UNEXPLAINED, account, costs.currency)})


def sign_turned(world: World) -> Tampered:
    costs = positive(world)
    bill = world.bill(costs)
    turned = {account: -amount for account, amount in costs.accounts.items()}
    world.bills[-1] = replace(bill, accounts=turned, type="VendCred")
    return places(FeeKind.UNEXPLAINED, costs)


def waits_and_is_billed(world: World) -> Tampered:
    costs = positive(world)
    world.open[costs.id] = OpenInvoice(lines=1, waiting=costs.total)
    world.bill(costs)
    world.bill(costs, by_hand=True)
    return places(FeeKind.BILLED_TWICE, costs)


def positive(world: World, day: date | None = None) -> InvoiceCosts:
    costs = world.invoice(day=day)
    more = {account: abs(amount) + 1 for account, amount in costs.accounts.items()}
    world.invoices[costs.id] = replace(costs, accounts=more)
    return world.invoices[costs.id]


WRONG = (
    *(paid_twice_by_hand, entered_again_next_month, entered_again_without_its_number),
    *(billed_for_nothing, billed_in_another_currency, billed_to_another_account, dropped),
    *(refused_for_a_bill_that_is_not_there, a_cent_less, sign_turned, waits_and_is_billed),
)


def grown(random: Random, count: int) -> World:
    world = World(random)
    for _ in range(count):
        random.choice(RIGHT)(world)
    return world


def red(tied: MoneyTie) -> set[tuple[FeeKind, str, str]]:
    return {
        (item.kind, *line.place)
        for line in tied.lines
        for item in line.items
        if item.kind.rule.red
    }


def test_a_thousand_clean_months_raise_no_alarm() -> None:
    random = Random(20261130)
    for _ in range(1000):
        tied = grown(random, random.randrange(12)).tied()

        assert red(tied) == set()
        assert tied.odd == ()


@given(seed=st.integers(0, 2**32), count=st.integers(0, 12), wrong=st.sampled_from(WRONG))
def test_what_is_wrong_is_red_exactly_there(
    seed: int, count: int, wrong: Callable[[World], Tampered]
) -> None:
    world = grown(Random(seed), count)

    must = wrong(world).red

    assert red(world.tied()) == must


@given(seed=st.integers(0, 2**32), count=st.integers(0, 20), faults=st.integers(0, 4))
def test_charged_less_billed_is_what_the_items_come_to(seed: int, count: int, faults: int) -> None:
    random = Random(seed)
    world = grown(random, count)
    for _ in range(faults):
        random.choice(WRONG)(world)

    for line in world.tied().lines:
        assert line.charged - line.billed == sum((one.amount for one in line.items), Decimal(0))


@pytest.mark.parametrize(
    ("change", "what"),
    [({"subsidiary": "3"}, "subsidiary"), ({"day": date(2026, 10, 30)}, "period")],
)
def test_a_bill_in_another_subsidiary_or_period_is_named(
    change: dict[str, object], what: str
) -> None:
    world = World(Random(1))
    bill = world.bill(world.invoice())
    world.bills[-1] = replace(bill, **change)

    [odd] = world.tied().odd

    assert (odd.what, odd.bill.id) == (what, bill.id)
    assert bill.number in odd.says
