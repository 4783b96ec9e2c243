"""Whether our item fulfilments are made from the sales orders that their shipments are of. Pure.

Stock is the same whichever order a fulfilment is made from, so it ties out all the same, and the
journal says only what the flow believed. So both systems are asked anew: ShipBob for the order of
the shipment, NetSuite by the connection's order rules for its sales order.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.transaction_types import name_of
from ml_connector.words import ExternalIdPrefix

_SHIPMENTS: Final = "ItemShip"
_OF_SHIPMENT: Final = re.compile(
    rf"{re.escape(ExternalIdPrefix.FULFILLMENT)}(\d{{1,18}})(?:-.*)?", re.ASCII
)


class OurFulfillment(msgspec.Struct, frozen=True, kw_only=True):
    """An item fulfilment with an external id of ours, as NetSuite has it.

    Attributes:
        shipment: that it is of, by its external id.
        order: internal id of the sales order that it is made from.
    """

    ref: DocumentRef
    shipment: int
    order: str


class RightOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The sales orders that a shipment may be fulfilled from.

    Attributes:
        ids: internal ids.
        says: which those are, for a person.
    """

    ids: frozenset[str]
    says: str


def fulfillments_of(movements: Iterable[Movement]) -> Mapping[str, OurFulfillment]:
    """Return the fulfilments of ours that these lines are of, by internal id."""
    found: dict[str, OurFulfillment] = {}
    for line in movements:
        if line.type != _SHIPMENTS or not line.created_from or line.voided or not line.posted:
            continue
        named = _OF_SHIPMENT.fullmatch(line.external_id or "")
        if named is None or line.id in found:
            continue
        found[line.id] = OurFulfillment(
            ref=DocumentRef(
                type=name_of(line.type),
                id=line.id,
                number=line.number or "",
                external_id=line.external_id or "",
                date=line.date.isoformat(),
            ),
            shipment=int(named[1]),
            order=line.created_from,
        )
    return found


def judge(
    fulfillments: Iterable[OurFulfillment],
    right: Mapping[int, RightOrder],
    sections: Sections,
    *,
    undone: Collection[str] = (),
) -> Iterator[Difference]:
    """Yield a difference for each that is made from another order than its shipment is of.

    Args:
        fulfillments: of ours, in NetSuite.
        right: by shipment, what it may be fulfilled from; one of which nothing is known is left
            out: its order may have been renamed since.
        sections: of the report.
        undone: external ids of those that people took back.
    """
    for one in fulfillments:
        known = right.get(one.shipment)
        if known is None or one.order in known.ids or one.ref.external_id in undone:
            continue
        called = one.ref.number or one.ref.id
        yield Difference(
            kind=Kind.FULFILLED_FROM_OTHER_ORDER,
            section=sections.of_movement(_SHIPMENTS, "SalesOrd").key,
            source=f"shipment {one.shipment}",
            external_id=one.ref.external_id,
            documents=(one.ref,),
            says=(
                f"{one.ref.type} {called} of shipment {one.shipment} is made from the sales order"
                f" with the internal id {one.order}; by ShipBob it is of {known.says}"
            ),
            remedy=(
                "Report it as a fault of this software, unless the order was changed at ShipBob"
                f" or in NetSuite since. Delete {called} in NetSuite and run: ml-connector sync"
                f" tracking --id {one.shipment}; or fulfil the right order by hand. To take it as"
                " it is: ml-connector month decide ID --as accept."
            ),
        )
