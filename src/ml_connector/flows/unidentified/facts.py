"""What the plan for one unidentified receiving order sees, as a run keeps it."""

from datetime import datetime

import msgspec

from ml_connector.rules.decisions.decided import Decided


class UnidentifiedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one unidentified receiving order sees.

    Attributes:
        there: whether ShipBob still lists it.
        linked_wro_id: the WRO that it was linked to.
        decisions: what people decided about it.
    """

    uro_id: int
    there: bool
    reason: str = ""
    comment: str = ""
    barcode: str = ""
    tracking: str = ""
    found_at: datetime | None = None
    linked_wro_id: int | None = None
    decisions: tuple[Decided, ...] = ()
