"""What a flow's page shows of a subject, from the facts that its last run kept. Pure.

Runs of all versions are read: what an old one did not keep is left out, and a run that can't be
read shows its subject without facts.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.fee_audit.findings import CLAIM_WITHIN
from ml_connector.flows import FLOWS
from ml_connector.flows.purchase_orders.facts import OrderedLine, PurchaseOrderFacts, WroFact
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.flows.tracking.facts import Parcel, ShipmentFact, TrackingFacts

_READ_ANYWAY: Final = (msgspec.ValidationError, ValueError, TypeError, KeyError)


class ShownWro(msgspec.Struct, frozen=True, kw_only=True):
    """A WRO of a purchase order. Whole eaches.

    Attributes:
        booked: units that NetSuite has received of it.
    """

    id: int
    number: str
    status: str
    center_id: int
    expected: int
    stowed: int
    booked: int


class ShownOrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a purchase order. Whole eaches.

    Attributes:
        line: NetSuite's number of it.
        sku: its item's name.
        received: units that NetSuite has received of it, of whatever delivery.
    """

    line: int
    sku: str
    ordered: int
    received: int


class ShownParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel: its tracking number, its carrier, and the carrier's own page of it."""

    number: str
    carrier: str | None
    url: str | None


class SubjectFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a subject; each flow fills what its subjects have.

    Attributes:
        number: what people call it in NetSuite, or at the store: an order's number, a reference.
        status: in the words of the system that it is from.
        place: the fulfillment center.
        day: of the fact.
        expected, done: units, such as announced and stowed, or ordered and received.
        skus: up to three of them.
        more_skus: how many there are besides.
        lines: of a purchase order.
        received_at: when the newest receipt of a purchase order was posted; None without any.
        delivered_at: of a shipment.
        details: the carrier's states of a shipment, or what was done with returned units.
    """

    number: str | None = None
    status: str | None = None
    place: str | None = None
    day: datetime | None = None
    expected: int | None = None
    done: int | None = None
    skus: tuple[str, ...] = ()
    more_skus: int = 0
    wros: tuple[ShownWro, ...] = ()
    lines: tuple[ShownOrderLine, ...] = ()
    received_at: datetime | None = None
    parcels: tuple[ShownParcel, ...] = ()
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    details: tuple[str, ...] = ()


NOTHING_KNOWN: Final = SubjectFacts()


def subject_facts(flow: str, facts: object) -> SubjectFacts:
    """Return what the facts of a run say of its subject; nothing where they can't be read."""
    show = _SHOW.get(flow)
    if show is None or not isinstance(facts, Mapping):
        return NOTHING_KNOWN
    try:
        return show(msgspec.convert(facts, FLOWS[flow].facts, str_keys=True))
    except _READ_ANYWAY:
        return NOTHING_KNOWN


def claim_by(first_day: date | None) -> date | None:
    """Return until when charges can be claimed back of which the first is of a day."""
    return first_day + CLAIM_WITHIN if first_day else None


def _of_receiving(facts: ReceivingFacts) -> SubjectFacts:
    shown, more = _first(line.sku or f"inventory {line.inventory_id}" for line in facts.lines)
    return SubjectFacts(
        number=facts.purchase_order_number,
        status=facts.status,
        place=facts.fulfillment_center_name,
        day=facts.stowed_at,
        expected=sum(line.expected for line in facts.lines),
        done=sum(line.stowed for line in facts.lines),
        skus=shown,
        more_skus=more,
    )


def _of_purchase_orders(facts: PurchaseOrderFacts) -> SubjectFacts:
    shown, more = _first(line.item_name for line in facts.lines)
    return SubjectFacts(
        number=facts.number or None,
        status=_ORDER_STATUS.get(facts.status, facts.status),
        day=facts.read_at,
        expected=sum(map(_ordered, facts.lines)),
        done=sum(line.received for line in facts.lines),
        skus=shown,
        more_skus=more,
        wros=tuple(map(_wro, facts.own_wros)),
        lines=tuple(map(_order_line, facts.lines)),
    )


def _of_tracking(facts: TrackingFacts) -> SubjectFacts:
    every = facts.shipments
    wanted = [one for one in every if facts.shipment_id in {None, one.id}]
    number = facts.order_number or facts.reference
    if not wanted:
        return SubjectFacts(number=number)
    first = wanted[0]
    products = [product for one in wanted for product in one.products]
    shown, more = _first(product.sku or product.key for product in products)
    return SubjectFacts(
        number=number,
        status=first.status,
        place=first.center_name,
        day=first.shipped_at,
        done=sum(units.quantity for product in products for units in product.units),
        skus=shown,
        more_skus=more,
        parcels=tuple(map(_parcel, (parcel for one in wanted for parcel in one.parcels))),
        shipped_at=first.shipped_at,
        delivered_at=first.delivered_at,
        details=_delivery(first),
    )


def _parcel(parcel: Parcel) -> ShownParcel:
    return ShownParcel(number=parcel.number, carrier=parcel.carrier, url=parcel.url)


def _of_returns(facts: ReturnFacts) -> SubjectFacts:
    shown, more = _first(line.sku or f"inventory {line.inventory_id}" for line in facts.lines)
    actions = [done for line in facts.lines for done in line.done]
    return SubjectFacts(
        number=facts.reference,
        status=facts.status,
        place=facts.center_name,
        day=facts.completed_at,
        expected=sum(line.announced for line in facts.lines),
        done=sum(one.quantity or 0 for one in actions),
        skus=shown,
        more_skus=more,
        details=tuple(dict.fromkeys(one.action for one in actions)),
    )


def _first(names: Any, most: int = 3) -> tuple[tuple[str, ...], int]:
    every = tuple(dict.fromkeys(names))
    return every[:most], max(0, len(every) - most)


def _ordered(line: OrderedLine) -> int:
    return line.received + line.open_quantity


def _order_line(line: OrderedLine) -> ShownOrderLine:
    return ShownOrderLine(
        line=line.line, sku=line.item_name, ordered=_ordered(line), received=line.received
    )


def _wro(wro: WroFact) -> ShownWro:
    return ShownWro(
        id=wro.id,
        number=wro.number,
        status=wro.status,
        center_id=wro.fulfillment_center_id,
        expected=sum(wro.expected.values()),
        stowed=sum(wro.stowed.values()),
        booked=sum(map(wro.received, {*wro.booked, *wro.handled})),
    )


def _delivery(shipment: ShipmentFact) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*shipment.details.values(), *shipment.carriers_say)))


_ORDER_STATUS: Final = MappingProxyType(
    {
        "A": "Pending supervisor approval",
        "B": "Pending receipt",
        "C": "Rejected by supervisor",
        "D": "Partially received",
        "E": "Pending billing, partially received",
        "F": "Pending bill",
        "G": "Fully billed",
        "H": "Closed",
    }
)
"""NetSuite's statuses of a purchase order, by letter (netsuite.md section 5.2)."""

_SHOW: Final[Mapping[str, Callable[[Any], SubjectFacts]]] = MappingProxyType(
    {
        "receiving": _of_receiving,
        "purchase-orders": _of_purchase_orders,
        "tracking": _of_tracking,
        "returns": _of_returns,
    }
)
