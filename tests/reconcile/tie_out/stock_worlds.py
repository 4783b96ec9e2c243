"""A small world of one SKU at two locations, in which all was posted rightly, and how to spoil it.

What ShipBob moved, what we posted and what NetSuite has are kept apart, as in reality; whoever
tampers changes one of them and tells nobody.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from ml_connector.rules.stock_causes.evidence import evidence
from ml_connector.rules.stock_causes.named import findings
from ml_connector.rules.stock_causes.rows import (
    BookedLine,
    PostedLine,
    ShipBobMove,
    SkuHistory,
    StockFinding,
)

FIRST = date(2026, 11, 1)
OUT, IN = "OrderPicked", "ReceivingStow"
ADJUSTED, FACILITY = "InventoryAdjusted", "InventoryFacilityUpdated"


def day(number: int) -> date:
    return FIRST.replace(day=number)


@dataclass
class World:
    """Both systems' books of a SKU, and our journal."""

    booked: list[BookedLine] = field(default_factory=list)
    posted: list[PostedLine] = field(default_factory=list)
    moved: list[ShipBobMove] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=lambda: {"CASE": Decimal(12)})
    in_kits: bool = True
    coming: set[str] = field(default_factory=set)
    unseen: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    standing: set[str] = field(default_factory=set)
    number: int = 5000

    def shipbob(
        self,
        units: int,
        on: int,
        category: str,
        source: str = "",
        *,
        at: str = "6",
        reason: str = "",
    ) -> None:
        self.moved.append(
            ShipBobMove(
                location=at,
                quantity=units,
                day=day(on),
                category=category,
                source=source,
                reason=reason,
            )
        )

    def netsuite(
        self, units: int, on: int, type_: str, *, at: str = "6", order: str = "", tag: str = ""
    ) -> str:
        self.number += 1
        self.add_line(str(self.number), units, on, type_, at=at, order=order, tag=tag)
        return str(self.number)

    def add_line(
        self,
        document: str,
        units: int,
        on: int,
        type_: str,
        *,
        at: str = "6",
        order: str = "",
        tag: str = "",
    ) -> None:
        self.booked.append(
            BookedLine(
                document=document,
                type=type_,
                number=f"D{document}",
                location=at,
                quantity=Decimal(units),
                day=day(on),
                order=order,
                tag=tag,
            )
        )

    def post(
        self, units: int, on: int, type_: str, source: str, order: str, *, at: str = "6"
    ) -> str:
        """Post units rightly; return the internal id of the document."""
        code = {"ItemRcpt": "ir", "ItemShip": "if", "InvAdjst": "ia"}[type_]
        tag = f"mlc-{code}-{source.replace(' ', '-')}"
        document = self.netsuite(units, on, type_, at=at, order=order, tag=tag)
        self.posted.append(
            PostedLine(
                document=document,
                external_id=tag,
                source=source,
                location=at,
                quantity=units,
                day=day(on),
            )
        )
        if order and source.startswith("order "):
            self.orders[source] = order
        return document

    def happens(self, units: int, on: int, source: str, order: str, at: str = "6") -> str:
        """Let ShipBob move units of a source, and post them."""
        receipt = source.startswith(("receiving", "returns"))
        category = "InventoryRestocked" if source.startswith("returns") else IN
        self.shipbob(units, on, category if receipt else OUT, source, at=at)
        return self.post(units, on, "ItemRcpt" if receipt else "ItemShip", source, order, at=at)

    def change(self, document: str, **fields: object) -> None:
        self.booked[:] = [
            msgspec.structs.replace(one, **fields) if one.document == document else one
            for one in self.booked
        ]

    def repost(self, source: str, units: int, at: str | None = None) -> None:
        """Let a flow have posted another number, or elsewhere, in journal and NetSuite alike."""
        fields: dict[str, object] = {} if at is None else {"location": at}
        [found] = [one for one in self.posted if one.source == source]
        self.posted[self.posted.index(found)] = msgspec.structs.replace(
            found, quantity=units, **fields
        )
        self.change(found.document, quantity=Decimal(units), **fields)

    def delete(self, document: str) -> None:
        self.booked[:] = [one for one in self.booked if one.document != document]

    @property
    def history(self) -> SkuHistory:
        return SkuHistory(
            key="item 501",
            sku="TEE-BLK-M",
            first=FIRST,
            booked=tuple(self.booked),
            posted=tuple(self.posted),
            moved=tuple(self.moved),
            told=frozenset({*self.told, *(one.source for one in self.posted)}),
            standing=frozenset({*self.standing, *(one.document for one in self.booked)}),
            coming=frozenset(self.coming),
            orders=self.orders,
            rates=self.rates,
            in_kits=self.in_kits,
        )

    @property
    def gaps(self) -> dict[str, Decimal]:
        """What ShipBob has more, beyond what is coming; with what neither history tells."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.moved:
            if one.source not in self.coming:
                sums[one.location] += one.quantity
        for line in self.booked:
            sums[line.location] -= line.quantity
        for where, units in self.unseen.items():
            sums[where] += units
        return {where: units for where, units in sums.items() if units}

    def found(self) -> dict[str, StockFinding]:
        return findings(evidence(self.history), self.gaps)


def honest() -> World:
    """A month in which all was posted rightly."""
    world = World()
    world.happens(60, 3, "receiving 90311", "PO1")
    world.happens(48, 9, "receiving 90320", "PO2")
    world.happens(36, 4, "receiving 90333", "PO3", at="7")
    world.happens(-2, 5, "order 71", "SO1")
    world.happens(-3, 5, "order 72", "SO2")
    world.happens(-4, 6, "order 73", "SO3")
    world.happens(-5, 6, "order 74", "SO4", at="7")
    world.happens(1, 12, "returns 31", "RA1")
    world.shipbob(-1, 14, ADJUSTED, reason="cycle count")  # and somebody followed it in NetSuite
    world.netsuite(-1, 15, "InvAdjst")
    return world


Tampering = Callable[[World], object]
