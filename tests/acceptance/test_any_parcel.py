"""Whatever is ordered, shipped and done by people: every parcel is fulfilled once, where it left.

Hundreds of orders of two shops are drawn by one seed, which is printed. ``MLC_TEST_SEED`` gives
another seed and ``MLC_TEST_ORDERS`` another number of orders. What must be is told from what both
simulated systems hold and from what was done, never from what the installation says it planned.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

import drawn_worlds
from acceptance.closing import close
from acceptance.deliveries import start
from acceptance.in_process import sync
from acceptance.merchant import fresh_database, merchant
from acceptance.parcels import Parcels
from acceptance.sales import (
    OTHER_SHOP,
    OWN_WAREHOUSE,
    PLACES,
    ROUNDS,
    Fulfillment,
    Hand,
    Sale,
)
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.decisions.offers import offered
from ml_connector.app.operations.decisions.proposal import propose
from ml_connector.app.operations.decisions.recording import decide
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import STOCK
from ml_connector.sim.readings import Readings
from ml_connector.sim.shipbob.books.orders import GONE, Shipment
from ml_connector.words import DecisionKind
from waiting import until

SEED: Final = int(os.environ.get("MLC_TEST_SEED", "20261130"))
WORLDS: Final = (1,)
"""Drawn for a few of them besides; others by ``MLC_TEST_WORLD``."""
ORDERS: Final = int(os.environ.get("MLC_TEST_ORDERS", "300"))

SETTLED: Final = "done"
STOPPED: Final = frozenset({"parked", "dead"})


class Oracle:
    """What must be, by what was done."""

    def __init__(self, world: Parcels) -> None:
        self.world = world
        self.wrong: list[str] = []
        self.states: dict[int, dict[str, Any]] = {}
        self.by_rule: set[int] = set()
        self.seen: set[int] = set()
        self.people_mend = False

    def look(self) -> None:
        rows = self.world.acme.rows(
            "select key, state, cause, sentence from subject where flow = 'tracking'"
        )
        self.states = {int(row["key"]): row for row in rows}

    def check(self) -> None:
        """Look at what stands in NetSuite now."""
        self.look()
        made = self.world.fulfillments()
        owners = {one.id: sale for sale in self.world.sales for one in sale.order.shipments}
        for found in (one for some in made.values() for one in some):
            owner = owners.get(found.shipment) if found.shipment else None
            if found.shipment and (owner is None or owner.sales_order != found.sales_order):
                self.wrong.append(f"{found} is of another order")
        for sale in self.world.sales:
            self._check_sale(sale, made.get(sale.sales_order or 0, []))
        settled = {one for one, row in self.states.items() if row["state"] == SETTLED}
        self.wrong += [f"stock: {one}" for one in self.world.stock_apart(settled)]

    def _check_sale(self, sale: Sale, made: list[Fulfillment]) -> None:
        ours = {one.shipment: one for one in made if one.shipment}
        of_others = {one.id: one for one in made if not one.shipment}
        for shipment in sale.order.shipments:
            self._check_state(sale, shipment, ours.get(shipment.id))
        pool: list[Hand] = []
        for hand in sale.hands:
            alone = len(hand.shipments) < 2 and not self._names(sale, hand)
            if hand.is_exact and alone:
                pool.append(hand)
        for shipment in sale.live:
            if self._state(shipment) == SETTLED and shipment.status in GONE:
                self._check_covered(sale, shipment, ours.get(shipment.id), of_others, pool)
        self._check_pool(sale, ours, pool)

    def _state(self, shipment: Shipment) -> str:
        return str(self.states.get(shipment.id, {}).get("state", ""))

    def _names(self, sale: Sale, hand: Hand) -> bool:
        """Whether a number on it is that of one live shipment alone."""
        if not hand.is_named or not hand.shipments:
            return False
        [shipment] = [sale.find(one) for one in list(hand.shipments)[:1]]
        numbers = Counter(one.parcels[0].tracking_number for one in sale.live if one.parcels)
        return bool(shipment.parcels) and numbers[shipment.parcels[0].tracking_number] < 2

    def _check_state(self, sale: Sale, shipment: Shipment, own: Fulfillment | None) -> None:
        subject = self.states.get(shipment.id)
        told = self.told(sale, shipment)
        if subject is None:
            if shipment.status in GONE:
                self.wrong.append(f"never looked at: {told}")
            return
        state, cause = subject["state"], subject["cause"]
        if state not in {SETTLED, *STOPPED}:
            self.wrong.append(f"not settled: {told}")
        if state in STOPPED and cause not in sale.reasons(shipment.id):
            self.wrong.append(f"stopped without reason: {told}")
        if shipment.status not in GONE and own is not None and state not in STOPPED:
            self.wrong.append(f"has not left, is fulfilled, and nobody is told: {told}")

    def _check_covered(
        self,
        sale: Sale,
        shipment: Shipment,
        own: Fulfillment | None,
        of_others: dict[int, Fulfillment],
        pool: list[Hand],
    ) -> None:
        """Look for the one fulfilment of a shipment that is said to be settled."""
        told = self.told(sale, shipment)
        units, place = sale.units(shipment), sale.place(shipment)
        hands = [
            hand
            for hand in sale.hands
            if shipment.id in hand.shipments and hand not in pool and hand.is_exact
        ]
        if own is not None:
            must = Counter({(sku, place): count for sku, count in (units or {}).items()})
            if own.units != must or own.status != "C":
                self.wrong.append(f"{own} is not what left: {told}")
            if own.id not in self.seen:
                self._check_lines(sale, own, place, told)
            self.seen.add(own.id)
            if hands:
                self.wrong.append(f"twice, by {own} and {hands}: {told}")
            return
        if not hands:
            return  # the pool must have one
        if len(hands) > 1:
            self.wrong.append(f"twice, by {hands}: {told}")
        for hand in hands:
            found = of_others.get(hand.document)
            together = [sale.find(one) for one in hand.shipments]
            if found is None or found.status != "C":
                self.wrong.append(f"{found} of {hand} is not shipped: {told}")
            elif sale.units(*together) != hand.units:
                self.wrong.append(f"{hand} is not what left: {told}")

    def _check_lines(self, sale: Sale, own: Fulfillment, place: int, told: str) -> None:
        """Look whether one that was just made has passed over lines of its location.

        One of another location has taken none of these either, where people did nothing.
        """
        elsewhere = {sku for sku, at in own.ordered_at if at != place}
        quiet = not sale.may_stop and not sale.of_shipment
        for other in self.world.of(sale) if quiet and elsewhere else ():
            is_there = any(at == place for _, at in other.units)
            if not is_there and any((sku, place) in other.ordered_at for sku in elsewhere):
                self.wrong.append(f"{own} and {other} take each other's lines: {told}")
        for line in self.world.lines(sale):
            if line.open and line.location == place and line.sku in elsewhere:
                self.wrong.append(f"{own} takes lines of {own.ordered_at}, not {line}: {told}")

    def _check_pool(
        self,
        sale: Sale,
        ours: dict[int, Fulfillment],
        pool: list[Hand],
    ) -> None:
        """What people fulfilled without saying for which: one for each shipment that is alike."""
        spoken_for = {
            one
            for hand in sale.hands
            if hand not in pool and hand.is_exact
            for one in hand.shipments
        }
        free = [one for one in sale.live if one.id not in ours and one.id not in spoken_for]
        settled = [one for one in free if one.status in GONE and self._state(one) == SETTLED]
        alike: dict[str, list[list[object]]] = {}
        for shipment in free:
            key = f"{sorted((sale.units(shipment) or {}).items())} at {sale.place(shipment)}"
            alike.setdefault(key, [[], [], []])[0 if shipment in settled else 1].append(
                shipment.id
            )
        for hand in pool:
            key = f"{sorted(hand.units.items())} at {hand.location}"
            alike.setdefault(key, [[], [], []])[2].append(hand)
        for key, (done, others, hands) in alike.items():
            for_one = [hand for hand in hands if isinstance(hand, Hand) and hand.shipments]
            if len(done) > len(for_one) and not self._by_rule(sale, done, len(hands)):
                self.wrong.append(f"done without a fulfilment: {key}: {done} {self._of(sale)}")
            gone = [hand for hand in for_one if not self._is_live(sale, hand)]
            if len(for_one) - len(gone) - len(done) > len(others):
                self.wrong.append(f"fulfilled twice: {key}: {done}, {hands} {self._of(sale)}")

    def _by_rule(self, sale: Sale, shipments: list[object], hands: int) -> bool:
        """Whether what people fulfilled for another matter counts, as nothing says so.

        It holds just these units, from there, and the order has them open no more.
        """
        for one in [one for one in shipments if one not in self.by_rule]:
            units = sale.units(sale.find(int(str(one)))) or Counter()
            left: Counter[str] = Counter()
            for line in self.world.lines(sale):
                left[line.sku] += line.open
            if not self.people_mend and all(units[sku] <= left[sku] for sku in units):
                return False
            self.by_rule.add(int(str(one)))
        return len(shipments) <= hands

    def _is_live(self, sale: Sale, hand: Hand) -> bool:
        return all(sale.find(one).status != "Cancelled" for one in hand.shipments)

    def told(self, sale: Sale, shipment: Shipment) -> str:
        numbers = [parcel.tracking_number for parcel in shipment.parcels]
        return (
            f"shipment {shipment.id} {shipment.status} {numbers} at {sale.place(shipment)}:"
            f" {sale.units(shipment)}; {self.states.get(shipment.id)};"
            f" {sale.reasons(shipment.id)} {self._of(sale)}"
        )

    def _of(self, sale: Sale) -> str:
        others = [
            (one.id, one.status, sale.place(one), self._state(one), dict(sale.units(one) or {}))
            for one in sale.order.shipments
        ]
        return (
            f"in {sale.number} ({sale.sales_order}): {others}, {self.world.of(sale)}, {sale.hands}"
        )

    # At the end

    def stopped(self, sale: Sale) -> list[tuple[Shipment, str]]:
        found = [(one, self.states.get(one.id)) for one in sale.order.shipments]
        return [(one, str(row["cause"])) for one, row in found if row and row["state"] in STOPPED]

    def close(self) -> None:
        """Compare the month end with what must be: whatever waits is shown, and nothing else."""
        opened = list(self._open())
        self._check_tied_out(opened)
        waits = {
            f"shipment {one.id}" for sale in self.world.sales for one, _ in self.stopped(sale)
        }
        shown: set[str] = set()
        for one in opened:
            if one.section == STOCK.key:
                continue
            shown.add(one.source)
            if one.source not in waits and not self._is_explained(one):
                self.wrong.append(f"month end says {one.kind}: {one.says}")
        for source in waits - shown:
            told = self.states[int(source.split()[1])]
            self.wrong.append(f"the month end does not show {source}: {told}")

    def _check_tied_out(self, opened: list[Difference]) -> None:
        """Stock is red just where the two systems have not the same.

        Where a parcel has stopped, what waits of it may be the difference; and of a pack the
        document itself is red, which does not list what the pack is made of.
        """
        red = {(one.what, int(one.where)): one.says for one in opened if one.section == STOCK.key}
        told = {(one.what, one.where) for one in opened if one.kind == Kind.DOCUMENT_CHANGED}
        apart = self.world.stock_of_both()
        waiting = {
            sku
            for sale in self.world.sales
            if self.stopped(sale)
            for one in sale.order.shipments
            for sku in {pick.name for pick in one.picks} | sale.made_of.keys()
        }
        for place in red.keys() ^ apart.keys():
            is_told = (place[0], str(place[1])) in told or place[0] in waiting
            if place in red or not is_told:
                self.wrong.append(
                    f"{place}: ShipBob and NetSuite have {apart.get(place)};"
                    f" it is: {red.get(place)}"
                )

    def _is_explained(self, one: Difference) -> bool:
        """Whether what people did in NetSuite is what the month end shows of a document."""
        for sale in self.world.sales:
            if one.source in {f"shipment {each.id}" for each in sale.order.shipments}:
                shipment = int(one.source.split()[1])
                packs = any(sku not in self.world.kits for sku in sale.made_of)
                return (
                    (one.kind == Kind.DOCUMENT_DELETED and one.external_id in sale.deleted)
                    or (
                        one.kind in {Kind.EXTERNAL_ID_CHANGED, Kind.DATE_CHANGED}
                        and f"mlc-if-{shipment}" in sale.deleted
                    )
                    or (one.kind == Kind.DOCUMENT_CHANGED and packs)
                    or self._may_be_a_copy(sale, one)
                )
        return False

    def _may_be_a_copy(self, sale: Sale, one: Difference) -> bool:
        """Whether a fulfilment for another matter is of the same day and units as a pick of ours.

        NetSuite shows nothing that tells it from a copy: a person decides at the month end.
        """
        others = {str(hand.document) for hand in sale.hands if not hand.shipments}
        return one.kind == Kind.DOCUMENT_DOUBLED and one.documents[-1].id in others

    def check_marks(self) -> None:
        for sale, shipment in self.world.shipments():
            own = sale.order.channel_id == self.world.own_shop
            is_done = self._state(shipment) == SETTLED and shipment.status in GONE
            if shipment.tracking_uploaded and not own:
                self.wrong.append(f"marked in another's shop: {self.told(sale, shipment)}")
            if is_done and own and not shipment.tracking_uploaded:
                self.wrong.append(f"not marked: {self.told(sale, shipment)}")

    def _open(self) -> Iterator[Difference]:
        zone = ZoneInfo("America/Chicago")
        days = {start(ROUNDS + 8).now(), self.world.clock.now()}
        months = {Month.of(day.astimezone(UTC).astimezone(zone).date()) for day in days}
        for month in months:
            yield from close(self.world.acme, month=month).report.open


class Installation:
    """What the installation does meanwhile, and people who do as its remedies say."""

    def __init__(self, world: Parcels, oracle: Oracle) -> None:
        self.world, self.oracle = world, oracle

    def track(self) -> None:
        """Look at the shipments of what changed."""
        due = [sale for sale in self.world.sales if sale.changed]
        sync(
            self.world.acme,
            "tracking",
            [str(one.id) for sale in due for one in sale.order.shipments],
        )
        asyncio.run(self._work_off())
        for sale in due:
            sale.changed = False
        self.oracle.check()

    async def _work_off(self) -> None:
        """Let a worker try again what is due again: shipments of one order that met."""
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
            "select key from subject where flow = 'tracking'"
            " and state in ('received', 'working', 'retrying')"
        )

    def mend(self) -> None:
        """Let people do what the remedies say, until nothing is stopped."""
        for _ in range(6):
            stopped = [
                (sale, shipment, cause)
                for sale in self.world.sales
                for shipment, cause in self.oracle.stopped(sale)
            ]
            for sale, shipment, cause in stopped:
                self._remedy(sale, shipment, cause)
            if not stopped:
                return
            self.track()

    def _remedy(self, sale: Sale, shipment: Shipment, cause: str) -> None:
        world = self.world
        sale.changed = True
        remedies: dict[str, Callable[[], object]] = {
            "sales_order_not_found": lambda: self._enter(sale),
            "sales_order_closed": lambda: world.reopen(sale),
            "over_fulfillment": lambda: self._order_more(sale, shipment),
            "shipment_changed": lambda: self._changed(sale, shipment),
            "cancelled_after_shipping": lambda: self._delete_of(sale, shipment),
            "fulfillment_not_found": lambda: self._again(sale, [shipment]),
            "kit_unclear": lambda: self._again(sale, [sale.find(one) for one in sale.torn]),
            "fulfilled_by_others": lambda: self._by_others(sale, shipment),
        }
        if cause in remedies:  # else it has stopped without reason
            remedies[cause]()

    def _enter(self, sale: Sale) -> None:
        if sale.sales_order is None:
            self.world.enter_order(sale)

    def _order_more(self, sale: Sale, shipment: Shipment) -> None:
        self.world.reopen(sale)
        self.world.raise_lines(sale, sale.units(shipment) or Counter())

    def _delete_of(self, sale: Sale, shipment: Shipment) -> None:
        for made in self.world.of(sale):
            hand = next((one for one in sale.hands if one.document == made.id), None)
            if made.shipment == shipment.id or (hand and shipment.id in hand.shipments):
                self.world.delete(sale, made.id)

    def _again(self, sale: Sale, shipments: Sequence[Shipment]) -> None:
        """Fulfil shipments together by hand, under their numbers."""
        units = sale.units(*shipments)
        known = {one for hand in sale.hands if hand.is_named for one in hand.shipments}
        labelled = all(one.parcels for one in shipments)
        if units is None or not labelled or not known.isdisjoint(one.id for one in shipments):
            return
        if not self.world.by_hand(sale, shipments, units, named=True):
            self.world.raise_lines(sale, units)
            self.world.by_hand(sale, shipments, units, named=True)

    def _changed(self, sale: Sale, shipment: Shipment) -> None:
        shipbob = self.world.acme.world.shipbob
        if shipment.status in {"OnHold", "Exception"}:
            shipbob.resume(shipment)
        if shipment.status == "Processing":
            shipbob.ship(shipment)
        if shipment.id in sale.repacked and shipment.status == "LabeledCreated":
            shipbob.repack(shipment, sale.repacked.pop(shipment.id))
        elif shipment.id in sale.repacked:
            self.world.correct_ours(sale, shipment)
        else:  # held, and moved to another center before it went on
            self.world.relocate_ours(sale, shipment)

    def _by_others(self, sale: Sale, shipment: Shipment) -> None:
        """Say of each fulfilment in question whose it is."""
        sentence = str(self.oracle.states[shipment.id]["sentence"])
        for hand in [one for one in sale.hands if one.number in sentence]:
            if shipment.id in hand.shipments and hand.is_exact and not hand.is_named:
                self.world.name_hand(sale, hand)
            elif not hand.shipments:
                asyncio.run(self._separate(shipment, hand))
            elif (
                not hand.is_exact
                or not self._all_wait(sale, hand)
                or self._strange(shipment, hand)
            ):
                self.world.delete(sale, hand.document)
        gone = {one.id: one for one in sale.order.shipments if one.status not in GONE}
        for made in self.world.of(sale):
            if made.shipment in gone:
                self.world.delete(sale, made.id)
                sale.let(gone[made.shipment], "fulfillment_not_found")  # if it leaves after all

    def _strange(self, shipment: Shipment, hand: Hand) -> bool:
        """Whether a fulfilment of others is one of several that name a shipment."""
        several = str(self.oracle.states[shipment.id]["sentence"]).endswith("it too")
        return several and shipment.id not in hand.shipments

    def _all_wait(self, sale: Sale, hand: Hand) -> bool:
        """Whether all shipments of a fulfilment have left, and none is settled without it."""
        every = [sale.find(one) for one in hand.shipments]
        stopped = {one.id for one, _ in self.oracle.stopped(sale)}
        return all(one.status in GONE and one.id in stopped for one in every)

    async def _separate(self, shipment: Shipment, hand: Hand) -> None:
        acme = self.world.acme
        [row] = acme.rows(
            "select s.state, s.cause, max(e.id) as event from subject as s"
            " join event as e on e.subject_id = s.id where s.flow = 'tracking'"
            " and s.key = %(key)s group by s.id",
            key=str(shipment.id),
        )
        if DecisionKind.SEPARATE not in offered("tracking", row["state"], row["cause"]):
            return
        wanted = Wanted(kind=DecisionKind.SEPARATE, document=hand.number, note="Asked the shop")
        async with open_installation(acme.settings) as installation:
            proposal = await propose(installation, ["acme"], row["event"], wanted)
            await decide(installation, proposal, person="shop")


DRAWN: Final = pytest.param(ORDERS, drawn_worlds.of_environment(), id="as drawn")
"""In the usual world, or in that of ``MLC_TEST_WORLD``."""


@pytest.fixture
def world(tmp_path: Path, server_url: str, template: str, readings: Readings) -> Iterator[Parcels]:
    clock = start(ROUNDS + 8)
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=clock, readings=readings) as acme,
    ):
        netsuite, shipbob = acme.world.netsuite, acme.world.shipbob
        shipbob.announcer.tune(losses=1.0)
        shipbob.books.limit.per_minute = 0
        shipbob.add_channel(
            "Other shop",
            application_name="Shopify",
            scopes=["orders_read"],
            channel_id=OTHER_SHOP,
        )
        netsuite.preferences.pick_pack_ship = True
        netsuite.add_location("Own warehouse", internal_id=OWN_WAREHOUSE, subsidiary=1)
        acme.apply(
            locations="\n".join(f'"{center}" = "{place}"' for center, place in PLACES.items()),
            limits="shipbob_per_minute = 100000",
            policies='order_match = "tranid"\n[policies.order_match_by_channel]\n'
            f'"{acme.world.channel_id}" = "tranid"\n"{OTHER_SHOP}" = "otherrefnum"',
        )
        yield Parcels(acme, clock, Random(SEED))


@pytest.mark.parametrize(
    ("orders", "readings"),
    [
        DRAWN,
        *(pytest.param(5, drawn_worlds.going_on(seed), id=f"world {seed}") for seed in WORLDS),
    ],
)
def test_every_parcel_is_fulfilled_once_and_where_it_left(world: Parcels, orders: int) -> None:
    print(f"MLC_TEST_SEED={SEED} MLC_TEST_ORDERS={orders}")  # noqa: T201 - to draw it again
    oracle = Oracle(world)
    ours = Installation(world, oracle)
    world.enter(orders)
    for day in range(ROUNDS):
        world.happen(last=day == ROUNDS - 1)
        ours.track()
    oracle.close()
    oracle.people_mend = True
    ours.mend()
    oracle.close()
    oracle.check_marks()
    left = [
        oracle.told(sale, shipment) for sale in world.sales for shipment, _ in oracle.stopped(sale)
    ]
    wrong = list(dict.fromkeys(oracle.wrong))

    assert not left, "\n".join(left)
    assert not wrong, f"MLC_TEST_SEED={SEED}\n" + "\n".join(wrong)
