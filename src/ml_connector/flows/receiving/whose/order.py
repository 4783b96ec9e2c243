"""Which order a WRO is received from: our own link, then its number, then units that fit. Pure.

Assumptions: SB-023.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.receiving.allocation import lines_at
from ml_connector.flows.receiving.booking import Task
from ml_connector.flows.receiving.facts import OtherReading, ReceivingFacts, ReceivingOrder
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.reads.order_wros import bare
from ml_connector.rules.line_numbers.refusal import refuse_unclear_lines
from ml_connector.words import Cause


def names_order(facts: ReceivingFacts) -> bool:
    """Whether anything says which order a WRO is of."""
    return facts.purchase_order_number is not None or facts.owner.order_id is not None


def is_hidden(facts: ReceivingFacts) -> bool:
    """Whether a WRO is of an order that may well be there, and that the role does not see."""
    return facts.owner.gone == "hidden"


def order_of(facts: ReceivingFacts, task: Task) -> ReceivingOrder:
    """Return the order that a WRO is received from.

    A WRO that we announced, or have received before, is of that order, whatever its number says
    and whatever became of the order. Else an order with its very number; else the one whose
    second or later WRO may be numbered so.

    Raises:
        NeedsData: NetSuite has no such order.
        NeedsHuman: it is a transfer order, can't be received, is gone, or several may be meant.
    """
    if facts.is_transfer:
        raise _transfer(facts)
    if facts.owner.gone:
        raise _gone(facts)
    if not facts.orders:
        raise _not_found(facts)
    order = facts.orders[0] if facts.owner.order_id else _numbered(facts, task)
    if order.status not in PURCHASE_ORDER_RECEIVABLE:
        raise NeedsHuman(
            f"Purchase order {order.number} can't be received: its status is {order.status}"
            " (A pending approval, C rejected, H closed)",
            cause=Cause.PURCHASE_ORDER_CLOSED,
            remedy="Approve or reopen the order in NetSuite. It then goes on by itself.",
            waiting_for=[AwaitedKind.PURCHASE_ORDER.named(order.number)],
        )
    refuse_unclear_lines(order.line_numbers, "purchaseOrder", order.id, order.number)
    return order


def _numbered(facts: ReceivingFacts, task: Task) -> ReceivingOrder:
    """Return the order that a WRO's number means, which our books don't know."""
    order = _only(facts, facts.orders, task.settings)
    if facts.owner.transfers:
        raise _ambiguous(
            facts,
            f"purchase order {order.number} and a transfer order have it both",
            waiting_for=[AwaitedKind.ORDER_NUMBER.named(order.number)],
        )
    if bare(order.number) == bare(facts.purchase_order_number):
        _refuse_other_readings(facts, order, task)
    elif not _is_known(facts, order) and not _covers(order, _units(facts, task), task):
        raise _may_be_further(facts, order, task)
    return order


def _only(
    facts: ReceivingFacts, orders: Sequence[ReceivingOrder], settings: ConnectionSettings
) -> ReceivingOrder:
    """Return the one order of a number; of several the one of the connection's subsidiary."""
    if len(orders) == 1:
        return orders[0]
    ours = [one for one in orders if one.subsidiary and one.subsidiary == _subsidiary(settings)]
    if len(ours) == 1:
        return ours[0]
    several = "; ".join(
        f"{one.id}{f' of subsidiary {one.subsidiary}' if one.subsidiary else ''}" for one in orders
    )
    number = orders[0].number
    raise NeedsHuman(
        f"NetSuite has {len(orders)} purchase orders with the number {number}, and WRO"
        f" {facts.wro_id} may be of any of them: internal ids {several}",
        cause=Cause.PURCHASE_ORDER_AMBIGUOUS,
        remedy=(
            "Make their numbers differ, or set subsidiary under [netsuite] to the one whose"
            " orders ShipBob receives and apply the connection again; it then goes on by itself."
        ),
        waiting_for=[AwaitedKind.ORDER_NUMBER.named(number)],
    )


def _subsidiary(settings: ConnectionSettings) -> str | None:
    return settings.netsuite.subsidiary


def _is_known(facts: ReceivingFacts, order: ReceivingOrder) -> bool:
    """Whether we gave this number to a WRO of the order: ShipBob's people may have split that."""
    return order.id in facts.owner.numbered_for


def _refuse_other_readings(facts: ReceivingFacts, order: ReceivingOrder, task: Task) -> None:
    """Stop where the number is an order's own, and may be one that we gave for another order.

    Units that fit only one of them decide.
    """
    owner = facts.owner
    others = [one for one in owner.others if owner.may_be_ours or one.id in owner.numbered_for]
    if not others:
        return
    units = _units(facts, task)
    fits = _covers(order, units, task)
    others_fit = any(_covers_reading(one, units, task) for one in others)
    if fits and not others_fit:
        return
    raise _ambiguous(
        facts,
        f"it is the number of purchase order {order.number}, and may be that of a further WRO of"
        f" {', '.join(one.number for one in others)}",
    )


