"""The kinds of open item that a difference of stock may be made of, as a table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Standing = Literal["in_full", "booked_or_not", "if_it_fits", "never"]
"""How an item may explain: ``in_full`` always counts; ``booked_or_not`` counts unless documents
beside ours hold its units; ``if_it_fits`` counts only where the numbers are exact; ``never`` is
only named as something that may have to do with it."""


class OpenKind(StrEnum):
    """Why the two systems hold different stock, in the order in which a report shows it."""

    WAITING = "waiting"
    DOCUMENT_DIFFERS = "document_differs"
    REFUSED = "refused"
    UNFOUNDED = "unfounded"
    HANDLED = "handled"
    POSTED_LATER = "posted_later"
    POSTED_FROM_EARLIER = "posted_from_earlier"
    PICKED_NOT_SHIPPED = "picked_not_shipped"
    PICKED_EARLIER = "picked_earlier"
    RESTOCKED_EARLY = "restocked_early"
    RESTOCKED_EARLIER = "restocked_earlier"
    QUARANTINED = "quarantined"
    DECIDED = "decided"
    BOOKED_BY_OTHERS = "booked_by_others"
    IN_TRANSIT = "in_transit"
    MOVED_AT_SHIPBOB = "moved_at_shipbob"
    NEVER_TOLD = "never_told"
    MOVED_BY_OTHERS = "moved_by_others"
    CORRECTED = "corrected"
    INSIDE_SHIPBOB = "inside_shipbob"
    INSIDE_NETSUITE = "inside_netsuite"

    @property
    def rule(self) -> "OpenRule":
        """What holds for items of the kind."""
        return RULES[self]


class OpenRule(NamedTuple):
    """What holds for the items of one kind.

    Attributes:
        words: the kind, for a person.
        standing: how an item may explain.
        acts: who has to do something about it; empty for nobody.
        ends: what ends it, for a person.
        red: whether it keeps the month open by itself.
        in_part: whether other documents may hold a part of it; what is open of it is shown, and
            keeps the month open, where it is told.
    """

    words: str
    standing: Standing
    acts: str
    ends: str
    red: bool = False
    in_part: bool = False


RULES: Final[Mapping[OpenKind, OpenRule]] = MappingProxyType(
    {
        OpenKind.WAITING: OpenRule(
            "waits to be posted",
            "booked_or_not",
            "whoever its remedy names",
            "it is posted, or decided",
            in_part=True,
        ),
        OpenKind.DOCUMENT_DIFFERS: OpenRule(
            "a document of ours differs",
            "booked_or_not",
            "finance",
            "the decision about the document",
            in_part=True,
        ),
        OpenKind.REFUSED: OpenRule(
            "refused on purpose, or not ours", "booked_or_not", "", "carried on every month"
        ),
        OpenKind.UNFOUNDED: OpenRule(
            "refused, and nothing beside the flow shows why",
            "never",
            "whoever looks after this software",
            "its posting, or a decision about it",
        ),
        OpenKind.HANDLED: OpenRule(
            "handled by another document, by decision",
            "booked_or_not",
            "",
            "that document has it",
            in_part=True,
        ),
        OpenKind.POSTED_LATER: OpenRule(
            "cut off: posted in a later month", "in_full", "", "the later month"
        ),
        OpenKind.POSTED_FROM_EARLIER: OpenRule(
            "cut off: fact of an earlier month", "in_full", "", "this month"
        ),
        OpenKind.PICKED_NOT_SHIPPED: OpenRule(
            "picked and not shipped", "in_full", "ShipBob", "its shipment"
        ),
        OpenKind.PICKED_EARLIER: OpenRule(
            "picked in an earlier month, shipped in this one", "in_full", "", "this month"
        ),
        OpenKind.RESTOCKED_EARLY: OpenRule(
            "restocked before its return is completed", "in_full", "ShipBob", "its completion"
        ),
        OpenKind.RESTOCKED_EARLIER: OpenRule(
            "restocked in an earlier month, completed in this one", "in_full", "", "this month"
        ),
        OpenKind.QUARANTINED: OpenRule(
            "in quarantine: at the center, and at NetSuite's location for it",
            "booked_or_not",
            "",
            "its release",
        ),
        OpenKind.DECIDED: OpenRule(
            "taken as it is, by decision",
            "booked_or_not",
            "",
            "carried on every month",
            in_part=True,
        ),
        OpenKind.BOOKED_BY_OTHERS: OpenRule(
            "open here, and booked by another document", "in_full", "", "both sides have it"
        ),
        OpenKind.IN_TRANSIT: OpenRule(
            "in transit to a center", "if_it_fits", "ShipBob", "its arrival, or a transfer"
        ),
        OpenKind.MOVED_AT_SHIPBOB: OpenRule(
            "moved by ShipBob alone",
            "if_it_fits",
            "finance",
            "month decide --as accept or correct; between centers an inventory transfer",
            red=True,
        ),
        OpenKind.NEVER_TOLD: OpenRule(
            "ShipBob has it, and nothing ever told us", "if_it_fits", "nobody: sync", "its posting"
        ),
        OpenKind.MOVED_BY_OTHERS: OpenRule(
            "moved by others in NetSuite, and not at ShipBob",
            "if_it_fits",
            "whoever made the document",
            "its deletion, the same at ShipBob, or month decide --as accept",
            red=True,
        ),
        OpenKind.CORRECTED: OpenRule(
            "corrected by decision, and not at ShipBob",
            "if_it_fits",
            "finance",
            "journal undo, or month decide --as accept",
            red=True,
        ),
        OpenKind.INSIDE_SHIPBOB: OpenRule(
            "ShipBob's history does not add up to its own stock",
            "in_full",
            "ShipBob",
            "ShipBob's answer, or month decide --as accept",
            red=True,
        ),
        OpenKind.INSIDE_NETSUITE: OpenRule(
            "NetSuite's transactions do not add up to its own stock",
            "in_full",
            "NetSuite's administrator",
            "the lines the role can't see, or month decide --as accept",
            red=True,
        ),
    }
)
"""Every kind: the order of ``if_it_fits`` kinds is the order in which they may explain."""
