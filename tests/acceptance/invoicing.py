"""Invoices that are drawn: what ShipBob charges and corrects, and what people enter and undo.

Each invoice is a story. Each round something happens in every story, at ShipBob and in NetSuite,
before, after and beside what the installation does. What was done is kept, so that a test can
tell what must be owed without asking the product.
"""

import calendar
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from acceptance.merchant import Merchant
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.billing import Billing, Invoice, Tax, Transaction

ROUNDS: Final = 6
DAYS_BEFORE_THE_MONTH: Final = 3
SHIPBOB: Final = 302
OTHER_VENDOR: Final = 301
CURRENCIES: Final = {"USD": 1, "EUR": 2}
"""Those of the vendor: NetSuite's internal ids."""

UNKNOWN_CURRENCY: Final = "GBP"
NO_COST: Final = ("Payment", "BalanceAdjustment", "BalanceTransfer")

_FEES: Final = ("Shipping", "Per Pick Fee", "Kitting Fee", "Address Correction")
_CENTERS: Final = ("Center 228", "Center 10", None)
# Few, so that sums of different lines often come to the same.
_AMOUNTS: Final = tuple(map(Decimal, ("5.00", "5.00", "10.00", "15.00", "20.00", "0.75")))
_LACKING: Final = Decimal("0.37")

Key = tuple[str, str, str, str]
"""What lines that are posted alike have in common: fee, type, center, currency."""

Sums = Mapping[Key, Decimal]


@dataclass
class Story:
    """An invoice, and what was done about it.

    Attributes:
        on_top: its taxes come on top of its lines' amounts.
        counts_balances: its amount counts payments and balances among its lines.
        lacks: what its lines lack of its amount.
        changed: something was done since the installation looked.
        by_hand: internal ids of bills and credits that people entered with its number.
    """

    invoice: Invoice
    on_top: bool
    counts_balances: bool
    lacks: Decimal = Decimal(0)
    changed: bool = True
    by_hand: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.invoice.id)


@dataclass(frozen=True)
class Bill:
    """A vendor bill or credit of ShipBob's vendor as NetSuite has it.

    Attributes:
        owed: a credit is negative.
        period: of posting; its first day.
    """

    id: int
    type: str
    number: str
    external_id: str
    currency: str
    owed: Decimal
    day: date
    period: date


