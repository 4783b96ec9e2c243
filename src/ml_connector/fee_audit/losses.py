"""Units that ShipBob took out of stock, with no credit that names them. Pure."""

from collections.abc import Iterable, Iterator

from ml_connector.fee_audit.causes import Evidence
from ml_connector.fee_audit.findings import CLAIM_WITHIN, Finding
from ml_connector.fee_audit.settled import names_loss
from ml_connector.ledger.sources.charges import Charge


def credits_due(ordered: Iterable[Charge], evidence: Evidence) -> Iterator[Finding]:
    """Yield the losses that no credit names."""
    credited = [
        one
        for one in ordered
        if (one.type or "").casefold() in {"credit", "refund"} and one.amount < 0
    ]
    for loss in evidence.losses:
        names = {str(loss.event_id), str(loss.inventory_id), loss.sku.casefold()} - {""}
        if any(
            one.charged_on is not None and one.charged_on >= loss.day and names_loss(one, names)
            for one in credited
        ):
            continue
        reason = f" ({loss.reason})" if loss.reason else ""
        yield Finding(
            kind="credit_due",
            claim_by=loss.day + CLAIM_WITHIN,
            statement=(
                f"{loss.units} x {loss.sku or loss.inventory_id} were taken out of stock at"
                f" {loss.center} on {loss.day}{reason}; no credit names them"
            ),
            service=loss.center,
            reference=f"inventory event {loss.event_id}",
            units=loss.units,
            why="units that are lost at a fulfillment center are credited by ShipBob",
        )
