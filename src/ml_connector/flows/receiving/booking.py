"""The documents that book the units of a WRO, with or without an order. All pure."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.allocation import (
    BrokenUnit,
    allocate,
    refuse_other_units,
    refuse_what_others_received,
    stretch,
)
from ml_connector.flows.receiving.documents import (
    Booking,
    Increase,
    adjustment,
    item_receipt,
    source_line,
)
from ml_connector.flows.receiving.facts import ReceivingOrder
from ml_connector.ledger.postings.documents import Document, Plan, Posted, RefusedUnits
from ml_connector.words import Cause, DocumentKind


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be booked of a WRO, and what is needed to book it.

    Attributes:
        mark: the document that tells ShipBob that all is booked; empty while it is not.
        ended: whether nothing more will be stowed of the WRO.
        unit_rates: base units in one of each unit that items are kept in.
    """

    booking: Booking
    increases: tuple[Increase, ...]
    posted: tuple[Posted, ...]
    settings: ConnectionSettings
    mark: tuple[Document, ...]
    ended: bool
    unit_rates: dict[str, Decimal] = {}


def without_order(task: Task) -> Plan:
    """Book the units of a WRO without a purchase order number.

    Raises:
        NeedsHuman: the policy ``unmatched_wro`` is to park, or the adjustment can't be made.
    """
    if task.settings.policies.unmatched_wro == "park":
        raise NeedsHuman(
            f"WRO {task.booking.wro_id} carries no purchase order number",
            cause=Cause.PURCHASE_ORDER_NOT_FOUND,
            remedy=(
                'Put the number on the WRO at ShipBob, or set unmatched_wro = "adjust" to book'
                " such WROs as inventory adjustments."
            ),
            waiting_for=[AwaitedKind.POLICY.named("unmatched_wro")],
        )
    whole = _adjustment(task, [(one, one.quantity) for one in task.increases], "no purchase order")
    return Plan(documents=(whole, *task.mark))


def from_order(order: ReceivingOrder, task: Task) -> Plan:
    """Receive from an order the units it expects; for the rest see the policy ``over_receipt``.

    Raises:
        NeedsHuman: a unit can't be converted, the surplus may have been received by others,
            or the adjustment can't be made.
    """
    taken, surplus, broken = allocate(order, task.increases)
    if task.settings.policies.over_receipt == "receive":
        surplus = stretch(order, taken, surplus)
    refuse_other_units(
        order, {**taken, **{one.line.line: [(one.increase, 0)] for one in broken}}, task.settings
    )
    documents: list[Document] = []
    if taken:
        documents.append(item_receipt(_numbered(task, DocumentKind.ITEM_RECEIPT), order, taken))
    plan = _with_surplus(order, task, documents, surplus)
    return _with_broken(order, task, plan, broken) if broken else plan


def _with_surplus(
    order: ReceivingOrder,
    task: Task,
    documents: Sequence[Document],
    surplus: Sequence[tuple[Increase, int]],
) -> Plan:
    if not surplus:
        return Plan(documents=(*documents, *task.mark))
    refuse_what_others_received(
        order,
        task.booking.wro_id,
        surplus,
        {document.external_id for document in task.posted},
    )
    units = ", ".join(f"{quantity} x {one.sku}" for one, quantity in surplus)
    what = f"WRO {task.booking.wro_id} holds more than {order.number} expects: {units}"
    policy = task.settings.policies.over_receipt
    if policy == "adjust":
        beyond = _adjustment(task, surplus, f"beyond {order.number}")
        return Plan(documents=(*documents, beyond, *task.mark))
    if policy == "refuse":
        return Plan(
            documents=(*documents, *task.mark),
            note=f"Refused by policy: {what}",
            refused=tuple(
                RefusedUnits(
                    source_line=source_line(one.inventory_id, one.lot),
                    reason=f"{order.number} does not expect it, and over_receipt is refuse",
                    quantity=quantity,
                )
                for one, quantity in surplus
            ),
        )
    return Plan(
        documents=tuple(documents),
        remaining_failure=NeedsHuman(
            what,
            cause=Cause.OVER_RECEIPT,
            remedy=(
                f"Raise the quantity on {order.number}, or choose another over_receipt policy;"
                " then replay."
            ),
            waiting_for=[AwaitedKind.POLICY.named("over_receipt")],
        ),
    )


def _with_broken(
    order: ReceivingOrder, task: Task, plan: Plan, broken: Sequence[BrokenUnit]
) -> Plan:
    """Let eaches that fill no whole unit wait for more; a person decides when none will come."""
    said = ", ".join(
        f"{one.quantity} x {one.increase.sku} fill no whole unit of {one.line.eaches} on line"
        f" {one.line.line} of {order.number}"
        for one in broken
    )
    documents = tuple(document for document in plan.documents if document not in task.mark)
    if not task.ended:
        waiting = f"Waits for the rest of a unit: {said}"
        return msgspec.structs.replace(
            plan, documents=documents, waiting=waiting, note=plan.note or waiting
        )
    return msgspec.structs.replace(
        plan,
        documents=documents,
        remaining_failure=plan.remaining_failure
        or NeedsHuman(
            f"WRO {task.booking.wro_id} has ended, and {said}",
            cause=Cause.UNIT_DIFFERS,
            remedy="Receive this part by hand in NetSuite; nothing is rounded by itself.",
        ),
    )


def _adjustment(task: Task, units: Sequence[tuple[Increase, int]], why: str) -> Document:
    account = task.settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"WRO {task.booking.wro_id} needs an inventory adjustment ({why}), but no account is"
            " set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    for one, _ in units:
        rate = task.unit_rates.get(one.item.stock_unit or "", Decimal(1))
        if rate != 1:
            raise NeedsHuman(
                f"WRO {task.booking.wro_id} needs an inventory adjustment ({why}), but"
                f" {one.item.name} is kept in a unit of {rate:f} base units, and ShipBob counts"
                " eaches",
                cause=Cause.UNIT_DIFFERS,
                remedy="Adjust the stock by hand in NetSuite, in the unit that is right.",
            )
    return adjustment(
        _numbered(task, DocumentKind.INVENTORY_ADJUSTMENT),
        units,
        account=account,
        subsidiary=task.settings.netsuite.subsidiary,
        why=why,
    )


def _numbered(task: Task, kind: str) -> Booking:
    number = 1 + sum(document.kind == kind for document in task.posted)
    return msgspec.structs.replace(task.booking, number=number)