class Invoicing:
    """A merchant's invoices, drawn by one random number generator."""

    def __init__(self, acme: Merchant, clock: Clock, random: Random) -> None:
        self.acme, self.clock, self.random = acme, clock, random
        self.stories: list[Story] = []
        self.locked = False
        self.undone: list[tuple[Story, str]] = []
        self._netsuite = acme.world.netsuite
        self._billing: Billing = acme.world.shipbob.books.billing
        self._billing.lines_vanish_after = None

    # What happens

    def enter(self, count: int) -> None:
        for _ in range(count):
            self._draw()

    def happen(self, bills: Mapping[str, list[Bill]], *, new: int) -> None:
        """Let a day pass: something happens in most stories, and new ones come.

        Args:
            bills: ours that stand, by the invoice's number.
            new: how many come.
        """
        self.undone.clear()
        self.clock.advance(timedelta(days=1))
        if self.clock.now().date().day == 2:
            self._netsuite.lock_period(f"{self.first_month:%Y-%m}", "ap")
            self.locked = True
        for story in self.stories:
            for _ in range(self.random.choice([0, 0, 1, 1, 2])):
                self._one_thing(story, bills.get(story.key, []))
        self.enter(new)

    @property
    def first_month(self) -> date:
        return start().now().date().replace(day=1)

    def _draw(self) -> None:
        kind = self.random.choices(
            ["Shipping", "AdditionalFee", "Payment", "BalanceTransfer"], [8, 8, 1, 1]
        )[0]
        currency = self.random.choices(
            ["USD", "EUR", "usd ", UNKNOWN_CURRENCY, ""], [12, 4, 1, 1, 1]
        )[0]
        day = self.clock.now().date()
        invoice = self._billing.begin_invoice(kind, day, currency=currency)
        story = Story(invoice, self._chance(0.5), self._chance(0.5))
        self.stories.append(story)
        for _ in range(self.random.randint(1, 4)):
            self._add(
                story, self.random.choice(["Charge", "Charge", "Charge", "Refund", "Credit"])
            )
        if self._chance(0.25):
            self._add_balance(story)
        if self._chance(0.08):
            story.lacks = _LACKING
        if self._chance(0.05):
            self._over_nothing(story)
        self._total(story)
        if self._chance(0.15):
            self._enter(story)
        if self._chance(0.05):
            self._enter_elsewhere(story)

    def _one_thing(self, story: Story, bills: list[Bill]) -> None:
        acts: list[tuple[float, Callable[[], object]]] = [
            (3, lambda: self._add(story, self.random.choice(["Charge", "Refund", "Credit"]))),
            (1, lambda: self._late_with_the_same_total(story)),
            (2, lambda: self._comes_to_tie(story)),
            (2, lambda: self._rename(story)),
            (1, lambda: self._add_pair(story)),
            (2, lambda: self._another_amount(story)),
            (0.7, lambda: self._over_nothing(story)),
            (0.5, lambda: self._another_currency(story)),
            (0.5, lambda: self._mixed_currencies(story)),
            (0.7, lambda: self._add_balance(story)),
            (2, lambda: self._enter(story)),
            (2, lambda: self._change_by_hand(story)),
            (0.6, lambda: self._enter_elsewhere(story)),
            (3, lambda: self._undo(story, bills)),
        ]
        weights = [weight for weight, _ in acts]
        [(_, act)] = self.random.choices(acts, weights)
        act()
        self._total(story)
        story.changed = True

    # At ShipBob

    def lines(self, story: Story) -> list[Transaction]:
        return self._billing.lines(story.invoice.id)

    def _add(self, story: Story, kind: str, amount: Decimal | None = None) -> Transaction:
        amount = amount or self.random.choice(_AMOUNTS)
        made = self._billing.charge(
            "Credit" if kind == "Credit" else self.random.choice(_FEES),
            amount,
            kind=kind,
            center_name=self.random.choice(_CENTERS),
            taxes=[
                Tax(tax_type="VAT", tax_rate=Decimal(20), tax_amount=Decimal("1.00"))
                for _ in range(self.random.choice([0, 0, 0, 1]))
                if kind == "Charge"
            ],
        )
        self._billing.put_on(made, story.invoice)
        return made

    def _add_balance(self, story: Story) -> None:
        kind = self.random.choice(NO_COST)
        made = self._billing.charge("Balance", Decimal("2.13"), kind=kind)
        self._billing.put_on(made, story.invoice)

    def _add_pair(self, story: Story) -> None:
        """Two lines that cancel each other out."""
        one = self._add(story, "Charge", Decimal("7.00"))
        one.taxes = ()
        self._add(story, "Refund", Decimal("7.00"))

    def _late_with_the_same_total(self, story: Story) -> None:
        before = self._counted(story)
        self._add(story, "Charge")
        story.lacks += before - self._counted(story)

    def _comes_to_tie(self, story: Story) -> None:
        story.lacks = Decimal(0)

    def _rename(self, story: Story) -> None:
        line = self.random.choice(self.lines(story))
        if line.type not in NO_COST and line.fee != "Credit":
            line.fee = self.random.choice(_FEES)
            line.center_name = self.random.choice(_CENTERS)

    def _another_amount(self, story: Story) -> None:
        line = self.random.choice(self.lines(story))
        if line.type == "Charge":
            line.amount = self.random.choice(_AMOUNTS)

    def _over_nothing(self, story: Story) -> None:
        rest = sum(
            (one.amount for one in self.lines(story) if one.type not in NO_COST), Decimal(0)
        )
        rest += self._taxes(story)
        if rest > 0:
            self._add(story, "Credit", rest)

    def _another_currency(self, story: Story) -> None:
        story.invoice.currency = self.random.choice(["USD", "EUR", ""])
        for line in self.lines(story):
            line.currency = story.invoice.currency

    def _mixed_currencies(self, story: Story) -> None:
        self.random.choice(self.lines(story)).currency = self.random.choice(["USD", "EUR"])

    def _total(self, story: Story) -> None:
        story.invoice.amount = self._counted(story) + story.lacks

    def _counted(self, story: Story) -> Decimal:
        """What the invoice's amount counts of its lines."""
        lines = self.lines(story)
        costs = sum((one.amount for one in lines if one.type not in NO_COST), Decimal(0))
        balances = sum((one.amount for one in lines if one.type in NO_COST), Decimal(0))
        return costs + self._taxes(story) + (balances if story.counts_balances else 0)

    def _taxes(self, story: Story) -> Decimal:
        if not story.on_top:
            return Decimal(0)
        taxes = (tax.tax_amount for one in self.lines(story) for tax in one.taxes)
        return sum(taxes, Decimal(0))

    def charged(self, story: Story) -> Sums:
        """What ShipBob charged with an invoice, payments and balances left out."""
        sums: dict[Key, Decimal] = defaultdict(Decimal)
        if story.invoice.type not in NO_COST:
            for one in self.lines(story):
                if one.type not in NO_COST:
                    taxes = sum((tax.tax_amount for tax in one.taxes), Decimal(0))
                    key = (one.fee, one.type, one.center_name or "", code(one.currency))
                    sums[key] += one.amount + (taxes if story.on_top else 0)
        return {key: amount for key, amount in sums.items() if amount}

    # In NetSuite

    def bills(self) -> dict[int, Bill]:
        """The bills and credits of ShipBob's vendor that are not voided, by internal id."""
        codes = {number: code for code, number in CURRENCIES.items()}
        rows = self._netsuite.books.rows(
            "SELECT t.id, t.type, t.tranid, t.externalid, t.currency, t.foreigntotal, t.trandate,"
            ' p.startdate, p.isadjust FROM "transaction" t JOIN accountingperiod p'
            " ON p.id = t.postingperiod WHERE t.type IN ('VendBill', 'VendCred')"
            " AND t.entity = ? AND t.voided = 'F'",
            (SHIPBOB,),
        )
        found = {}
        for row in rows:
            owed = -Decimal(str(row["foreigntotal"]))  # a bill's is negative, a credit's not
            made = Bill(
                id=int(str(row["id"])),
                type=str(row["type"]),
                number=str(row["tranid"]),
                external_id=str(row["externalid"] or ""),
                currency=codes[int(str(row["currency"]))],
                owed=owed,
                day=date.fromisoformat(str(row["trandate"])[:10]),
                period=date.fromisoformat(str(row["startdate"])[:10]),
            )
            found[made.id] = made
        return found

    def _enter(self, story: Story) -> None:
        """A person enters the bill: as it should be, or otherwise."""
        amount = story.invoice.amount
        currency = code(story.invoice.currency) or "USD"
        if self._chance(0.3):
            amount += self.random.choice([Decimal(1), Decimal(-1), Decimal(5)])
        if self._chance(0.2) or currency not in CURRENCIES:
            currency = self.random.choice(sorted(CURRENCIES))
        made = self._make(SHIPBOB, story.key, amount, currency)
        story.by_hand.append(made)

    def _change_by_hand(self, story: Story) -> None:
        """A person deletes what was entered by hand, voids it, or gives it another number."""
        if not story.by_hand:
            return
        one = story.by_hand.pop(self.random.randrange(len(story.by_hand)))
        books = self._netsuite.books
        bill = self.bills()[one]
        kind = {"VendBill": "vendorBill", "VendCred": "vendorCredit"}[bill.type]
        way = self.random.choice(["delete", "void", "number"])
        if self.locked and bill.period == self.first_month:
            way = "void"
        if way == "delete":
            self._netsuite.delete(kind, one)
        elif way == "void":
            books.update("transaction", {"voided": True}, id=one)
        else:
            self._netsuite.edit(kind, one, {"tranId": f"OTHER-{one}"})

    def _enter_elsewhere(self, story: Story) -> None:
        """A person enters a bill of another vendor with this number, or one of another number."""
        vendor, number = self.random.choice(
            [(OTHER_VENDOR, story.key), (SHIPBOB, f"X{story.key}"), (SHIPBOB, f"{story.key}0")]
        )
        self._make(vendor, number, story.invoice.amount, "USD")

    def _make(self, vendor: int, number: str, amount: Decimal, currency: str) -> int:
        body = {
            "entity": {"id": vendor},
            "tranId": number,
            "currency": {"id": CURRENCIES[currency]},
            "expense": {"items": [{"account": {"id": 62}, "amount": abs(amount)}]},
        }
        return self._netsuite.create("vendorBill" if amount >= 0 else "vendorCredit", body)

    def _undo(self, story: Story, bills: list[Bill]) -> None:
        """A person takes one of our bills back; the test does it, as the command does."""
        due = [one for one in bills if (story, one.external_id) not in self.undone]
        if due:
            self.undone.append((story, self.random.choice(due).external_id))

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


def code(currency: str) -> str:
    return currency.strip().upper()


def start(days_before: int = DAYS_BEFORE_THE_MONTH) -> Clock:
    """A clock that stands shortly before the end of the last month that is a week old."""
    today = datetime.now(UTC)
    turn = (today - timedelta(days=ROUNDS + 2)).replace(day=1, hour=18, minute=0, second=0)
    return Clock(turn - timedelta(days=days_before))


def last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
