"""Random months whose three sides agree, and what people do to them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import msgspec

from ml_connector.flows import FLOWS
from ml_connector.reconcile.compare.compare import compare
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.compare.sides import Fact, JournalRow, Movement, Waiting
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.transaction_types import TYPES

SECTIONS = Sections.of(FLOWS)
MONTH = Month(date(2026, 11, 1))
OF_TRANSFORMS = frozenset({"ItemRcpt", "ItemShip", "RtnAuth"})
LOCATIONS = ("6", "7", "9")
SKUS = tuple(f"SKU-{number}" for number in range(8))
ITEMS = {sku: str(100 + number) for number, sku in enumerate(SKUS)}
ACCOUNTS = ("62", "63", "64")
MONEY = {"USD": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}


class Found(NamedTuple):
    """A difference that a report must name."""

    kind: Kind
    about: str


@dataclass
class World:
    """Three sides of a month."""

    random: Random
    facts: list[Fact] = field(default_factory=list)
    entries: list[JournalRow] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(5000))

    def report(self) -> Report:
        """Compare the sides; the order in which they are read must not matter."""
        for side in (self.facts, self.movements, self.entries):
            self.random.shuffle(side)
        return compare(MONTH, self.facts, self.movements, self.entries, sections=SECTIONS)

    # Both sides, as they are when nobody interferes

    def post(
        self,
        kind: str,
        external_id: str,
        lines: list[JournalRow],
        *,
        created_from: str | None = None,
        order_type: str | None = None,
    ) -> str:
        """Let a document exist on both sides; return its internal id."""
        remote_id = str(next(self.numbers))
        own = [
            msgspec.structs.replace(
                line,
                number=len(self.entries) + at,
                kind=kind,
                remote_id=remote_id,
                external_id=external_id,
            )
            for at, line in enumerate(lines)
        ]
        self.entries += own
        self.movements += [
            one
            for at, line in enumerate(own)
            if line.moves
            for one in _in_netsuite(line, at, created_from=created_from, order_type=order_type)
        ]
        return remote_id

    def ours(self) -> list[str]:
        """Return the external ids of our documents that NetSuite dates in the month."""
        every = {one.external_id or "" for one in self.movements if one.date in MONTH}
        return sorted(one for one in every if one.startswith("mlc-"))

    def document(self, external_id: str) -> list[Movement]:
        return [one for one in self.movements if one.external_id == external_id]

    def change(self, internal_id: str, **changes: object) -> None:
        self.movements = [
            msgspec.structs.replace(one, **changes) if one.id == internal_id else one
            for one in self.movements
        ]


def _in_netsuite(
    line: JournalRow, at: int, *, created_from: str | None, order_type: str | None
) -> list[Movement]:
    moved = Movement(
        id=line.remote_id,
        line=at + 1,
        type=TYPES[line.kind],
        date=line.posting_date,
        number=f"{TYPES[line.kind]}{line.remote_id}",
        external_id=line.external_id,
        memo=f"ShipBob {line.source} [{line.external_id}]",
        entity="301" if line.amount is not None else None,
        created_from=created_from,
        order_type=order_type,
        item=line.item,
        item_name=line.sku,
        location=line.location,
        quantity=None if line.quantity is None else Decimal(line.quantity),
        amount=line.amount,
        account=line.account,
        currency=line.currency or "",
    )
    if moved.type not in {"ItemRcpt", "ItemShip"} or moved.quantity is None:
        return [moved]
    against = msgspec.structs.replace(moved, line=at + 500, quantity=-moved.quantity)
    return [moved, against]


def clean(random: Random) -> World:
    """Make a month in which everything agrees."""
    world = World(random)
    for wro in range(random.randint(1, 5)):
        _wro(world, 90311 + wro)
    for shipment in range(random.randint(0, 5)):
        _shipment(world, 5512 + shipment)
    for sent_back in range(random.randint(0, 3)):
        _return(world, 88 + sent_back)
    for invoice in range(random.randint(0, 3)):
        _invoice(world, 71823 + invoice)
    for _ in range(random.randint(0, 3)):
        _others(world)
    return world


def _day(world: World) -> date:
    """Return a day of the month or near it; its ends are drawn more often."""
    ends = (MONTH.first, MONTH.last, MONTH.after, MONTH.first - timedelta(days=1))
    if world.random.random() < 0.4:
        return world.random.choice(ends)
    return MONTH.first + timedelta(days=world.random.randrange(29))


def _posting_day(world: World, fact: date) -> date:
    """Return the day that a document carries; sometimes the first of the next open month."""
    if world.random.random() < 0.2:
        return (fact.replace(day=1) + timedelta(days=32)).replace(day=1)
    return fact


def _wro(world: World, wro: int) -> None:
    random = world.random
    source = f"wro {wro}"
    location = random.choice(LOCATIONS[:2])
    skus = random.sample(SKUS, random.randint(1, 3))
    cumulated = dict.fromkeys(skus, 0)
    days = sorted(_day(world) for _ in range(random.randint(1, 3)))
    for number, day in enumerate(days, 1):
        lines, posting = [], _posting_day(world, day)
        for sku in random.sample(skus, random.randint(1, len(skus))):
            units = random.randint(1, 90)
            cumulated[sku] += units
            lines.append(
                _stock("receiving", source, sku, units, location, day=day, posting=posting)
            )
        ordered = random.random() < 0.7
        world.post(
            "itemReceipt" if ordered else "inventoryAdjustment",
            f"mlc-{'ir' if ordered else 'ia'}-{wro}-{number}",
            lines,
            created_from=str(4000 + wro) if ordered else None,
            order_type="PurchOrd" if ordered else None,
        )
    for sku, units in cumulated.items():
        refused = random.choice([0, 0, 0, random.randint(1, 5)])
        if units or refused:
            world.facts.append(
                Fact(
                    flow="receiving",
                    source=source,
                    source_line=_line(sku),
                    fact_date=days[-1],
                    sku=sku,
                    location=location,
                    quantity=units + refused,
                    refused=Decimal(refused),
                    reason="the order does not expect it" if refused else "",
                )
            )


def _shipment(world: World, shipment: int) -> None:
    source, day = f"shipment {shipment}", _day(world)
    location, posting = world.random.choice(LOCATIONS[:2]), _posting_day(world, day)
    lines = [
        _stock(
            "tracking",
            source,
            sku,
            -world.random.randint(1, 4),
            location,
            day=day,
            posting=posting,
        )
        for sku in world.random.sample(SKUS, world.random.randint(1, 3))
    ]
    told = [
        msgspec.structs.replace(
            lines[0], source_line=name, sku=None, item=None, location=None, quantity=None
        )
        for name in world.random.choice([(), ("parcel 1Z999", "delivery")])
    ]
    # Somebody may have picked it: then our update ships it, and it keeps its own external id.
    picked = world.random.random() < 0.3
    remote_id = world.post(
        "fulfillmentUpdate" if picked else "itemFulfillment",
        f"mlc-{'it' if picked else 'if'}-{shipment}-1",
        [*lines, *told],
        created_from=str(3000 + shipment),
        order_type="SalesOrd",
    )
    if picked:
        world.change(remote_id, external_id=world.random.choice([None, f"WMS-{shipment}"]))
    world.facts += [_fact_of(line) for line in (*lines, *told)]


def _return(world: World, number: int) -> None:
    source, day = f"return {number}", _day(world)
    sku = world.random.choice(SKUS)
    posting = _posting_day(world, day)
    line = _stock(
        "returns", source, sku, world.random.randint(1, 3), "6", day=day, posting=posting
    )
    world.post(
        "itemReceipt",
        f"mlc-rr-{number}-1",
        [line],
        created_from=str(2000 + number),
        order_type="RtnAuth",
    )
    world.facts.append(_fact_of(line))
    if world.random.random() < 0.5:
        gone = msgspec.structs.replace(
            line, source_line=f"{line.source_line} / write-off", quantity=-(line.quantity or 0)
        )
        world.post("inventoryAdjustment", f"mlc-wo-{number}-1", [gone])


def _invoice(world: World, invoice: int) -> None:
    random = world.random
    source, day = f"invoice {invoice}", _day(world)
    posting = _posting_day(world, day)
    currency = random.choice(sorted(MONEY))
    lines = []
    for at in range(random.randint(1, 3)):
        amount = random.randint(1, 99999) * MONEY[currency] * random.choice([1, 1, 1, -1])
        lines.append(
            JournalRow(
                number=0,
                flow="billing",
                source=source,
                source_line=f"charge {at}",
                kind="",
                remote_id="",
                external_id="",
                fact_date=day,
                posting_date=posting,
                amount=amount,
                currency=currency,
                account=ACCOUNTS[at],
                detail="Per Pick Fee",
            )
        )
    credit = sum(line.amount or 0 for line in lines) < 0
    world.post(
        "vendorCredit" if credit else "vendorBill",
        f"mlc-{'vc' if credit else 'vb'}-{invoice}",
        lines,
    )
    world.facts += [_fact_of(line) for line in lines]


def _others(world: World) -> None:
    """Let somebody else move stock at our locations."""
    random = world.random
    internal_id = str(next(world.numbers))
    kind = random.choice(["InvAdjst", "ItemRcpt", "ItemShip", "InvTrnfr", "Build"])
    sku = random.choice(SKUS)
    units = Decimal(random.randint(1000, 2000) * (-1 if kind == "ItemShip" else 1))
    world.movements.append(
        Movement(
            id=internal_id,
            line=1,
            type=kind,
            date=_day(world),
            number=f"X{internal_id}",
            memo=random.choice([None, "count of Friday", "see [1] and [mlc"]),
            created_from=random.choice([None, "4001", "3001"]),
            item=ITEMS[sku],
            item_name=sku,
            location=random.choice(LOCATIONS),
            quantity=units,
            posted=random.random() < 0.9,
        )
    )


def _line(sku: str) -> str:
    return f"inventory {ITEMS[sku]}"


def _stock(
    flow: str, source: str, sku: str, units: int, place: str, *, day: date, posting: date
) -> JournalRow:
    return JournalRow(
        number=0,
        flow=flow,
        source=source,
        source_line=_line(sku),
        kind="",
        remote_id="",
        external_id="",
        fact_date=day,
        posting_date=posting,
        sku=sku,
        item=ITEMS[sku],
        location=place,
        quantity=units,
    )


def _fact_of(entry: JournalRow) -> Fact:
    return Fact(
        flow=entry.flow,
        source=entry.source,
        source_line=entry.source_line,
        fact_date=entry.fact_date,
        sku=entry.sku,
        location=entry.location,
        quantity=entry.quantity,
        amount=entry.amount,
        currency=entry.currency,
    )


# What people do in NetSuite. Each takes a document of ours that is dated in the month.

Tamper = Callable[[World, str], set[Found]]


def delete(world: World, external_id: str) -> set[Found]:
    world.movements = [one for one in world.movements if one.external_id != external_id]
    return {Found(Kind.DOCUMENT_DELETED, external_id)}


def void(world: World, external_id: str) -> set[Found]:
    world.change(world.document(external_id)[0].id, voided=True)
    return {Found(Kind.DOCUMENT_VOIDED, external_id)}


def edit(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    more = Decimal(world.random.randint(1, 9))
    if line.item is None:
        return {*_amount(world, line, (line.amount or Decimal(0)) + more)}
    sign = -1 if (line.quantity or 0) < 0 else 1
    _replace(world, line, quantity=(line.quantity or Decimal(0)) + sign * more)
    return {Found(Kind.DOCUMENT_CHANGED, external_id)}


def _amount(world: World, line: Movement, amount: Decimal) -> set[Found]:
    _replace(world, line, amount=amount)
    return {Found(Kind.AMOUNT_CHANGED, line.external_id or "")}


def _replace(world: World, line: Movement, **changes: object) -> None:
    world.movements[world.movements.index(line)] = msgspec.structs.replace(line, **changes)


def drop_a_line(world: World, external_id: str) -> set[Found]:
    lines = world.document(external_id)
    if len({one.line % 500 for one in lines}) == 1:
        return edit(world, external_id)
    gone = lines[0]
    world.movements = [
        one for one in world.movements if one.id != gone.id or one.line % 500 != gone.line % 500
    ]
    kind = Kind.AMOUNT_CHANGED if gone.item is None else Kind.DOCUMENT_CHANGED
    return {Found(kind, external_id)}


def double(world: World, external_id: str) -> set[Found]:
    """Make a copy, as a person does with Make Copy: the memo is kept, the external id is not."""
    internal_id = str(next(world.numbers))
    world.movements += [
        msgspec.structs.replace(one, id=internal_id, external_id=None, number=f"C{internal_id}")
        for one in world.document(external_id)
    ]
    return {Found(Kind.DOCUMENT_DOUBLED, external_id)}


def double_without_memo(world: World, external_id: str) -> set[Found]:
    """Enter the same again from the same order, or the same bill of the same vendor."""
    lines = world.document(external_id)
    if lines[0].created_from is None and lines[0].item is not None:
        return double(world, external_id)
    internal_id = str(next(world.numbers))
    world.movements += [
        msgspec.structs.replace(one, id=internal_id, external_id=None, memo=None) for one in lines
    ]
    return {Found(Kind.DOCUMENT_DOUBLED, external_id)}


def relocate(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    if line.item is None:
        return reclassify(world, external_id)
    for one in world.document(external_id):
        if one.line % 500 == line.line % 500:
            _replace(world, one, location="8")
    return {Found(Kind.LOCATION_CHANGED, external_id)}


def reclassify(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    if line.item is not None:
        return relocate(world, external_id)
    _replace(world, line, account="99")
    return {Found(Kind.ACCOUNT_CHANGED, external_id)}


def change_the_currency(world: World, external_id: str) -> set[Found]:
    """Have the bill in another currency, with the same numbers."""
    lines = world.document(external_id)
    if lines[0].item is not None:
        return relocate(world, external_id)
    for line in lines:
        _replace(world, line, currency="CHF")
    return {Found(Kind.CURRENCY_CHANGED, external_id)}


def swap_the_item(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    if line.item is None:
        return edit(world, external_id)
    for one in world.document(external_id):
        if one.line % 500 == line.line % 500:
            _replace(world, one, item="777", item_name="SOMETHING-ELSE")
    return {Found(Kind.DOCUMENT_CHANGED, external_id)}


def redate(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    day = line.date + timedelta(days=1 if line.date < MONTH.last else -1)
    world.change(line.id, date=day)
    return {Found(Kind.DATE_CHANGED, external_id)}


def move_to_another_month(world: World, external_id: str) -> set[Found]:
    line = world.document(external_id)[0]
    day = world.random.choice([MONTH.first - timedelta(days=3), MONTH.after])
    world.change(line.id, date=day)
    return {Found(Kind.PERIOD_CHANGED, external_id)}


def take_the_external_id(world: World, external_id: str) -> set[Found]:
    """Take the one thing away by which it is known: what is transformed has its memo besides."""
    line = world.document(external_id)[0]
    changes: dict[str, object] = {"external_id": world.random.choice([None, "SOMEBODY-1"])}
    if line.type in OF_TRANSFORMS and changes["external_id"] is None:
        changes["memo"] = world.random.choice([None, "my own", f"count [{external_id}0]"])
    world.change(line.id, **changes)
    return {Found(Kind.EXTERNAL_ID_CHANGED, external_id)}


def enter_anew_with_another_id(world: World, external_id: str) -> set[Found]:
    """Delete it and enter it again by hand, changed."""
    line = world.document(external_id)[0]
    world.change(line.id, id=str(next(world.numbers)))
    return edit(world, external_id)


def keep_none_from_transforms(world: World) -> None:
    """Let the account be one that ignores the external id in a transform."""
    for one in world.movements:
        if one.type in OF_TRANSFORMS and (one.external_id or "").startswith("mlc-"):
            world.change(one.id, external_id=None)


IN_NETSUITE: tuple[Tamper, ...] = (
    delete,
    void,
    edit,
    drop_a_line,
    double,
    double_without_memo,
    relocate,
    reclassify,
    change_the_currency,
    swap_the_item,
    redate,
    move_to_another_month,
    take_the_external_id,
    enter_anew_with_another_id,
)


# What happens at ShipBob, and what we did not do about it. Each takes a line of a source of
# the month, by its place among the facts.

At = Callable[[World, int], set[Found]]


def _about(fact: Fact) -> str:
    return f"{fact.source}, {fact.source_line}"


def raise_it(world: World, at: int) -> set[Found]:
    """Let ShipBob say more, with nobody waiting for it."""
    fact = world.facts[at]
    if not fact.moves:
        return leave_untold(world, at)
    world.facts[at] = _with(fact, world.random.randint(1, 9))
    return {Found(Kind.FACT_NOT_POSTED, _about(fact))}


def leave_untold(world: World, at: int) -> set[Found]:
    """Let nothing be said of a parcel, of whatever source this is."""
    fact = msgspec.structs.replace(
        world.facts[at], source_line="parcel 1Z000", sku=None, quantity=None, amount=None
    )
    fact = msgspec.structs.replace(fact, currency=None, refused=Decimal(0), reason="")
    world.facts.append(fact)
    return {Found(Kind.FACT_NOT_POSTED, _about(fact))}


def raise_and_park(world: World, at: int) -> set[Found]:
    fact = world.facts[at]
    if not fact.moves:
        return leave_untold(world, at)
    world.facts[at] = msgspec.structs.replace(
        _with(fact, world.random.randint(1, 9)),
        waiting=Waiting(state="parked", cause="sku_missing_in_netsuite", sentence="No such item"),
    )
    return {Found(Kind.FACT_WAITING, _about(fact))}


def lower_it(world: World, at: int) -> set[Found]:
    fact = world.facts[at]
    if not fact.moves:
        return leave_untold(world, at)
    world.facts[at] = _with(fact, -1)
    return {Found(Kind.FACT_WENT_DOWN, _about(fact))}


def rename_the_sku(world: World, at: int) -> set[Found]:
    fact = world.facts[at]
    posted = any(
        (one.source, one.source_line) == (fact.source, fact.source_line) for one in world.entries
    )
    if fact.sku is None or not posted:
        return raise_it(world, at)
    world.facts[at] = msgspec.structs.replace(fact, sku="RENAMED")
    return {Found(Kind.SKU_CHANGED, _about(fact))}


def vanish(world: World, at: int) -> set[Found]:
    """Let the line be gone from its source, which is still there."""
    fact = world.facts[at]
    others = [one for one in world.facts if one.source == fact.source and one is not fact]
    if not fact.moves or not others or fact.refused or others[-1].fact_date not in MONTH:
        return lower_it(world, at)
    world.facts[at] = msgspec.structs.replace(
        others[0], source_line="another line", quantity=0, amount=None, refused=Decimal(0)
    )
    return {Found(Kind.FACT_WENT_DOWN, _about(fact))}


def never_tell(world: World, at: int) -> set[Found]:
    """Let ShipBob have a source that we have never heard of."""
    fact = msgspec.structs.replace(
        world.facts[at],
        source=f"{world.facts[at].source}{next(world.numbers)}",
        told=False,
        refused=Decimal(0),
    )
    world.facts.append(fact)
    return {Found(Kind.FACT_NEVER_TOLD, _about(fact))}


def forget_to_post(world: World, at: int) -> set[Found]:
    """Let us know of a source and do nothing about it."""
    fact = msgspec.structs.replace(
        world.facts[at],
        source=f"{world.facts[at].source}{next(world.numbers)}",
        refused=Decimal(0),
    )
    world.facts.append(fact)
    return {Found(Kind.FACT_NOT_POSTED, _about(fact))}


AT_SHIPBOB: tuple[At, ...] = (
    raise_it,
    leave_untold,
    raise_and_park,
    lower_it,
    rename_the_sku,
    vanish,
    never_tell,
    forget_to_post,
)


def _with(fact: Fact, more: int) -> Fact:
    """Return the fact with more of what it has, away from zero."""
    if fact.quantity is not None:
        sign = -1 if fact.quantity < 0 else 1
        return msgspec.structs.replace(fact, quantity=fact.quantity + sign * more)
    amount = fact.amount or Decimal(0)
    smallest = MONEY[fact.currency or "USD"] if more < 0 else Decimal(1)
    sign = -1 if amount < 0 else 1
    return msgspec.structs.replace(fact, amount=amount + sign * more * smallest)
