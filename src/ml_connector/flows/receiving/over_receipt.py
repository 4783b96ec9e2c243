"""The policy ``over_receipt``: what becomes of units beyond what the order expects. Pure."""

from collections.abc import Sequence

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.allocation import (
    BrokenUnit,
    allocate,
    expected_elsewhere,
    refuse_other_units,
    stretch,
)
from ml_connector.flows.receiving.booking import Task, adjust, numbered
from ml_connector.flows.receiving.documents import Increase, item_receipt
from ml_connector.flows.receiving.facts import ReceivingOrder
from ml_connector.flows.receiving.others_receipts import refuse_what_others_received
from ml_connector.ledger.postings.documents import Document, Plan, RefusedUnits
from ml_connector.rules.wro_lines import source_line
from ml_connector.words import Cause, DocumentKind


def from_order(order: ReceivingOrder, task: Task) -> Plan:
    """Receive from an order the units it expects; for the rest see the policy ``over_receipt``.

    Raises:
        NeedsHuman: a unit can't be converted, units may have been received by others,
            or the adjustment can't be made.
    """
    location = task.booking.ordered_at
    taken, surplus, broken = allocate(order, task.increases, location)
    beyond = surplus
    if task.settings.policies.over_receipt == "receive":
        surplus = stretch(order, taken, surplus, location)
    refuse_other_units(
        order, {**taken, **{one.line.line: [(one.increase, 0)] for one in broken}}, task.settings
    )
    refuse_what_others_received(order, task, beyond)
    documents: list[Document] = []
    if taken:
        documents.append(item_receipt(numbered(task, DocumentKind.ITEM_RECEIPT), order, taken))
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
    units = ", ".join(f"{quantity} x {one.sku}" for one, quantity in surplus)
    location = task.booking.ordered_at
    elsewhere = expected_elsewhere(order, [one.item for one, _ in surplus], location)
    what = f"WRO {task.booking.wro_id} holds more than {order.number} expects" + (
        f" at location {location}: {units}; it expects {elsewhere}" if elsewhere else f": {units}"
    )
    policy = task.settings.policies.over_receipt
    if policy == "receive":
        what += "; no line of it there is open that could take them in whole units"
    if policy == "adjust":
        beyond = adjust(task, surplus, f"beyond {order.number}", order)
        return Plan(documents=(*documents, beyond, *task.mark), note=what if elsewhere else "")
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
                f"Raise the quantity on {order.number}{_there(location, elsewhere)}, or choose"
                " another over_receipt policy. It then goes on by itself."
            ),
            waiting_for=[AwaitedKind.POLICY.named("over_receipt")],
        ),
    )


def _there(location: str, elsewhere: str) -> str:
    if not elsewhere:
        return ""
    return f" at location {location}, correct the location of its lines"


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
