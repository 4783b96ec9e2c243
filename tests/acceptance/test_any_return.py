"""Whatever comes back, is authorised and is done by people: units are booked once, and as whose.

Hundreds of sales are drawn by one seed, which is printed. ``MLC_TEST_SEED`` gives another seed
and ``MLC_TEST_SALES`` another number of sales. What must be is told from what both simulated
systems hold and from what was done, never from what the installation says it planned.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import pytest

from acceptance.closing import close
from acceptance.deliveries import start
from acceptance.in_process import sync
from acceptance.merchant import LOCATIONS, fresh_database, merchant
from acceptance.parcels_back import (
    CUSTOMERS,
    DAYS,
    Parcel,
    ParcelsBack,
    ReceivedFrom,
    Story,
    place_of,
    return_of,
)
from acceptance.returning import QUARANTINE, WRITE_OFF
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import open_installation
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import STOCK
from waiting import until

SEED: Final = int(os.environ.get("MLC_TEST_SEED", "20261130"))
SALES: Final = int(os.environ.get("MLC_TEST_SALES", "150"))

_BY_OTHERS: Final = re.compile(r"Received in NetSuite already by ([^,]+(?:, [^,]+)*?), which is")
_LINE: Final = re.compile(r"inventory (\d+)(?: lot \S+)? (\w+)$")

Place = tuple[int, str, int]
"""A return, a SKU and a location."""

_ACTIONS: Final = ("restock", "quarantine", "dispose")


class Refused(NamedTuple):
    """Units that are said to be received by others, and by which receipts."""

    units: int
    by: frozenset[str]


class Booked(NamedTuple):
    """What is booked at one moment.

    Attributes:
        came: units that came in by documents of ours.
        gone: units that were written off.
        refused: what others are said to have received, by return, SKU and action.
    """

    came: Counter[Place]
    gone: Counter[Place]
    refused: dict[tuple[int, str, str], Refused]


class Oracle:
    """What must be, by what was done."""

    def __init__(self, world: ParcelsBack, policy: str) -> None:
        self.world, self.policy = world, policy
        self.wrong: list[str] = []
        self.stopped: Counter[str] = Counter()

    def check(self) -> None:
        """Look at what is booked, and at what the installation says of the rest."""
        now = self.now()
        states = self._states()
        self._check_receipts()
        for story in self.world.stories:
            self._check_refused(story, now)
            for parcel in story.parcels:
                self._check_parcel(story, parcel, now, states.get(parcel.id))

    def now(self) -> Booked:
        came: Counter[Place] = Counter()
        gone: Counter[Place] = Counter()
        for name, sku, location, units in self.world.moves():
            found = return_of(name)
            if found is not None and units > 0:
                came[found, sku, location] += units
            elif found is not None:
                gone[found, sku, location] -= units
        return Booked(came, gone, self._refused())

    def _states(self) -> dict[int, dict[str, Any]]:
        rows = self.world.acme.rows(
            "select key, state, cause, sentence from subject where flow = 'returns'"
        )
        return {int(row["key"]): row for row in rows}

    def _refused(self) -> dict[tuple[int, str, str], Refused]:
        found: dict[tuple[int, str, str], Refused] = {}
        for row in self.world.acme.rows(
            "select s.key, r.name, r.quantity, r.reason from refusal as r"
            " join subject as s on s.id = r.subject_id where s.flow = 'returns'"
        ):
            told, by = _LINE.match(row["name"]), _BY_OTHERS.search(row["reason"] or "")
            if told is None or by is None or not row["quantity"]:
                self.wrong.append(f"refused, and not by others: {row}")
                continue
            place = (int(row["key"]), self.world.sku_with(int(told[1])), told[2])
            found[place] = Refused(int(row["quantity"]), frozenset(by[1].split(", ")))
        return found

    def waiting(self, parcel: Parcel, now: Booked) -> dict[tuple[str, str], int]:
        """Units by SKU and action that came back, and are neither booked nor others'; signed."""
        done = self.world.done(parcel)
        at = LOCATIONS[parcel.sim.center_id]
        found: Counter[tuple[str, str]] = Counter(done)
        for (key, sku, location), units in now.came.items():
            if key == parcel.id:
                out = now.gone[key, sku, at] if location == at else 0
                found[sku, "dispose"] -= out
                found[sku, "restock" if location == at else "quarantine"] -= units - out
        for (key, sku, action), refused in now.refused.items():
            if key == parcel.id:
                found[sku, action] -= refused.units
        return {place: units for place, units in found.items() if units}

    def _check_parcel(
        self, story: Story, parcel: Parcel, now: Booked, subject: dict[str, Any] | None
    ) -> None:
        waits = self.waiting(parcel, now)
        told = f"{self._told(story, parcel)}; waits {waits}; {subject}"
        places = {place_of(parcel, action) for action in _ACTIONS}
        for (key, sku, location), units in {**now.came, **now.gone}.items():
            if key == parcel.id and location not in places:
                self.wrong.append(f"{units} x {sku} at {location}: {told}")
        if any(units < 0 for units in waits.values()) and not parcel.is_lowered:
            self.wrong.append(f"more is booked than came back: {told}")
        is_over = parcel.sim.status == "Completed"
        if subject is None:
            if waits and is_over:
                self.wrong.append(f"nothing was told: {told}")
            return
        stopped = subject["state"] in {"parked", "dead"}
        if not stopped and subject["state"] != "done":
            self.wrong.append(f"not settled: {told}")
        if waits and not stopped and is_over:
            self.wrong.append(f"units wait and nobody is told: {told}")
        if stopped:
            self.stopped[subject["cause"]] += 1
        if stopped and subject["cause"] not in self._reasons(story, parcel, waits):
            self.wrong.append(f"stopped without reason: {told}")

    def _reasons(
        self, story: Story, parcel: Parcel, waits: dict[tuple[str, str], int]
    ) -> set[str]:
        """Return the causes that may stop a return, by what was done."""
        if parcel.sim.status != "Completed":
            return {"return_reopened"} if parcel.sim.at("Completed") else set()
        if parcel.is_unclear:
            return {"return_unclear"}
        by_others = (
            {"received_by_others"} if any(a.receipts for a in story.authorizations) else set()
        )
        if any(units < 0 for units in waits.values()):
            return {"quantity_went_down", *by_others}
        if not waits:
            return by_others  # what was counted once is asked again when more is received by hand
        by_policy = self.policy == "park"
        reasons = {
            "lot_tracked": parcel.lot_is_missing,
            "sales_order_not_fulfilled": not story.is_fulfilled,
            "over_receipt": by_policy,
            "return_authorization_not_found": by_policy or self._is_in_doubt(story, parcel),
            "return_authorization_not_open": any(not a.is_open for a in story.authorizations),
            "received_by_others": any(a.receipts for a in story.authorizations),
        }
        return {cause for cause, may_be in reasons.items() if may_be}

    def _is_in_doubt(self, story: Story, parcel: Parcel) -> bool:
        """Whether several authorizations fit, or those with the reference are of others."""
        named = [one for one in story.authorizations if one.number == parcel.sim.reference_id]
        own = [one for one in named if one.customer == story.customer]
        of_order = [one for one in story.authorizations if one.is_of_order]
        several = len(named) > 1 or len(of_order) > 1
        return several or bool(named and not own) or bool(parcel.is_to_sender and of_order)

    def _check_receipts(self) -> None:
        """Each of our receipts is of an authorization of the return's order or customer."""
        parcels = {
            parcel.id: (story, parcel) for story in self.world.stories for parcel in story.parcels
        }
        for receipt in self.world.received():
            found = return_of(receipt.external_id)
            if found is not None and not self._fits(receipt, *parcels[found]):
                self.wrong.append(f"{receipt}: {self._told(*parcels[found])}")

    def _fits(self, receipt: ReceivedFrom, story: Story, parcel: Parcel) -> bool:
        made_from = receipt.made_from
        of_order = made_from is not None and self.world.order_behind(made_from) == story.order
        if receipt.own == f"mlc-ra-{parcel.id}":
            return of_order
        if receipt.own or parcel.is_to_sender:
            return False
        if parcel.knows_order:
            return of_order or receipt.customer == story.customer
        return receipt.number == parcel.sim.reference_id

    def _check_refused(self, story: Story, now: Booked) -> None:
        """What others are said to have received is on receipts of theirs, once, where it lies."""
        said: Counter[tuple[str, int]] = Counter()
        for parcel in story.parcels:
            for (key, sku, action), (units, by) in now.refused.items():
                if key != parcel.id:
                    continue
                said[sku, place_of(parcel, action)] += units
                still = self._still_open(story, sku, by)
                if still is None or (still and parcel.id in story.changed):
                    told = self._told(story, parcel)
                    self.wrong.append(f"{units} x {sku} refused by {by}, {still} open: {told}")
        held = self._held(story)
        for place, units in said.items():
            if units > held[place]:
                told = str([self._told(story, parcel) for parcel in story.parcels])
                self.wrong.append(f"{place}: {units} refused, {held[place]} by hand: {told}")

    def _still_open(self, story: Story, sku: str, by: frozenset[str]) -> int | None:
        """Units that the authorization of these receipts still expects; None where none is."""
        named = [
            one
            for one in story.authorizations
            if by & {receipt.number for receipt in one.receipts}
        ]
        lines = [line for one in named for line in self.world.lines(one.id)]
        return sum(line.open for line in lines if line.sku == sku) if named else None

    def _held(self, story: Story) -> Counter[tuple[str, int]]:
        held: Counter[tuple[str, int]] = Counter()
        for one in story.authorizations:
            for receipt in one.receipts:
                held.update(receipt.units)
        return held

    def _told(self, story: Story, parcel: Parcel) -> str:
        found = parcel.sim
        authorizations = [
            (
                one.number,
                one.customer,
                "of order" if one.is_of_order else "",
                "" if one.is_open else "closed",
                [(line.sku, line.authorized, line.received) for line in self.world.lines(one.id)],
                [(receipt.number, receipt.units) for receipt in one.receipts],
            )
            for one in story.authorizations
        ]
        return (
            f"return {found.id} ({found.reference_id}, {found.type}, {found.status},"
            f" {found.center_id}, order {'known' if parcel.knows_order else 'not known'}) of"
            f" {story.customer}, sold {story.sold}: {dict(self.world.done(parcel))};"
            f" {authorizations}"
        )

    # At the end

    def close(self) -> None:
        """Compare simulated stock and the month end with what must be."""
        now = self.now()
        self._check_stock(now)
        states = self._states()
        opened = list(self._open())
        self._check_tied_out(opened, now)
        told = {
            one.source: one
            for one in opened
            if one.section != STOCK.key and one.kind != Kind.DOCUMENT_DOUBLED
        }
        for story in self.world.stories:
            for parcel in story.parcels:
                waits = self.waiting(parcel, now)
                booked = any(key == parcel.id for key, _, _ in now.came)
                due = booked if parcel.sim.status != "Completed" else bool(waits)
                due = due or states.get(parcel.id, {}).get("state") == "dead"
                shown = told.pop(f"return {parcel.id}", None)
                if due != (shown is not None):
                    self.wrong.append(
                        f"month end says {shown and shown.says}, waits {waits}:"
                        f" {self._told(story, parcel)}"
                    )
        self.wrong += [f"month end says {one.says}" for one in told.values()]

    def _open(self) -> Iterator[Difference]:
        for month in {Month.of(day.date()) for day in (start().now(), self.world.clock.now())}:
            yield from close(self.world.acme, month=month).report.open

    def _check_tied_out(self, opened: list[Difference], now: Booked) -> None:
        """Stock ties out everywhere but where NetSuite has units beside what ShipBob has.

        People received them, or did not enter that they were sold. Where as many wait there, they
        may be of it, and are at ShipBob as well: the return itself is red. A receipt by hand that
        is alike to one of ours in all is asked about as its copy.
        """
        beside: Counter[tuple[str, int]] = Counter()
        waiting: Counter[tuple[str, int]] = Counter()
        for story in self.world.stories:
            beside.update(self._held(story))
            if not story.is_fulfilled:
                beside.update({(sku, 6): units for sku, units in story.sold.items()})
            for parcel in story.parcels:
                beside.subtract(self._by_others(parcel, now))
                waiting.update(self._may_be_others(parcel, now))
        for one in opened:
            if one.kind == Kind.DOCUMENT_DOUBLED:
                beside[one.what, int(one.where)] -= int(one.netsuite or 0)
        red = {(one.what, int(one.where)): one.says for one in opened if one.section == STOCK.key}
        must = {place for place, units in beside.items() if units and units > waiting[place]}
        for place in red.keys() ^ must:
            self.wrong.append(
                f"{place} must be red: {place in must} ({beside[place]} beside,"
                f" {waiting[place]} wait); it is: {red.get(place)}"
            )

    def _by_others(self, parcel: Parcel, now: Booked) -> Counter[tuple[str, int]]:
        """Units of a return that others are said to have received."""
        found: Counter[tuple[str, int]] = Counter()
        for (key, sku, action), refused in now.refused.items():
            if key == parcel.id:
                found[sku, place_of(parcel, action)] += refused.units
        return found

    def _may_be_others(self, parcel: Parcel, now: Booked) -> Counter[tuple[str, int]]:
        """Units of a return that wait, or that ShipBob may count in quarantine at the center."""
        found: Counter[tuple[str, int]] = Counter()
        center = LOCATIONS[parcel.sim.center_id]
        for (sku, action), units in self.waiting(parcel, now).items():
            if action != "dispose":
                found[sku, center] += max(units, 0)
        for (key, sku, location), units in now.came.items():
            if key == parcel.id and location == QUARANTINE:
                found[sku, center] += units
        return found

    def _check_stock(self, now: Booked) -> None:
        """NetSuite has ShipBob's units, less what waits, and what people received beside."""
        both = self.world.acme.world
        netsuite = Counter({place: int(units) for place, units in both.netsuite.stock().items()})
        must: Counter[tuple[str, int]] = Counter()
        for (sku, center), units in both.shipbob.stock().items():
            must[sku, LOCATIONS[center]] += units
        for story in self.world.stories:
            must.update(self._held(story))
            if not story.is_fulfilled:
                must.update({(sku, 6): units for sku, units in story.sold.items()})
            for parcel in story.parcels:
                self._count(parcel, now, must)
        for place in {*must, *netsuite}:
            if must[place] != netsuite[place]:
                self.wrong.append(f"{place}: {netsuite[place]} in NetSuite, not {must[place]}")

    def _count(self, parcel: Parcel, now: Booked, must: Counter[tuple[str, int]]) -> None:
        """Count what NetSuite has otherwise than ShipBob because of a return."""
        for (sku, action), units in self.world.done(parcel).items():
            if action == "quarantine":
                must[sku, LOCATIONS[parcel.sim.center_id]] -= units
                must[sku, QUARANTINE] += units
        for (key, sku, action), refused in now.refused.items():
            if key == parcel.id:
                must[sku, place_of(parcel, action)] -= refused.units
        for (sku, action), units in self.waiting(parcel, now).items():
            if action != "dispose":
                must[sku, place_of(parcel, action)] -= units


