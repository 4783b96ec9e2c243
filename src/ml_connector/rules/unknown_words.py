"""Statuses of the two systems that this build does not know: shown, never passed over. Pure."""

from collections.abc import Sequence

from ml_connector.awaited import Awaited
from ml_connector.errors import NeedsHuman
from ml_connector.words import Cause


def unknown_status(
    of: str,
    status: str,
    *,
    where: str,
    unclear: str,
    remedy: str,
    waiting_for: Sequence[Awaited] = (),
) -> NeedsHuman:
    """Return the failure of a record whose status this version does not know.

    Both systems add statuses without a word (shipbob.md section 13.4), so a status that is new
    here never means "nothing to do".

    Args:
        of: what people call the record, such as "Shipment 5512".
        status: as the system wrote it; it may be empty.
        where: such as "at ShipBob".
        unclear: what can't be told of it, such as "whether its units have left".
        remedy: what a person does.
        waiting_for: what ends it.
    """
    said = f'in status "{status}"' if status.strip() else "in no status"
    return NeedsHuman(
        f"{of} is {said} {where}, which this version does not know: it can't be told {unclear}",
        cause=Cause.STATUS_UNKNOWN,
        remedy=remedy,
        waiting_for=waiting_for,
    )
