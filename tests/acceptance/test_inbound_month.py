"""Thirty days of inbound with faults: the books are equal, every difference is explained."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant, Units, fresh_database, merchant
from acceptance.test_purchase_orders import order_id
from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import FaultKind
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import HANGS_AFTER_SECONDS, wait_until

DAYS = 30
NETSUITE_FAULTS: Sequence[FaultKind] = (
    "error_after_commit",
    "cut_after_commit",
    "gateway_timeout",
    "rate_limited",
)
SHIPBOB_FAULTS: Sequence[FaultKind] = (
    "error_after_commit",
    "cut_after_commit",
)


@dataclass
class Month:
    """Thirty days that are drawn: what people and ShipBob do, and what goes wrong."""

    acme: Merchant
    clock: Clock
    random: Random
    skus: list[str] = field(default_factory=list)
    known_as: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    stowing: list[Wro] = field(default_factory=list)
    completed: list[Wro] = field(default_factory=list)

    def tell(self) -> None:
        self.skus = [self.acme.sku("TEE") for _ in range(6)]
        self.acme.world.shipbob.announcer.tune(losses=0.2, duplicates=0.3, disorder=0.3)
        for day in range(1, DAYS + 1):
            self.go_wrong()
            self.people(day)
            self.warehouse(day)
            self.clock.advance(timedelta(days=1))
        self.acme.world.shipbob.announcer.tune(losses=0.0, disorder=0.0)
        self.acme.world.netsuite.faults.clear()
        self.acme.world.shipbob.clear_faults()

    def go_wrong(self) -> None:
        """One fault a day in each system."""
        self.acme.world.netsuite.fault(
            self.random.choice(NETSUITE_FAULTS), method="POST", path="!transform", times=1
        )
        self.acme.world.shipbob.fault(
            self.random.choice(SHIPBOB_FAULTS), method="POST", path="/receiving$", times=1
        )

    def people(self, day: int) -> None:
        """Orders are entered, raised and closed; items get other names."""
        netsuite = self.acme.world.netsuite
        if day % 3 == 1:
            wanted = self.random.sample(self.skus, 2)
            units = {sku: self.random.randint(5, 40) for sku in wanted}
            number = self.acme.order(
                {self.known_as.get(sku, sku): units[sku] for sku in wanted},
            )
            self.numbers.append(number)
            sync(self.acme, "purchase-orders", [order_id(self.acme, number)])
        if day == 11:  # raised while its WRO is awaited: made anew
            key = order_id(self.acme, self.numbers[-1])
            body = {"item": {"items": [{"line": 1, "quantity": 55}]}}
            netsuite.edit("purchaseOrder", int(key), body)
            sync(self.acme, "purchase-orders", [key])
        if day == 14:  # renamed when it was matched long ago, here and there
            sku = self.skus[0]
            self.known_as[sku] = f"{sku}-RENAMED"
            netsuite.company.change_item(self.item_id(sku), {"itemid": f"{sku}-RENAMED"})

    def item_id(self, sku: str) -> int:
        return int(
            str(
                self.acme.world.netsuite.books.value(
                    "SELECT id FROM _item WHERE itemid = ?", (sku,)
                )
            )
        )

    def warehouse(self, day: int) -> None:
        """WROs arrive, are stowed over days, short and over, split and recounted."""
        shipbob = self.acme.world.shipbob
        for wro in list(self.stowing):
            self.stow_more(wro)
        if self.numbers and day % 3 == 2:
            awaited = [
                wro
                for wro in shipbob.books.receiving.wros.values()
                if wro.status == "Awaiting" and wro not in self.stowing
            ]
            self.stowing += [shipbob.arrive(wro) for wro in awaited]
        if day in {5, 17}:  # nobody ordered it
            self.completed.append(self.acme.deliver({self.skus[1]: day}, center=10))
        if day == 9:  # an order that nobody has entered yet
            self.completed.append(self.acme.deliver({self.skus[2]: 6}, number="PO-LATE"))
        if day == 20:
            self.acme.order({self.skus[2]: 6}, number="PO-LATE")
        if day == 22 and self.stowing:
            wro = self.stowing[0]
            open_sku = next(iter(open_units(wro)), None)
            if open_sku is not None:
                parts = shipbob.split(wro, {open_sku: 1})
                self.stowing += [shipbob.arrive(part) for part in parts]
        if day == 26:  # a recount finds less than was booked
            found = shipbob.stow(self.acme.announce({self.skus[3]: 9}))
            sync(self.acme, "receiving", [str(found.id)])
            shipbob.stow(found, {self.skus[3]: -2})
            shipbob.complete(found)
            self.completed.append(found)

    def stow_more(self, wro: Wro) -> None:
        shipbob = self.acme.world.shipbob
        left = open_units(wro)
        if left and self.random.random() < 0.7:
            sku, units = self.random.choice(sorted(left.items()))
            shipbob.stow(wro, {sku: self.random.randint(1, units)})
            return
        if self.random.random() < 0.4:
            shipbob.stow(wro, {self.random.choice(self.skus): self.random.randint(1, 3)})
        elif self.random.random() < 0.6:
            shipbob.stow(wro)
        shipbob.complete(wro)
        self.stowing.remove(wro)
        self.completed.append(wro)


def open_units(wro: Wro) -> dict[int, int]:
    left: dict[int, int] = defaultdict(int)
    for box in wro.boxes:
        for item in box.items:
            left[item.inventory_id] += item.quantity - item.stowed
    return {inventory_id: units for inventory_id, units in left.items() if units > 0}


@pytest.fixture
def month(tmp_path: Path, server_url: str, template: str) -> Iterator[Month]:
    clock = Clock(datetime.now(UTC) - timedelta(days=DAYS + 1))
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=clock) as acme,
        acme.serving(),
    ):
        yield Month(acme, clock, Random(20261101))


def test_a_month_with_faults_ends_with_equal_books_and_every_difference_explained(
    month: Month,
) -> None:
    acme = month.acme
    month.tell()
    assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
    sync(acme, "receiving")
    wait_until(lambda: not working(acme))
    books = acme.books()
    waiting = open_lines(acme)

    assert len(month.completed) >= 8
    assert named(month, books.journal) == named(month, books.netsuite)
    assert difference(month, books.shipbob, books.netsuite) == waiting
    assert {one["cause"] for one in stopped(acme)} == {"quantity_went_down"}
    assert len(acme.external_ids()) == len(set(acme.external_ids()))
    assert acme.rows("select 1 from subject where unexplained > 0") == []
    assert doubled(acme) == []


def named(month: Month, units: Units) -> Mapping[tuple[str, int], int]:
    """By the first name of each SKU, and without what comes to nothing."""
    first = {later: sku for sku, later in month.known_as.items()}
    found: dict[tuple[str, int], int] = defaultdict(int)
    for (sku, location), quantity in units.items():
        found[first.get(sku, sku), location] += quantity
    return {place: quantity for place, quantity in found.items() if quantity}


def difference(month: Month, shipbob: Units, netsuite: Units) -> Mapping[str, int]:
    """Units by SKU that ShipBob has more than NetSuite."""
    found: dict[str, int] = defaultdict(int)
    for (sku, _), quantity in named(month, shipbob).items():
        found[sku] += quantity
    for (sku, _), quantity in named(month, netsuite).items():
        found[sku] -= quantity
    return {sku: quantity for sku, quantity in found.items() if quantity}


def open_lines(acme: Merchant) -> Mapping[str, int]:
    """Units by SKU that sources said and that are not posted, as the installation says."""
    found = acme.rows(
        "select l.sku, sum(l.quantity - coalesce(p.units, 0))::int as units"
        " from source_line as l left join (select o.subject_id, j.source_line,"
        "  sum(j.quantity) as units from journal as j join posting as o on o.id = j.posting_id"
        "  group by 1, 2) as p on p.subject_id = l.subject_id and p.source_line = l.name"
        " where l.flow = 'receiving' group by 1"
    )
    return {row["sku"]: row["units"] for row in found if row["units"]}


def stopped(acme: Merchant) -> list[dict[str, Any]]:
    return acme.rows("select * from subject where state in ('parked', 'dead')")


def working(acme: Merchant) -> list[dict[str, Any]]:
    return acme.rows("select 1 from subject where state in ('received', 'working', 'retrying')")


def doubled(acme: Merchant) -> list[str]:
    """Numbers under which WROs were announced twice; those that ShipBob split don't count."""
    live: dict[str, int] = defaultdict(int)
    for wro in acme.world.shipbob.books.receiving.wros.values():
        if wro.status != "Cancelled" and wro.purchase_order_number and wro.split_from is None:
            live[wro.purchase_order_number] += 1
    return [number for number, count in live.items() if count > 1]