def _covers(order: ReceivingOrder, units: Mapping[str, int], task: Task) -> bool:
    """Whether an order expects all these units at the location that the WRO is for."""
    place = task.booking.ordered_at
    return all(
        quantity <= sum(line.open_quantity for line in lines_at(order, item, place))
        for item, quantity in units.items()
    )


def _covers_reading(order: OtherReading, units: Mapping[str, int], task: Task) -> bool:
    places = {None, task.booking.ordered_at}
    return all(
        quantity
        <= sum(
            one.quantity
            for one in order.open_units
            if one.item_id == item and one.location in places
        )
        for item, quantity in units.items()
    )


def _units(facts: ReceivingFacts, task: Task) -> Counter[str]:
    """Return the units of a WRO that are not booked, by NetSuite's item id.

    Of its products that are stowed in part, those that are still to come count as well: whose it
    is does not change with the units that were stowed first.
    """
    units: Counter[str] = Counter()
    for one in task.increases:
        units[one.item.id] += one.quantity
    if task.ended:
        return units
    items = {one.inventory_id: one.item.id for one in task.increases}
    for inventory_id, item in items.items():
        rows = [line for line in facts.lines if line.inventory_id == inventory_id]
        expected = max(line.expected for line in rows)  # each lot of it has that of them all
        units[item] += max(0, expected - sum(line.stowed for line in rows))
    return units


def _transfer(facts: ReceivingFacts) -> NeedsHuman:
    number = facts.purchase_order_number
    said = f"carries the number of transfer order {number}"
    if facts.owner.order_id is not None:
        said = f"was announced for transfer order {facts.owner.number}"
    return NeedsHuman(
        f"WRO {facts.wro_id} {said}, which NetSuite's REST service is not known to receive"
        " reliably",
        cause=Cause.TRANSFER_ORDER,
        remedy=(
            "Receive the transfer order by hand in NetSuite, with the units that are stowed;"
            " nothing is booked for this WRO."
        ),
    )


def _gone(facts: ReceivingFacts) -> NeedsHuman:
    """Return the failure of a WRO whose own order is not to be seen any more."""
    owner = facts.owner
    how = "received from" if owner.received else "announced for"
    if owner.gone == "deleted":
        return NeedsHuman(
            f"WRO {facts.wro_id} was {how} order {owner.order_id}, which was deleted in NetSuite;"
            f" it is of no other order, whatever number it carries"
            f" ({facts.purchase_order_number or 'none'})",
            cause=Cause.PURCHASE_ORDER_NOT_FOUND,
            remedy=(
                "Say which order its goods are of now, or adjust the stock by hand in NetSuite"
                " with the units that are stowed."
            ),
        )
    return NeedsHuman(
        f"WRO {facts.wro_id} was {how} order {owner.order_id}, which NetSuite does not show to"
        " the role any more and does not say that it was deleted",
        cause=Cause.PURCHASE_ORDER_NOT_FOUND,
        remedy=(
            "Let the role see the order again (Purchase Order or Transfer Order, View, and its"
            " subsidiary) and apply the connection again; it then goes on by itself."
        ),
        waiting_for=[AwaitedKind.PERMISSION.named("purchase_order")],
    )


def _not_found(facts: ReceivingFacts) -> NeedsData:
    number = facts.purchase_order_number
    return NeedsData(
        f"NetSuite has no purchase order {number}, the number on WRO {facts.wro_id}",
        cause=Cause.PURCHASE_ORDER_NOT_FOUND,
        waiting_for=[AwaitedKind.PURCHASE_ORDER.named(number)],
        remedy=(
            "Enter the purchase order with this number, or correct the number on the WRO at"
            " ShipBob. It then goes on by itself."
        ),
    )


def _may_be_further(facts: ReceivingFacts, order: ReceivingOrder, task: Task) -> NeedsData:
    number = facts.purchase_order_number
    return NeedsData(
        f"NetSuite has no purchase order {number}, the number on WRO {facts.wro_id}. It may be a"
        f" further WRO of {order.number}, but we did not make it, and {order.number} does not"
        f" expect all its units at location {task.booking.ordered_at}",
        cause=Cause.PURCHASE_ORDER_NOT_FOUND,
        waiting_for=[AwaitedKind.PURCHASE_ORDER.named(number)],
        remedy=(
            f"Enter the purchase order {number}, or say that the WRO belongs to {order.number};"
            f" or correct {order.number} in NetSuite, or the number on the WRO at ShipBob."
            " It then goes on by itself."
        ),
    )


def _ambiguous(
    facts: ReceivingFacts, why: str, *, waiting_for: Sequence[Awaited] = ()
) -> NeedsHuman:
    return NeedsHuman(
        f"WRO {facts.wro_id} carries the number {facts.purchase_order_number}, and it can't be"
        f" told whose it is: {why}",
        cause=Cause.PURCHASE_ORDER_AMBIGUOUS,
        remedy=(
            "Say which order it belongs to, or make the numbers differ in NetSuite or at"
            " ShipBob. It then goes on by itself."
        ),
        waiting_for=waiting_for,
    )
