"""Whatever is ordered, delivered and done by people: units are booked once, and where they are.

Hundreds of orders are drawn by one seed, which is printed. ``MLC_TEST_SEED`` gives another seed
and ``MLC_TEST_ORDERS`` another number of orders. What must be is told from what both simulated
systems hold and from what was done, never from what the installation says it planned.
"""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from acceptance.closing import close
from acceptance.deliveries import (
    BEHIND_HUB,
    CASE,
    HUB,
    PLACES,
    ROUNDS,
    Deliveries,
    Order,
    Story,
    start,
    stowed,
    wro_of,
)
from acceptance.in_process import sync
from acceptance.merchant import fresh_database, merchant
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.decisions.offers import offered
from ml_connector.app.operations.decisions.proposal import propose
from ml_connector.app.operations.decisions.recording import decide
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import STOCK
from ml_connector.sim.shipbob.books.receiving import OPEN_STATUSES, Wro
from ml_connector.words import DecisionKind
from waiting import until

SEED: Final = int(os.environ.get("MLC_TEST_SEED", "20261130"))
ORDERS: Final = int(os.environ.get("MLC_TEST_ORDERS", "300"))

Place = tuple[int, str, int]
"""An order, a SKU and the location of a WRO."""


class Booked(NamedTuple):
    """What stands in NetSuite at one moment.

    Attributes:
        ours: units of our documents by WRO and SKU.
        at: the same by WRO, SKU and location.
        received: those of our receipts by WRO and SKU.
        open: units that orders expect, by order, SKU and location.
    """

    ours: Counter[tuple[int, str]]
    at: Counter[tuple[int, str, int]]
    received: Counter[tuple[int, str]]
    open: Counter[Place]


