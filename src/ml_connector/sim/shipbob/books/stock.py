"""How much of what lies where, and every movement that led there (reference 9.3).

Quantities are sellable eaches per inventory id, fulfillment center and lot.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count

import msgspec

Place = tuple[int, int, str]
"""Inventory id, fulfillment center id, lot number (empty where there are no lots)."""


class Levels(msgspec.Struct, kw_only=True):
    """The quantities at one place.

    Attributes:
        on_hand: physically there, quarantined units included.
        committed: promised to orders that have not left yet.
        exception: on hand but not for sale, such as quarantined returns.
        awaiting: announced by WROs and not stowed yet.
        transfer: between a hub and its center.
        lot_date: the expiration date of the lot.
    """

    on_hand: int = 0
    committed: int = 0
    exception: int = 0
    awaiting: int = 0
    transfer: int = 0
    lot_date: datetime | None = None

    @property
    def fulfillable(self) -> int:
        """What orders can still be filled from."""
        return self.on_hand - self.committed - self.exception

    def plus(self, other: "Levels") -> "Levels":
        """The sum of two places."""
        return Levels(
            on_hand=self.on_hand + other.on_hand,
            committed=self.committed + other.committed,
            exception=self.exception + other.exception,
            awaiting=self.awaiting + other.awaiting,
            transfer=self.transfer + other.transfer,
            lot_date=self.lot_date or other.lot_date,
        )


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One audit event: the ``inventory/history:query`` row."""

    id: int
    at: datetime
    category: str
    inventory_id: int
    sku: str
    center_id: int
    lot_number: str
    lot_date: datetime | None
    quantity: int
    references: tuple[tuple[str, str], ...]
    order_id: int | None


class Stock:
    """The stock books: levels, and the movements that add up to them."""

    def __init__(self) -> None:
        self._levels: defaultdict[Place, Levels] = defaultdict(Levels)
        self._by_inventory_id: defaultdict[int, dict[Place, Levels]] = defaultdict(dict)
        self._movement_ids = count(70_000_001)
        self.movements: list[Movement] = []

    def at(self, place: Place) -> Levels:
        """The levels at one place, to be read or changed."""
        levels = self._levels[place]
        self._by_inventory_id[place[0]][place] = levels
        return levels

    def of(self, inventory_id: int) -> dict[Place, Levels]:
        """All places where this inventory id is or was."""
        return self._by_inventory_id.get(inventory_id, {})

    def before(self, levels: Mapping[Place, Levels], moment: datetime) -> dict[Place, Levels]:
        """Return these levels without what moved since a moment."""
        since: Counter[Place] = Counter()
        for one in reversed(self.movements):
            if one.at <= moment:
                break
            since[one.inventory_id, one.center_id, one.lot_number] += one.quantity
        return {
            place: msgspec.structs.replace(one, on_hand=one.on_hand - since[place])
            for place, one in levels.items()
        }

    def __iter__(self) -> Iterator[tuple[Place, Levels]]:
        return iter(list(self._levels.items()))

    def move(
        self,
        place: Place,
        quantity: int,
        *,
        sku: str,
        category: str,
        at: datetime,
        lot_date: datetime | None = None,
        references: tuple[tuple[str, str], ...] = (),
        order_id: int | None = None,
    ) -> None:
        """Change what is on hand and keep the audit event. A negative quantity leaves."""
        levels = self.at(place)
        levels.on_hand += quantity
        levels.lot_date = levels.lot_date or lot_date
        inventory_id, center_id, lot_number = place
        self.movements.append(
            Movement(
                id=next(self._movement_ids),
                at=at,
                category=category,
                inventory_id=inventory_id,
                sku=sku,
                center_id=center_id,
                lot_number=lot_number,
                lot_date=levels.lot_date,
                quantity=quantity,
                references=references,
                order_id=order_id,
            )
        )
