"""Which shipments the item fulfilments of a sales order name, and what they hold. Pure.

A fulfilment names a shipment by our link, by its external id, by our tag in the memo, or by a
tracking number that no other shipment of the order has (several may have one: shipbob.md section
13.5). What it names is its own only where it holds just those units, at their location.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from ml_connector.flows.tracking.facts import ShipmentFact
from ml_connector.flows.tracking.sales_orders import FulfillmentFact, SalesOrderFact
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.words import ExternalIdPrefix

# Kinds of items whose units a fulfilment takes from stock (netsuite.md section 5.6); an item of
# an unknown kind may be one.
_STOCKED: Final = frozenset({"InvtPart", "Assembly", "Kit", ""})


class ShipmentUnits(NamedTuple):
    """What a shipment takes from where, as NetSuite names it.

    Attributes:
        units: quantity by item; empty where that is not clear.
        location: of its center; None where ShipBob names none, or none is mapped to it.
    """

    shipment: ShipmentFact
    units: Mapping[str, int]
    location: str | None

    @property
    def id(self) -> str:
        """As external ids and tags name it."""
        return str(self.shipment.id)

    @property
    def numbers(self) -> frozenset[str]:
        """The tracking numbers of its parcels, as they are compared."""
        return frozenset(parcel.compared_number for parcel in self.shipment.parcels)

    def is_like(self, other: "ShipmentUnits") -> bool:
        """Whether both take the same from the same place."""
        return (self.units, self.location) == (other.units, other.location)


class OrderFulfillments:
    """The item fulfilments of a sales order, beside the shipments of ShipBob's order.

    Args:
        order: the sales order.
        shipments: all of ShipBob's order, cancelled ones too.
        linked: by shipment id, the internal id of the fulfilment that our books know as its.
        planned: id of the shipment that is planned.
        separate: internal ids of the fulfilments that people decided to be of other parcels than
            that shipment; whatever names it on them counts no more.
        together: returns what shipments hold as one, by item; nothing where it is not clear. The
            members of a kit may have left in several, and make up whole kits together only.
    """

    def __init__(
        self,
        order: SalesOrderFact,
        shipments: Iterable[ShipmentUnits],
        linked: Mapping[int, str],
        *,
        planned: int | None = None,
        separate: Collection[str] = (),
        together: Callable[[Sequence[ShipmentFact]], Mapping[str, int]] | None = None,
    ) -> None:
        self.order = order
        self._together = together
        self._planned = frozenset(() if planned is None else {str(planned)})
        self.separate = frozenset(separate)
        self.every: Sequence[FulfillmentFact] = sorted(
            order.fulfillments, key=lambda one: (len(one.id), one.id)
        )
        self._shipments = {one.id: one for one in shipments}
        self._linked: dict[str, set[str]] = defaultdict(set)
        for shipment_id, fulfillment_id in linked.items():
            self._linked[fulfillment_id].add(str(shipment_id))
        self._with_number: dict[str, list[str]] = defaultdict(list)
        for one in self.live:
            for number in one.numbers:
                self._with_number[number].append(one.id)

    def of(self, shipment: ShipmentFact) -> ShipmentUnits:
        """Return what one of the shipments takes."""
        return self._shipments[str(shipment.id)]

    @cached_property
    def live(self) -> Sequence[ShipmentUnits]:
        """The shipments that are not cancelled: those that have shipped first, by id."""
        return sorted(
            (one for one in self._shipments.values() if not one.shipment.is_cancelled),
            key=lambda one: (not one.shipment.has_shipped, one.shipment.id),
        )

    @cached_property
    def pending(self) -> Sequence[ShipmentUnits]:
        """The live shipments that no fulfilment names, in the same order."""
        named = {shipment_id for one in self.every for shipment_id in self.named(one)}
        return [one for one in self.live if one.id not in named]

    @cached_property
    def unnamed(self) -> Sequence[FulfillmentFact]:
        """The fulfilments that name no shipment for certain, but for those of other parcels."""
        return [one for one in self.every if not self.named(one) and one.id not in self.separate]

    def marked(self, fulfillment: FulfillmentFact) -> frozenset[str]:
        """Return the shipments that we have written a fulfilment for, whatever order they are of.

        One with an external id of ours is that shipment's alone.
        """
        external_id = fulfillment.external_id or ""
        if external_id.startswith(ExternalIdPrefix.FULFILLMENT):
            return frozenset({external_id.removeprefix(ExternalIdPrefix.FULFILLMENT)})
        not_its = self._planned if fulfillment.id in self.separate else frozenset()
        return (fulfillment.tags | self._linked[fulfillment.id]) - not_its

    @cached_property
    def _marked_anywhere(self) -> frozenset[str]:
        return frozenset(shipment for one in self.every for shipment in self.marked(one))

    def named(self, fulfillment: FulfillmentFact) -> frozenset[str]:
        """Return all shipments that a fulfilment names for certain.

        A number names none that another fulfilment is marked for.
        """
        marked = self.marked(fulfillment)
        if is_ours(fulfillment):
            return marked
        holders = (self._with_number.get(one, ()) for one in fulfillment.compared_numbers)
        alone = {one for found in holders if len(found) == 1 for one in found}
        return marked | (alone - self._marked_anywhere)

    def names_as_well(
        self, own: ShipmentUnits, fulfillment: FulfillmentFact
    ) -> Sequence[FulfillmentFact]:
        """Return further fulfilments of others that name a shipment and hold some of its items.

        Args:
            own: the shipment.
            fulfillment: the one that it has.
        """
        numbers = {one for one in own.numbers if self._with_number[one] == [own.id]}
        return [
            one
            for one in self.every
            if one.id not in {fulfillment.id, *self.separate}
            and not is_ours(one)
            and self.marked(one) <= {own.id}
            and (own.id in self.marked(one) or numbers & one.compared_numbers)
            and (not own.units or own.units.keys() & self.units_in(one).keys())
        ]

    def shared_numbers(self, own: ShipmentUnits) -> frozenset[str]:
        """Return the tracking numbers of a shipment that other live shipments have as well."""
        return frozenset(one for one in own.numbers if len(self._with_number[one]) > 1)

    def holds(self, fulfillment: FulfillmentFact, shipment_ids: Collection[str]) -> bool:
        """Whether a fulfilment holds exactly the units of these shipments, where they are from."""
        shipments = [self._shipments.get(one) for one in shipment_ids]
        wanted: Counter[str] = Counter()
        for one in shipments:
            if one is None or not one.units or not is_from(fulfillment, one):
                return False
            wanted.update(one.units)
        return bool(wanted) and wanted == self.units_in(fulfillment)

    def holds_together(self, fulfillment: FulfillmentFact, shipment_ids: Collection[str]) -> bool:
        """Whether a fulfilment of others holds what shipments make up together only."""
        shipments = [one for key, one in self._shipments.items() if key in shipment_ids]
        if self._together is None or is_ours(fulfillment) or len(shipments) < len(shipment_ids):
            return False
        units = self._together([one.shipment for one in shipments])
        from_there = all(is_from(fulfillment, one) for one in shipments)
        return from_there and bool(units) and units == self.units_in(fulfillment)

    def holds_of_one(
        self, fulfillment: FulfillmentFact, shipments: Iterable[ShipmentUnits]
    ) -> bool:
        """Whether a fulfilment holds exactly the units of one of these shipments."""
        return any(self.holds(fulfillment, {one.id}) for one in shipments)

    def held_with(
        self, fulfillment: FulfillmentFact, own: ShipmentUnits
    ) -> Sequence[ShipmentUnits]:
        """Return the shipments whose units a fulfilment holds beside those of another one.

        Together these are all that it names, and all from that location that none names.
        """
        named = self.named(fulfillment)
        here = [one for one in self.pending if one.location == own.location]
        every = {one.id for one in here} | named | {own.id}
        if not self.holds(fulfillment, every):
            return ()
        return [one for one in self._shipments.values() if one.id in every - {own.id}]

    def units_in(self, fulfillment: FulfillmentFact) -> Counter[str]:
        """Return the quantity of each item on a fulfilment that ShipBob may have shipped.

        Left out is what no stock is kept of, unless a shipment holds it, and what is on no line
        of the order, such as the members of a kit.
        """
        units: Counter[str] = Counter()
        for line in fulfillment.lines:
            if line.item in self._counted:
                units[line.item] += line.quantity
        return units

    @cached_property
    def _counted(self) -> frozenset[str]:
        stocked = {line.item for line in self.order.lines if line.kind in _STOCKED}
        return frozenset(stocked.union(*(one.units for one in self._shipments.values())))

    def counts_for(self, fulfillment: FulfillmentFact, own: ShipmentUnits) -> bool:
        """Whether a fulfilment that names a shipment holds its units, and each for one only.

        Where it is not clear what the shipment holds, its name decides. One that is only picked
        or packed must be the shipment's alone: as a whole it leaves the shelf.
        """
        named, marked = self.named(fulfillment), self.marked(fulfillment)
        waits = fulfillment.status in FULFILLMENT_NOT_SHIPPED
        if not own.units:
            return not waits and (named == {own.id} or self.holds_together(fulfillment, named))
        alone = {own.id} in (named, marked) and marked <= {own.id}
        if alone and self.holds(fulfillment, {own.id}):
            return True
        if waits or is_ours(fulfillment):
            return False
        live = named & {one.id for one in self.live}
        together = live | {one.id for one in self.pending if one.location == own.location}
        return any(self.holds(fulfillment, one) for one in (named, live, together))

    def says_left(self, fulfillment: FulfillmentFact, cancelled: ShipmentUnits) -> bool:
        """Whether a fulfilment says of a cancelled shipment that it has left.

        Not where it holds just the units of shipments that are not cancelled: their number may
        be the same, such as that of a label that was used again.
        """
        live = self.named(fulfillment) & {one.id for one in self.live}
        if live and self.holds(fulfillment, live):
            return False
        if cancelled.id in self.marked(fulfillment):
            return True
        if is_ours(fulfillment):
            return False
        own = {one for one in cancelled.numbers if not self._with_number.get(one)}
        return bool(own & fulfillment.compared_numbers)

    def has_open(self, items: Collection[str], shipments: Iterable[ShipmentUnits]) -> bool:
        """Whether the order has so much of these items open as all these shipments take."""
        left: Counter[str] = Counter()
        for line in self.order.lines:
            left[line.item] += line.open
        wanted: Counter[str] = Counter()
        for one in shipments:
            wanted.update(one.units)
        return all(wanted[item] <= left[item] for item in items)


def is_ours(fulfillment: FulfillmentFact) -> bool:
    """Whether we have made a fulfilment, for one shipment."""
    return (fulfillment.external_id or "").startswith(ExternalIdPrefix.FULFILLMENT)


def carries_mark_of(fulfillment: FulfillmentFact, shipment_id: int) -> bool:
    """Whether a fulfilment has a shipment's external id or tag."""
    if is_ours(fulfillment):
        return fulfillment.external_id == f"{ExternalIdPrefix.FULFILLMENT}{shipment_id}"
    return str(shipment_id) in fulfillment.tags


def certainly_names(
    fulfillment: FulfillmentFact, shipment: ShipmentFact, siblings: Iterable[ShipmentFact]
) -> bool:
    """Whether a fulfilment names a shipment, by our mark or a number that no sibling has.

    Args:
        fulfillment: of the order.
        shipment: one of its shipments.
        siblings: all of its shipments; those that are cancelled don't count.
    """
    if carries_mark_of(fulfillment, shipment.id) or is_ours(fulfillment):
        return carries_mark_of(fulfillment, shipment.id)
    taken = {
        parcel.compared_number
        for one in siblings
        if one.id != shipment.id and not one.is_cancelled
        for parcel in one.parcels
    }
    own = {parcel.compared_number for parcel in shipment.parcels}
    return bool((own - taken) & fulfillment.compared_numbers)


def _is_at(fulfillment: FulfillmentFact, location: str | None) -> bool:
    """Whether none of its lines names another location."""
    return all(line.location in (None, location) for line in fulfillment.lines)


def is_from(fulfillment: FulfillmentFact, one: ShipmentUnits) -> bool:
    """Whether a fulfilment is at the location of a shipment's center, where it has one."""
    return one.shipment.center_id is None or _is_at(fulfillment, one.location)