class Oracle:
    """What must be, by what was done."""

    def __init__(self, world: Deliveries) -> None:
        self.world = world
        self.wrong: list[str] = []
        self.decided: set[tuple[int, int]] = set()

    def now(self) -> Booked:
        ours: Counter[tuple[int, str]] = Counter()
        at: Counter[tuple[int, str, int]] = Counter()
        received: Counter[tuple[int, str]] = Counter()
        for name, sku, location, units in self.world.moves():
            wro = wro_of(name)
            if wro is not None:
                ours[wro, sku] += units
                at[wro, sku, location] += units
                if name.startswith("mlc-ir-"):
                    received[wro, sku] += units
        opened: Counter[Place] = Counter()
        for story in self.world.stories:
            for order in story.orders:
                for line in self.world.lines(order):
                    opened[order.id, line.sku, line.location] += line.open
        return Booked(ours, at, received, opened)

    def check(self, before: Booked) -> None:
        """Look at what was booked since."""
        now = self.now()
        states = self._states()
        self._check_receipts()
        for story in self.world.stories:
            for key in story.wros:
                self._check_wro(story, self.world.wro(key), now, states.get(str(key)))
            self._check_allocation(story, before, now)

    def _states(self) -> dict[str, dict[str, Any]]:
        rows = self.world.acme.rows(
            "select key, state, cause, sentence from subject where flow = 'receiving'"
        )
        return {row["key"]: row for row in rows}

    def waiting(self, story: Story, wro: Wro, now: Booked) -> dict[str, int]:
        """Units by SKU that are stowed, and neither booked nor handled."""
        found = {}
        for sku in story.kinds:
            units = stowed(wro, self.world.inventory_id(sku)) - now.ours[wro.id, sku]
            units -= self.same(story, wro, sku, decided=True)
            if units:
                found[sku] = units
        return found

    def same(self, story: Story, wro: Wro, sku: str, *, decided: bool = False) -> int:
        """Units of a WRO that a person has received by hand; those that were decided about."""
        order = story.order_of(wro.id)
        return sum(
            units
            for receipt in (order.receipts if order else ())
            if receipt.same_as == wro.id
            and (not decided or (wro.id, receipt.document) in self.decided)
            for (one, _), units in receipt.units.items()
            if one == sku
        )

    def _check_wro(
        self, story: Story, wro: Wro, now: Booked, subject: dict[str, Any] | None
    ) -> None:
        waits = self.waiting(story, wro, now)
        told = f"{self._told(story, wro)}; {subject}; waits {waits}"
        for sku in story.kinds:
            have = stowed(wro, self.world.inventory_id(sku))
            booked = now.ours[wro.id, sku] + self.same(story, wro, sku)
            if booked > have and wro.id not in story.recounted:
                self.wrong.append(f"{sku}: {booked} are booked of {have}: {told}")
        if subject is None:
            if waits and wro.status != "Cancelled":
                self.wrong.append(f"nothing was told: {told}")
            return
        state, cause = subject["state"], subject["cause"]
        if state not in {"done", "parked", "dead"}:
            self.wrong.append(f"not settled: {told}")
        stopped = state in {"parked", "dead"}
        if waits and not stopped and not self._rest_of_a_case(story, waits, wro):
            self.wrong.append(f"units wait and nobody is told: {told}")
        if stopped and not waits and not self._same_waits(story, wro):
            self.wrong.append(f"stopped with nothing waiting: {told}")
        if stopped and cause not in self._reasons(story, wro):
            self.wrong.append(f"stopped without reason: {told}")
        self._check_location(story, wro, now, told)

    def _same_waits(self, story: Story, wro: Wro) -> bool:
        return any(
            self.same(story, wro, sku) > self.same(story, wro, sku, decided=True)
            for sku in story.kinds
        )

    def _rest_of_a_case(self, story: Story, waits: dict[str, int], wro: Wro) -> bool:
        return wro.status in OPEN_STATUSES and all(
            story.kinds[sku] == "case" and units > 0 for sku, units in waits.items()
        )

    def _check_location(self, story: Story, wro: Wro, now: Booked, told: str) -> None:
        place = PLACES[wro.destination_id]
        through_hub = wro.destination_id == BEHIND_HUB
        for sku in story.kinds:
            for location in {*PLACES.values(), 9}:
                units = now.at[wro.id, sku, location]
                allowed = location == place or (through_hub and location == PLACES[HUB])
                if units and not allowed:
                    self.wrong.append(f"{units} x {sku} at {location}, not {place}: {told}")
            left = now.at[wro.id, sku, PLACES[HUB]]
            is_moved = through_hub and self._is_moved_on(story, wro, now)
            if is_moved and story.kinds[sku] != "lot" and left:
                self.wrong.append(f"{left} x {sku} stay at the hub's location: {told}")

    def _is_moved_on(self, story: Story, wro: Wro, now: Booked) -> bool:
        """Whether the hub has sent a WRO on that has ended and been booked."""
        sent = any(status == "InternalTransfer" for status, _ in wro.history)
        by_lot = any(now.ours[wro.id, sku] for sku in story.kinds if story.kinds[sku] == "lot")
        ended = wro.status not in OPEN_STATUSES
        waits = self.waiting(story, wro, now) or self._same_waits(story, wro)
        return sent and ended and not by_lot and not waits

    def _reasons(self, story: Story, wro: Wro) -> set[str]:
        """Return the causes that may stop a WRO, by what was done."""
        order = story.order_of(wro.id)
        number = (wro.purchase_order_number or "").strip()
        kinds = {
            story.kinds[sku] for sku in story.kinds if stowed(wro, self.world.inventory_id(sku))
        }
        found: set[str] = set()
        if wro.id in story.recounted:
            found.add("quantity_went_down")
        if "case" in kinds:
            found.add("unit_differs")
        if "lot" in kinds:
            found.add("lot_tracked")
        if order is None and number:
            found.add("purchase_order_not_found")
        if order is not None:
            if number != order.number:
                found |= {"purchase_order_not_found", "purchase_order_ambiguous"}
            if len(story.orders) > 1:
                found.add("purchase_order_ambiguous")
            if order.has_closed_line:
                found.add("purchase_order_closed")
            if self.in_question(wro, order):
                found.add("received_by_others")
        return found

    def in_question(self, wro: Wro, order: Order) -> list[Any]:
        places = {PLACES[wro.destination_id], PLACES.get(wro.center_id)}
        return [
            receipt
            for receipt in order.receipts
            if (wro.id, receipt.document) not in self.decided
            and any(
                location in places and stowed(wro, self.world.inventory_id(sku))
                for sku, location in receipt.units
            )
        ]

    def _check_receipts(self) -> None:
        owners = {
            wro: (order.id, order.number)
            for story in self.world.stories
            for order in story.orders
            for wro in order.wros
        }
        for name, order_id, line, location, units in self.world.received():
            wro = wro_of(name)
            if wro is None:
                continue
            place = PLACES[self.world.wro(wro).destination_id]
            if location != place:
                self.wrong.append(f"{name}: {units} on line {line} of {location}, not {place}")
            if owners.get(wro, (0,))[0] != order_id:
                self.wrong.append(f"{name} is of order {order_id}, not {owners.get(wro)}")

    def _check_allocation(self, story: Story, before: Booked, now: Booked) -> None:
        """What was booked since filled first what its order expected at its location."""
        for order in story.orders:
            for sku, kind in story.kinds.items():
                wros: dict[int, list[int]] = defaultdict(list)
                for wro in order.wros:
                    wros[PLACES[self.world.wro(wro).destination_id]].append(wro)
                for place, ids in wros.items():
                    booked = sum(now.ours[wro, sku] - before.ours[wro, sku] for wro in ids)
                    taken = sum(now.received[wro, sku] - before.received[wro, sku] for wro in ids)
                    room = before.open[order.id, sku, place]
                    said = f"{order.number} {sku} at {place}: {taken} of {booked}, room {room}"
                    if kind != "case" and taken != min(booked, room):
                        self.wrong.append(f"not the order's units first: {said}")
                    if kind == "case" and (taken > room or taken % CASE):
                        self.wrong.append(f"not in whole cases: {said}")
                    if booked > taken and room - taken >= CASE * len(ids):
                        self.wrong.append(f"surplus beside room: {said}")

    def _told(self, story: Story, wro: Wro) -> str:
        order = story.order_of(wro.id)
        receipts = [
            (one.number, one.same_as, one.units) for one in (order.receipts if order else ())
        ]
        units = {sku: stowed(wro, self.world.inventory_id(sku)) for sku in story.kinds}
        return (
            f"wro {wro.id} ({wro.purchase_order_number!r}, {wro.status}, {wro.center_id}) of"
            f" {order.number if order else None}: {units} {story.kinds} {receipts}"
        )

    def kinds_decided(self) -> Counter[tuple[bool, str]]:
        """How often a receipt was the WRO's own, or another matter, by how the WRO stands."""
        states = self._states()
        receipts = {
            receipt.document: receipt.same_as
            for story in self.world.stories
            for order in story.orders
            for receipt in order.receipts
        }
        return Counter(
            (receipts[document] == wro, str(states[str(wro)]["state"]))
            for wro, document in self.decided
        )

    # At the end

    def close(self) -> None:
        """Compare simulated stock and the month end with what must be."""
        now = self.now()
        self._check_stock(now)
        opened = list(self._open())
        self._check_tied_out([one for one in opened if one.section == STOCK.key], now)
        told = {one.source: one for one in opened if one.section != STOCK.key}
        for story in self.world.stories:
            for key in story.wros:
                wro = self.world.wro(key)
                waits = self.waiting(story, wro, now)
                shown = told.pop(f"wro {key}", None)
                if bool(waits) != bool(shown):
                    self.wrong.append(
                        f"month end says {shown and shown.says}, waits {waits}:"
                        f" {self._told(story, wro)}"
                    )
        self.wrong += [f"month end says {one.says}" for one in told.values()]

    def _open(self) -> Iterator[Difference]:
        zone = ZoneInfo("America/Chicago")
        days = {start().now(), self.world.clock.now()}
        months = {Month.of(day.astimezone(UTC).astimezone(zone).date()) for day in days}
        for month in months:
            yield from close(self.world.acme, month=month).report.open

    def _check_tied_out(self, found: list[Difference], now: Booked) -> None:
        """Stock ties out everywhere but where people received units beside what ShipBob has.

        Where as many wait there, what they received may be of it, and is at ShipBob as well: the
        WRO itself is red.
        """
        beside: Counter[tuple[str, int]] = Counter()
        waiting: Counter[tuple[str, int]] = Counter()
        for story in self.world.stories:
            beside.update(self._beside(story))
            for key in story.wros:
                wro = self.world.wro(key)
                at = site(PLACES[wro.destination_id])
                waiting.update({(sku, at): n for sku, n in self.waiting(story, wro, now).items()})
        red = {(one.what, site(int(one.where))): one.says for one in found}
        must = {place for place, units in beside.items() if units and units > waiting[place]}
        for place in red.keys() ^ must:
            self.wrong.append(
                f"{place} must be red: {place in must} ({beside[place]} beside,"
                f" {waiting[place]} wait); it is: {red.get(place)}"
            )

    def _check_stock(self, now: Booked) -> None:
        """NetSuite has ShipBob's units, less what waits, and what people received beside."""
        stock = self.world.acme.world.netsuite.stock()
        netsuite: Counter[tuple[str, int]] = Counter()
        for (sku, location), quantity in stock.items():
            if location in PLACES.values():
                netsuite[sku, site(location)] += int(quantity)
        must: Counter[tuple[str, int]] = Counter()
        for (sku, center), units in self.world.acme.world.shipbob.stock().items():
            must[sku, site(PLACES[center])] += units
        for story in self.world.stories:
            for key in story.wros:
                wro = self.world.wro(key)
                for sku, units in self.waiting(story, wro, now).items():
                    must[sku, site(PLACES[wro.destination_id])] -= units
            must.update(self._beside(story))
        for place in {*must, *netsuite}:
            if must[place] != netsuite[place]:
                self.wrong.append(f"{place}: {netsuite[place]} in NetSuite, not {must[place]}")

    def _beside(self, story: Story) -> Counter[tuple[str, int]]:
        """Units that people received and that no decision counts for a WRO."""
        found: Counter[tuple[str, int]] = Counter()
        for receipt in (one for order in story.orders for one in order.receipts):
            if (receipt.same_as, receipt.document) not in self.decided:
                for (sku, location), units in receipt.units.items():
                    if location in PLACES.values():
                        found[sku, site(location)] += units
        return found


