"""What people decided about one difference, and what a counter-document of it needs."""

from typing import Final

import msgspec

from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.ledger.postings.documents import JournalLine
from ml_connector.rules.facts import ItemFact, PeriodFact
from ml_connector.words import DecisionKind

FLOW_NAME: Final = "month-end"

ROW: Final = "row-"
"""How the key of a document begins whose rows could not be read; its internal id follows."""


class StandingDifference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision that nobody has taken back.

    Attributes:
        value: of one to correct: the external id of its counter-document; empty while it is only
            looked at.
        document: of others, that handled it; None where none is named.
    """

    id: int
    kind: DecisionKind
    value: str = ""
    difference: DecidedDifference
    document: NamedDocument | None = None


class DifferenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one difference sees.

    Attributes:
        key: its id.
        booked: the lines of all documents of it.
        items: of those that are to be corrected, by internal id; like all that follows only read
            where a person decided to correct.
        periods: posting periods from the day of the document on; empty when unreadable.
        location_subsidiaries: of each location that shows any; empty outside OneWorld.
    """

    key: str
    decisions: tuple[StandingDifference, ...] = ()
    booked: tuple[JournalLine, ...] = ()
    items: dict[str, ItemFact] = {}
    periods: tuple[PeriodFact, ...] = ()
    location_subsidiaries: dict[str, tuple[str, ...]] = {}