class Installation:
    """What the installation does meanwhile."""

    def __init__(self, world: ParcelsBack, oracle: Oracle) -> None:
        self.world, self.oracle = world, oracle

    def book(self) -> None:
        """Look at the returns that changed."""
        due = {key for story in self.world.stories for key in story.changed}
        sync(self.world.acme, "returns", [str(key) for key in sorted(due)])
        asyncio.run(self._work_off())
        self.oracle.check()
        for story in self.world.stories:
            story.changed.clear()

    async def _work_off(self) -> None:
        """Let a worker try again what is due again: returns of one order, booked at once."""
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
            "select key, state, cause, sentence from subject where flow = 'returns'"
            " and state in ('received', 'working', 'retrying')"
        )


@pytest.fixture
def world(tmp_path: Path, server_url: str, template: str) -> Iterator[ParcelsBack]:
    clock = start(DAYS + 2)
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=clock) as acme,
    ):
        netsuite, shipbob = acme.world.netsuite, acme.world.shipbob
        shipbob.announcer.tune(losses=1.0)
        shipbob.books.limit.per_minute = 0
        netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
        netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
        for customer in CUSTOMERS:
            netsuite.add_customer(f"Customer {customer}", internal_id=customer, subsidiary=1)
        yield ParcelsBack(acme, clock, Random(SEED))


@pytest.mark.parametrize("policy", ["adjust", "park"])
def test_what_comes_back_is_booked_once_and_as_whose_it_is(
    world: ParcelsBack, policy: str
) -> None:
    print(f"MLC_TEST_SEED={SEED} MLC_TEST_SALES={SALES}")  # noqa: T201 - to draw it again
    world.acme.apply(
        accounts=f'inventory_adjustment = "54"\nwrite_off = "{WRITE_OFF}"',
        policies=f'quarantine_location = "{QUARANTINE}"\nunmatched_return = "{policy}"',
        limits="shipbob_per_minute = 100000",
        flows="tracking = false",  # what was sold has left before, and people fulfilled it
    )
    oracle = Oracle(world, policy)
    ours = Installation(world, oracle)
    world.enter(SALES)
    ours.book()
    for day in range(DAYS):
        world.happen(last=day == DAYS - 1)
        ours.book()
    oracle.close()
    print(oracle.stopped)  # noqa: T201

    assert not oracle.wrong, f"MLC_TEST_SEED={SEED}\n" + "\n".join(oracle.wrong)