def site(location: int) -> int:
    """A location, or for a hub's that of the center behind it: goods are on their way there."""
    return PLACES[BEHIND_HUB] if location == PLACES[HUB] else location


class Installation:
    """What the installation does meanwhile."""

    def __init__(self, world: Deliveries, oracle: Oracle) -> None:
        self.world, self.oracle = world, oracle

    def announce(self) -> None:
        """Push the orders that changed; the second ones of a story after the first ones."""
        for place in (0, 1):
            due = [
                story.orders[place]
                for story in self.world.stories
                if len(story.orders) > place and story.orders[place].changed
            ]
            if due:
                sync(self.world.acme, "purchase-orders", [str(order.id) for order in due])
            self._assign(place)
            for order in due:
                order.changed = False

    def _assign(self, place: int) -> None:
        known = {wro for story in self.world.stories for wro in story.wros}
        by_number = {str(story.number): story for story in self.world.stories}
        for wro in self.world.acme.world.shipbob.books.receiving.wros.values():
            if wro.id not in known:
                number = (wro.purchase_order_number or "").removeprefix("PO").split("-")[0]
                by_number[number].orders[place].wros.add(wro.id)

    def receive(self) -> None:
        """Look at the WROs that changed."""
        before = self.oracle.now()
        due = {wro for story in self.world.stories for wro in story.changed}
        sync(self.world.acme, "receiving", [str(wro) for wro in sorted(due)])
        asyncio.run(self._work_off())
        for story in self.world.stories:
            story.changed.clear()
        self.oracle.check(before)

    async def _work_off(self) -> None:
        """Let a worker try again what is due again: WROs of one order that were booked at once."""
        if not self._moving():
            return
        async with open_installation(self.world.acme.settings) as installation:
            lanes = lanes_of(installation, ConnectionContexts(installation))
            async with lanes.open():
                lane = asyncio.create_task(lanes.work("acme", at_once=4, grace_seconds=5))
                await until(lambda: not self._moving())
                lane.cancel()
                await asyncio.gather(lane, return_exceptions=True)

    def _moving(self) -> list[dict[str, Any]]:
        return self.world.acme.rows(
            "select key from subject where flow = 'receiving'"
            " and state in ('received', 'working', 'retrying')"
        )

    def decide(self) -> None:
        """Let a person say of each receipt in question whether its units are the WRO's."""
        for _ in range(6):
            made = asyncio.run(self._decide())
            if not made:
                return
            for story in self.world.stories:
                story.changed |= made & set(story.wros)
            self.receive()

    async def _decide(self) -> set[int]:
        made: set[int] = set()
        acme = self.world.acme
        async with open_installation(acme.settings) as installation:
            for row in acme.rows(
                "select s.key, s.cause, s.state, max(e.id) as event from subject as s"
                " join event as e on e.subject_id = s.id where s.flow = 'receiving'"
                " and s.state in ('parked', 'dead') group by s.id"
            ):
                wanted = self._wanted(int(row["key"]), row)
                if wanted is not None:
                    document, what = wanted
                    proposal = await propose(installation, ["acme"], row["event"], what)
                    await decide(installation, proposal, person="dock")
                    self.oracle.decided.add((int(row["key"]), document))
                    made.add(int(row["key"]))
        return made

    def _wanted(self, key: int, row: dict[str, Any]) -> tuple[int, Wanted] | None:
        offers = offered("receiving", row["state"], row["cause"])
        for story in self.world.stories:
            order = story.order_of(key)
            if order is None:
                continue
            for receipt in self.oracle.in_question(self.world.wro(key), order):
                kind = DecisionKind.HANDLED if receipt.same_as == key else DecisionKind.SEPARATE
                if kind in offers and (
                    kind is DecisionKind.HANDLED or row["cause"] == "received_by_others"
                ):
                    return receipt.document, Wanted(
                        kind=kind, document=receipt.number, note="Asked the dock"
                    )
        return None


