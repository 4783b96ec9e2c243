"""What may have made a difference of stock, as a table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class CauseKind(StrEnum):
    """What made a difference of stock: stable codes that people filter on."""

    DOCUMENT_DELETED = "document_deleted"
    DOCUMENT_CHANGED = "document_changed"
    WRONG_LOCATION = "wrong_location"
    UNIT_OF_MEASURE = "unit_of_measure"
    ENTERED_TWICE = "entered_twice"
    DAY_IMPORTED_TWICE = "day_imported_twice"
    OTHER_CONNECTOR = "other_connector"
    WRONG_ORDER = "wrong_order"
    RECEIVED_BY_OTHERS = "received_by_others"
    FULFILLED_BY_OTHERS = "fulfilled_by_others"
    ADJUSTED_IN_NETSUITE = "adjusted_in_netsuite"
    TRANSFERRED_IN_NETSUITE = "transferred_in_netsuite"
    BUILT_IN_NETSUITE = "built_in_netsuite"
    MOVED_IN_NETSUITE = "moved_in_netsuite"
    ADJUSTED_IN_SHIPBOB = "adjusted_in_shipbob"
    COUNTED_AT_SHIPBOB = "counted_at_shipbob"
    WRITTEN_OFF_AT_SHIPBOB = "written_off_at_shipbob"
    KITTED_AT_SHIPBOB = "kitted_at_shipbob"
    MOVED_BETWEEN_CENTERS = "moved_between_centers"
    STOWED_AGAIN = "stowed_again"
    RESTOCKED_TWICE = "restocked_twice"
    CANCELLED_AFTER_LABEL = "cancelled_after_label"
    PICKED_AGAIN = "picked_again"
    KIT_EXPLODED_TWICE = "kit_exploded_twice"
    NEVER_TOLD = "never_told"
    NOT_POSTED = "not_posted"
    CORRECTED = "corrected"
    POSTED_ELSEWHERE = "posted_elsewhere"
    POSTED_IN_OTHER_UNIT = "posted_in_other_unit"
    POSTED_OTHERWISE = "posted_otherwise"

    @property
    def rule(self) -> "CauseRule":
        """What holds for causes of the kind."""
        return RULES[self]


class CauseRule(NamedTuple):
    """What holds for the causes of one kind.

    Attributes:
        words: the cause, for a person.
        remedy: what to do.
    """

    words: str
    remedy: str


_BY_HAND: Final = "Nothing is adjusted by itself."
_THEIRS: Final = (
    "If ShipBob counts right, take it back in NetSuite; if NetSuite does, have ShipBob adjust its"
    f" stock. {_BY_HAND}"
)
_AT_SHIPBOB: Final = (
    "If ShipBob counts right, let NetSuite follow with: ml-connector drift decide LOCATION SKU"
    f" --as correct; else ask ShipBob to take it back. {_BY_HAND}"
)
_TWICE: Final = "Delete the second one in NetSuite."
_RULE: Final = (
    "Look at it with: ml-connector show. If ShipBob is right, take the document back with journal"
    " undo, and tell us."
)
_OURS: Final = (
    "See what the month end says of the document, and decide there: ml-connector reconcile, then"
    " month decide."
)

RULES: Final[Mapping[CauseKind, CauseRule]] = MappingProxyType(
    {
        CauseKind.DOCUMENT_DELETED: CauseRule("a document of ours was deleted or voided", _OURS),
        CauseKind.DOCUMENT_CHANGED: CauseRule("a document of ours was changed", _OURS),
        CauseKind.WRONG_LOCATION: CauseRule(
            "a document of ours moved units at another location than was posted", _OURS
        ),
        CauseKind.UNIT_OF_MEASURE: CauseRule(
            "a document of ours counts in another unit of measure than was posted", _OURS
        ),
        CauseKind.ENTERED_TWICE: CauseRule("a document of ours was entered a second time", _TWICE),
        CauseKind.DAY_IMPORTED_TWICE: CauseRule(
            "all our documents of a day were entered a second time",
            "Find the import of that day in NetSuite, and delete what it made.",
        ),
        CauseKind.OTHER_CONNECTOR: CauseRule(
            "documents with external ids like ours that this connection has not posted",
            "Find out who else posts for this ShipBob account, stop it, and delete its documents.",
        ),
        CauseKind.WRONG_ORDER: CauseRule(
            "fulfilled on an order that ShipBob has not shipped",
            "Delete the fulfilment in NetSuite, and fulfil the order that ShipBob shipped.",
        ),
        CauseKind.RECEIVED_BY_OTHERS: CauseRule("received in NetSuite by others", _THEIRS),
        CauseKind.FULFILLED_BY_OTHERS: CauseRule("fulfilled in NetSuite by others", _THEIRS),
        CauseKind.ADJUSTED_IN_NETSUITE: CauseRule("adjusted in NetSuite by others", _THEIRS),
        CauseKind.TRANSFERRED_IN_NETSUITE: CauseRule(
            "transferred between locations in NetSuite by others", _THEIRS
        ),
        CauseKind.BUILT_IN_NETSUITE: CauseRule("built or taken apart in NetSuite", _THEIRS),
        CauseKind.MOVED_IN_NETSUITE: CauseRule("moved in NetSuite by others", _THEIRS),
        CauseKind.ADJUSTED_IN_SHIPBOB: CauseRule("adjusted at ShipBob", _AT_SHIPBOB),
        CauseKind.COUNTED_AT_SHIPBOB: CauseRule("counted anew at ShipBob", _AT_SHIPBOB),
        CauseKind.WRITTEN_OFF_AT_SHIPBOB: CauseRule(
            "written off at ShipBob, and not in NetSuite", _AT_SHIPBOB
        ),
        CauseKind.KITTED_AT_SHIPBOB: CauseRule(
            "kitted at ShipBob, or moved to another SKU", _AT_SHIPBOB
        ),
        CauseKind.MOVED_BETWEEN_CENTERS: CauseRule(
            "moved by ShipBob from one center to another",
            "Book an inventory transfer between the two locations in NetSuite.",
        ),
        CauseKind.STOWED_AGAIN: CauseRule(
            "ShipBob stowed units of a WRO once more, beyond what was posted", _AT_SHIPBOB
        ),
        CauseKind.RESTOCKED_TWICE: CauseRule(
            "ShipBob restocked units of a return once more, beyond what was posted", _AT_SHIPBOB
        ),
        CauseKind.CANCELLED_AFTER_LABEL: CauseRule(
            "ShipBob put the units of a shipment back that was posted as shipped",
            "See whether the shipment was cancelled after its label, and take its fulfilment back"
            " with: ml-connector journal undo.",
        ),
        CauseKind.PICKED_AGAIN: CauseRule(
            "ShipBob picked more units for an order than were posted as shipped",
            "Run: ml-connector sync tracking.",
        ),
        CauseKind.KIT_EXPLODED_TWICE: CauseRule(
            "twice as many members of a kit were posted as ShipBob took",
            "See how many of the member one kit holds in both systems, correct what is wrong"
            " there, and take the fulfilment back with: ml-connector journal undo.",
        ),
        CauseKind.NEVER_TOLD: CauseRule(
            "ShipBob moved it, and nothing told us of it", "Run: ml-connector sync."
        ),
        CauseKind.POSTED_ELSEWHERE: CauseRule(
            "we posted it at another location than that of ShipBob's center", _RULE
        ),
        CauseKind.POSTED_IN_OTHER_UNIT: CauseRule(
            "we posted it in another unit of measure than eaches", _RULE
        ),
        CauseKind.POSTED_OTHERWISE: CauseRule(
            "we posted another number of units than ShipBob moved", _RULE
        ),
        CauseKind.NOT_POSTED: CauseRule(
            "ShipBob moved it, and nothing was posted of it",
            "See why with: ml-connector show.",
        ),
        CauseKind.CORRECTED: CauseRule(
            "corrected by a decision, and not at ShipBob",
            "Take the correction back with journal undo, if ShipBob's stock was right before it.",
        ),
    }
)
"""Every kind, with its words and what a person does."""
