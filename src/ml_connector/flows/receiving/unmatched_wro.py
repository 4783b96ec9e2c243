"""The policy ``unmatched_wro``: what becomes of a WRO without a purchase order number. Pure."""

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.booking import Task, adjust
from ml_connector.ledger.postings.documents import Plan
from ml_connector.words import Cause


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
    whole = adjust(task, [(one, one.quantity) for one in task.increases], "no purchase order")
    return Plan(documents=(whole, *task.mark))
