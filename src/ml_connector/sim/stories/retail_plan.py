"""Plans a retailer's month from a seed. Pure: nothing here talks to a simulator."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Final, NamedTuple

import msgspec

from ml_connector.sim.stories.retail_catalogue import (
    CENTERS,
    QUARANTINE,
    STYLES,
    VENDORS,
    catalogue,
)
from ml_connector.sim.stories.retail_events import (
    Announced,
    Arrived,
    Cancelled,
    Credited,
    Delivered,
    Event,
    Expected,
    Inspected,
    Invoiced,
    Labelled,
    Month,
    Paid,
    PurchaseOrdered,
    Received,
    SentBack,
    Sold,
    Stowed,
    Units,
)

SHIPPING: Final = tuple(Decimal(cents) / 100 for cents in (585, 612, 648, 725, 890, 1240))
PICK_FEE: Final = Decimal("0.25")
RETURN_FEE: Final = Decimal("3.50")
RECEIVING_FEE: Final = Decimal("35.00")

CREDIT_WEEKDAY: Final = 3
"""One lost parcel in each seven days."""
UNORDERED_DAY: Final = 10
"""A box that nobody ordered turns up the day after."""
TWO_WROS: Final = 4
"""Of every five purchase orders, the one that comes in two WROs."""
SHORT, SURPLUS = 1, 3
"""Of every four purchase orders, the one with too little and the one with too much."""
LARGER_SHARE: Final = 0.6
"""What the first center ships."""
CANCELLED: Final = 99
"""Of every hundred sales orders, the one that is cancelled."""
TWO_PARCELS: Final = 7
"""Of every fifty sales orders, the one that needs two parcels."""
COMES_BACK: Final = 5
"""Of every 33 sales orders, the one that comes back."""

_ORDERS_FROM: Final = 12 * 60
"""Minutes after midnight UTC: everything on the dock happens before the day's first order."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How large the month is to be.

    Attributes:
        first_day: the first day, in UTC.
        days: how many days.
        shipments: how many sales orders, of which a few have two shipments or are cancelled.
        styles: how many of ``STYLES``; each has 30 SKUs.
    """

    first_day: date
    days: int = 30
    shipments: int = 10_000
    styles: int = len(STYLES)
    seed: int = 1


def plan_month(wish: Wish) -> Month:
    """Plan every event of a month and the books at its end.

    Nothing is sold that is not on the shelf, so that every event can be played.

    Raises:
        ValueError: there would be no day, no style, or a negative number of shipments.
    """
    if wish.days < 1 or wish.shipments < 0 or not 1 <= wish.styles <= len(STYLES):
        raise ValueError(f"No month can be planned from {wish}.")
    return _Planner(wish).month()


class _Left(NamedTuple):
    """A shipment that leaves: when, of which order and part, from which center."""

    day: int
    minute: float
    serial: int
    part: int
    center: int


class _Planner:
    """Walks through the days, keeping what is on the shelf and what is owed."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._random = Random(wish.seed)  # noqa: S311 - a seed must repeat a month
        self._articles = catalogue(wish.styles)
        self._skus = [article.sku for article in self._articles]
        self._share = max(wish.shipments * 2 // len(self._skus), 4)
        self._events: list[Event] = []
        self._shelf: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._expected = Expected()
        self._open: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._restocks: list[tuple[int, str, int, int]] = []
        self._orders = count(10_001)
        self._purchases = count(4_701)
        self._charges: list[tuple[datetime, str, Decimal]] = []
        self._quarantined: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._stows: defaultdict[int, list[tuple[str, str | None, int, Units, Units]]] = (
            defaultdict(list)
        )

    def month(self) -> Month:
        for sku in self._skus:
            for center in CENTERS:
                self._shelf[sku, center.id] = self._share + self._random.randrange(self._share)
        opening = dict(self._shelf)
        for day in range(self._wish.days):
            self._buy(day)
            self._receive(day)
            self._put_back(day)
            self._sell(day)
            if day % 7 == CREDIT_WEEKDAY:
                self._credit(day)
        self._bill()
        self._close()
        self._events.sort(key=lambda event: event.at)
        return Month(
            articles=self._articles,
            centers=CENTERS,
            quarantine=QUARANTINE,
            opening=opening,
            events=self._events,
            expected=self._expected,
        )

    def _at(self, day: int, minute: float) -> datetime:
        start = datetime.combine(self._wish.first_day, time(tzinfo=UTC))
        return start + timedelta(days=day, minutes=minute)

    def _buy(self, day: int) -> None:
        """Every third day a purchase order; its goods come two to five days later."""
        if day == UNORDERED_DAY:
            self._stows[day + 1].append(
                ("W-found", None, CENTERS[0].id, *self._box_without_order())
            )
        if day % 3:
            return
        number = f"PO{next(self._purchases)}"
        turn = day // 3
        center = CENTERS[turn % len(CENTERS)]
        chosen = sorted(self._random.sample(self._skus, min(len(self._skus), 24)))
        units = {sku: 12 * self._random.randint(1, 1 + self._share // 12) for sku in chosen}
        vendor = VENDORS[turn % len(VENDORS)]
        self._events.append(
            PurchaseOrdered(
                at=self._at(day, 8 * 60),
                number=number,
                vendor=vendor,
                center=center.id,
                units=units,
            )
        )
        self._expected.receipts[number] = {}
        arrival = day + self._random.randint(2, 5)
        halves = [units]
        if turn % 5 == TWO_WROS:
            halves = [dict(list(units.items())[::2]), dict(list(units.items())[1::2])]
        for index, part in enumerate(halves):
            key = number if not index else f"{number}-{index + 1}"
            found = self._found(turn, part)
            self._stows[arrival + index].append((f"W-{key}", key, center.id, part, found))

    def _found(self, turn: int, units: Units) -> Units:
        """What is really in the boxes: mostly what was ordered, sometimes less or more."""
        found = dict(units)
        first = next(iter(found))
        if turn % 4 == SHORT:
            found[first] -= 5
        elif turn % 4 == SURPLUS:
            found[first] += 3
        return found

    def _box_without_order(self) -> tuple[Units, Units]:
        units = dict.fromkeys(self._random.sample(self._skus, 2), 6)
        return units, units

    def _receive(self, day: int) -> None:
        """Announced the day before, arrived at 8, stowed in two goes, done by 11."""
        for wro, number, center, units, found in self._stows.pop(day, []):
            boxes = (dict(list(units.items())[::2]), dict(list(units.items())[1::2]))
            some = {sku: quantity // 2 for sku, quantity in found.items() if quantity > 1}
            rest = {sku: quantity - some.get(sku, 0) for sku, quantity in found.items()}
            self._events += [
                Announced(
                    at=self._at(day - 1, 9 * 60),
                    wro=wro,
                    number=number,
                    center=center,
                    boxes=tuple(box for box in boxes if box),
                ),
                Arrived(at=self._at(day, 8 * 60), wro=wro),
                Stowed(at=self._at(day, 9 * 60), wro=wro, units=some),
                Stowed(at=self._at(day, 10 * 60), wro=wro, units=rest),
                Received(at=self._at(day, 11 * 60), wro=wro),
            ]
            self._charges.append((self._at(day, 11 * 60), "Inbound Fee", RECEIVING_FEE))
            self._book_receipt(number, center, units, found)

    def _book_receipt(self, number: str | None, center: int, units: Units, found: Units) -> None:
        location = _location(center)
        for sku, quantity in found.items():
            self._shelf[sku, center] += quantity
            ordered = min(quantity, units[sku]) if number else 0
            if ordered and number:
                received = self._expected.receipts[number.partition("-")[0]]
                received[sku] = received.get(sku, 0) + ordered
            if quantity > ordered:
                key = (sku, location)
                adjusted = self._expected.adjusted
                adjusted[key] = adjusted.get(key, 0) + quantity - ordered

    def _sell(self, day: int) -> None:
        wish = self._wish
        orders = wish.shipments * (day + 1) // wish.days - wish.shipments * day // wish.days
        for index in range(orders):
            minute = _ORDERS_FROM + 360 * index / orders
            center = CENTERS[0] if self._random.random() < LARGER_SHARE else CENTERS[1]
            units = self._basket(center.id)
            if units:
                self._order(day, minute, center.id, units)

    def _basket(self, center: int) -> Units:
        units: Units = {}
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3))):
            sku = self._random.choice(self._skus)
            if self._shelf[sku, center] - units.get(sku, 0) > 0:
                units[sku] = units.get(sku, 0) + 1
        return units

    def _order(self, day: int, minute: float, center: int, units: Units) -> None:
        serial = next(self._orders)
        number = f"SO{serial}"
        skus = list(units)
        split = len(skus) > 1 and serial % 40 == 0
        parts = ({skus[0]: units[skus[0]]}, {s: units[s] for s in skus[1:]}) if split else (units,)
        self._events.append(
            Sold(at=self._at(day, minute), number=number, center=center, parts=parts)
        )
        for sku, quantity in units.items():
            self._shelf[sku, center] -= quantity
        if serial % 100 == CANCELLED:
            self._events.append(Cancelled(at=self._at(day, minute + 30), number=number))
            self._restocks += [(day + 1, sku, center, n) for sku, n in units.items()]
            return
        for part, content in enumerate(parts):
            left = _Left(day, minute + 120 + 10 * part, serial, part, center)
            self._ship(left, content)

    def _ship(self, left: "_Left", units: Units) -> None:
        number, at = f"SO{left.serial}", self._at(left.day, left.minute)
        parcels = 2 if left.serial % 50 == TWO_PARCELS else 1
        shipping = self._random.choice(SHIPPING) * parcels
        picking = PICK_FEE * (sum(units.values()) - 1)
        self._events.append(
            Labelled(
                at=at,
                number=number,
                part=left.part,
                parcels=parcels,
                shipping=shipping,
                picking=picking,
            )
        )
        self._charges.append((at, "Shipping", shipping))
        if picking:
            self._charges.append((at, "AdditionalFee", picking))
        self._expected.fulfilled[number, left.part] = units
        door = left.day + self._random.randint(2, 4)
        if door < self._wish.days:
            self._events.append(
                Delivered(at=self._at(door, left.minute), number=number, part=left.part)
            )
            if left.serial % 33 == COMES_BACK:
                self._send_back(door + self._random.randint(1, 4), left, units)

    def _send_back(self, day: int, left: "_Left", units: Units) -> None:
        if day + 2 >= self._wish.days:
            return
        reference = f"RMA{left.serial}-{left.part + 1}"
        self._events.append(
            SentBack(
                at=self._at(day, 7 * 60),
                reference=reference,
                number=f"SO{left.serial}",
                part=left.part,
                units=units,
            )
        )
        done = {sku: self._inspect(quantity) for sku, quantity in units.items()}
        at = self._at(day + 2, 7 * 60 + 30)
        self._events.append(Inspected(at=at, reference=reference, done=done, fee=RETURN_FEE))
        self._charges.append((at, "Return", RETURN_FEE))
        for sku, actions in done.items():
            for action, quantity in actions.items():
                key = (sku, _location(left.center), action)
                self._expected.returned[key] = self._expected.returned.get(key, 0) + quantity
                if action == "Restock":
                    self._restocks.append((day + 2, sku, left.center, quantity))
                elif action == "Quarantine":
                    self._quarantined[sku, left.center] += quantity

    def _inspect(self, quantity: int) -> Units:
        done: Units = {}
        for _ in range(quantity):
            action = self._random.choice(
                ("Restock", "Restock", "Restock", "Quarantine", "Dispose")
            )
            done[action] = done.get(action, 0) + 1
        return done

    def _put_back(self, day: int) -> None:
        for when, sku, center, quantity in self._restocks:
            if when == day:
                self._shelf[sku, center] += quantity

    def _credit(self, day: int) -> None:
        at = self._at(day, 6 * 60)
        amount = Decimal(self._random.randint(500, 4000)) / 100
        self._events.append(Credited(at=at, amount=amount, ticket=f"T-{day}"))
        self._charges.append((at, "Credits", -amount))

    def _bill(self) -> None:
        """Every Monday at five, and at the very end, what is open becomes invoices."""
        mondays = [
            self._at(day, 5 * 60)
            for day in range(1, self._wish.days)
            if (self._wish.first_day + timedelta(days=day)).weekday() == 0
        ]
        charges = sorted(self._charges)
        for at in [*mondays, self._at(self._wish.days, 5 * 60)]:
            due, charges = _before(charges, at)
            if not due:
                continue
            self._events.append(Invoiced(at=at))
            for _, kind, amount in due:
                key = (at.date(), kind)
                invoices = self._expected.invoices
                invoices[key] = invoices.get(key, Decimal(0)) + amount
            total = sum((amount for _, _, amount in due), Decimal(0))
            if at + timedelta(days=2) < self._at(self._wish.days, 0) and total > 0:
                self._events.append(Paid(at=at + timedelta(days=2), amount=total))
                self._expected.payments += total

    def _close(self) -> None:
        self._put_back(self._wish.days)
        for (sku, center), quantity in self._shelf.items():
            kept = self._quarantined.get((sku, center), 0)
            if quantity + kept:
                self._expected.shipbob[sku, center] = quantity + kept
            if quantity:
                self._expected.netsuite[sku, _location(center)] = quantity
        for (sku, _), kept in self._quarantined.items():
            key = (sku, QUARANTINE)
            self._expected.netsuite[key] = self._expected.netsuite.get(key, 0) + kept


def _location(center: int) -> int:
    return next(each.location for each in CENTERS if each.id == center)


def _before(
    charges: Sequence[tuple[datetime, str, Decimal]], at: datetime
) -> tuple[list[tuple[datetime, str, Decimal]], list[tuple[datetime, str, Decimal]]]:
    due = [each for each in charges if each[0] < at]
    return due, [each for each in charges if each[0] >= at]