@pytest.fixture
def world(tmp_path: Path, server_url: str, template: str) -> Iterator[Deliveries]:
    clock = start()
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=clock) as acme,
    ):
        netsuite, shipbob = acme.world.netsuite, acme.world.shipbob
        shipbob.announcer.tune(losses=1.0)
        shipbob.books.limit.per_minute = 0
        for location in (8, 9, 11):
            netsuite.add_location(f"Place {location}", internal_id=location, subsidiary=1)
        shipbob.add_fulfillment_center(HUB, "Hub (PA)", receiving=False)
        shipbob.add_fulfillment_center(BEHIND_HUB, "Bethlehem (PA)", hub=HUB)
        acme.apply(
            locations="\n".join(f'"{center}" = "{place}"' for center, place in PLACES.items()),
            limits="shipbob_per_minute = 100000",
        )
        yield Deliveries(acme, clock, Random(SEED))


def test_units_are_booked_once_and_where_they_are(world: Deliveries) -> None:
    print(f"MLC_TEST_SEED={SEED} MLC_TEST_ORDERS={ORDERS}")  # noqa: T201 - to draw it again
    oracle = Oracle(world)
    ours = Installation(world, oracle)
    world.enter(ORDERS)
    world.before_announcing()
    ours.announce()
    for day in range(ROUNDS):
        world.happen(last=day == ROUNDS - 1)
        ours.receive()
        ours.announce()
    ours.decide()
    ours.announce()
    oracle.close()

    assert {same for same, _ in oracle.kinds_decided()} == {True, False} or ORDERS < 300
    assert not oracle.wrong, f"MLC_TEST_SEED={SEED}\n" + "\n".join(oracle.wrong)
