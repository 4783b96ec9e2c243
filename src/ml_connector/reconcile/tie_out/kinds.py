"""The kinds of open item that a difference of stock may be made of, as a table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Standing = Literal["in_full", "booked_or_not", "if_it_fits"]
"""How an item may explain: ``in_full`` always counts; ``booked_or_not`` counts unless documents of
others hold exactly its units; ``if_it_fits`` counts only where the numbers are exact."""


class OpenKind(StrEnum):
    """Why the two systems hold different stock, in the order in which a report shows it."""

    WAITING = "waiting"
    DOCUMENT_DIFFERS = "document_differs"
    REFUSED = "refused"
    POSTED_LATER = "posted_later"
    POSTED_FROM_EARLIER = "posted_from_earlier"
    PICKED_NOT_SHIPPED = "picked_not_shipped"
    PICKED_EARLIER = "picked_earlier"
    RESTOCKED_EARLY = "restocked_early"
    RESTOCKED_EARLIER = "restocked_earlier"
    QUARANTINED = "quarantined"
    DECIDED = "decided"
    ACCEPTED = "accepted"
    BOOKED_BY_OTHERS = "booked_by_others"
    IN_TRANSIT = "in_transit"
    MOVED_AT_SHIPBOB = "moved_at_shipbob"
    NEVER_TOLD = "never_told"
    MOVED_BY_OTHERS = "moved_by_others"
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
        red: whether it keeps the month open by itself. Where another part of the report shows it
            too, it is that part which does.
    """

    words: str
    standing: Standing
    acts: str
    ends: str
    red: bool = False


RULES: Final[Mapping[OpenKind, OpenRule]] = MappingProxyType(
    {
        OpenKind.WAITING: OpenRule(
            "waits to be posted", "in_full", "whoever its remedy names", "it is posted, or decided"
        ),
        OpenKind.DOCUMENT_DIFFERS: OpenRule(
            "a document of ours differs", "in_full", "finance", "the decision about the document"
        ),
        OpenKind.REFUSED: OpenRule(
            "refused on purpose, or not ours", "booked_or_not", "", "carried on every month"
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
            "in_full",
            "",
            "its release",
        ),
        OpenKind.DECIDED: OpenRule(
            "taken as it is, by decision", "booked_or_not", "", "carried on every month"
        ),
        OpenKind.ACCEPTED: OpenRule(
            "a difference of stock that was accepted", "in_full", "", "carried on every month"
        ),
        OpenKind.BOOKED_BY_OTHERS: OpenRule(
            "refused here, and booked by others", "in_full", "", "both sides have it"
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
