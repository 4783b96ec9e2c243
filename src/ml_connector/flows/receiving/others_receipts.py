"""Whether units of a WRO may have been received from its order by somebody else. All pure.

Assumptions: NS-022.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.booking import Task
from ml_connector.flows.receiving.documents import Increase
from ml_connector.flows.receiving.facts import OrderReceipt, ReceivingOrder
from ml_connector.rules.external_ids import is_receipt_of
from ml_connector.words import Cause

_ZONES_APART: Final = timedelta(days=1)
"""The account's day may be one behind the merchant's: NetSuite's dates have no zone."""


def refuse_what_others_received(
    order: ReceivingOrder, task: Task, surplus: Sequence[tuple[Increase, int]]
) -> None:
    """Stop where units of the WRO may be in stock already, by a receipt that is not ours.

    A person may have received them, or this software before its database was lost or restored.
    Each item is looked at by itself. A receipt of it at the WRO's location that was made since the
    WRO was announced, or on the day before, may be the same delivery, also while the order expects
    more. An older one is another matter, as long as the order expects what is stowed. One at
    another location always is; behind a hub, both places are the WRO's.

    Args:
        order: with the receipts that no other WRO explains.
        task: what is to be booked.
        surplus: the units beyond what the order expects at the location.

    Raises:
        NeedsHuman: such a receipt is there.
    """
    known = {document.external_id for document in task.posted}
    beyond = {one.item.id for one, _ in surplus}
    units: dict[str, int] = {}
    skus: dict[str, str] = {}
    for one in task.increases:
        units[one.item.id] = units.get(one.item.id, 0) + one.quantity
        skus[one.item.id] = one.sku
    doubtful = {
        item: [
            receipt
            for receipt in unsettled(order, item, task.settled_receipts)
            if receipt.external_id not in known
            and _may_be_the_same(receipt, order, task, is_beyond=item in beyond)
        ]
        for item in units
    }
    if not any(doubtful.values()):
        return
    said = "; ".join(
        f"{units[item]} x {skus[item]} (received: {_listed(receipts)})"
        for item, receipts in doubtful.items()
        if receipts
    )
    raise NeedsHuman(
        f"WRO {task.booking.wro_id} holds units that somebody else may have received from"
        f" {order.number} at location {task.booking.ordered_at} already: {said}",
        cause=Cause.RECEIVED_BY_OTHERS,
        remedy=_remedy([one for some in doubtful.values() for one in some], task),
    )


def _remedy(receipts: Sequence[OrderReceipt], task: Task) -> str:
    names = ", ".join(dict.fromkeys(receipt.name for receipt in receipts))
    theirs = [
        receipt.number or receipt.document
        for receipt in receipts
        if not is_receipt_of(task.booking.wro_id, receipt.external_id)
    ]
    if not theirs:
        return (
            f"This software made {names} for this WRO, and its database has lost it: nothing is"
            " booked twice. Leave it, or delete the receipt: it then goes on."
        )
    return (
        f"Compare with {names}. If the units are the same, decide so with events decide"
        f" --as handled --document {theirs[0]}, or delete the receipt. If they are"
        f" not, decide --as separate --document {theirs[0]}."
    )


def unsettled(order: ReceivingOrder, item_id: str, settled: Collection[str]) -> list[OrderReceipt]:
    """Return an order's receipts of an item, but for those that a person has decided about.

    Args:
        order: with its receipts.
        item_id: NetSuite's internal id.
        settled: internal ids of the receipts that were decided about.
    """
    return [
        receipt
        for receipt in (*order.receipts, *_of_lines(order))
        if receipt.item_id == item_id and receipt.document not in settled
    ]


def _of_lines(order: ReceivingOrder) -> list[OrderReceipt]:
    """Return the receipts as runs kept them before they knew day and location."""
    return [
        OrderReceipt(
            item_id=line.item_id,
            quantity=receipt.quantity,
            external_id=receipt.external_id,
            line=line.line,
        )
        for line in order.lines
        for receipt in line.receipts
    ]


def _may_be_the_same(
    receipt: OrderReceipt, order: ReceivingOrder, task: Task, *, is_beyond: bool
) -> bool:
    """Return whether a receipt may hold units that a WRO holds.

    One that carries this WRO's external id and that the books lack holds them for sure. Runs kept
    none of its dates once: while the order has room, it is then adopted when ours is posted.
    """
    if is_receipt_of(task.booking.wro_id, receipt.external_id):
        return is_beyond or receipt.dated is not None
    places = {line.line: line.location for line in order.lines}
    place = receipt.location or places.get(receipt.line or 0)
    if place not in {None, task.booking.location, task.booking.ordered_at}:
        return False
    if is_beyond or not receipt.document:
        return is_beyond
    if receipt.day is None or task.announced is None:
        return True
    return receipt.day >= task.announced - _ZONES_APART


def _listed(receipts: Sequence[OrderReceipt]) -> str:
    return ", ".join(
        f"{receipt.quantity} by {receipt.name}" + (f" of {receipt.day}" if receipt.day else "")
        for receipt in receipts
    )
