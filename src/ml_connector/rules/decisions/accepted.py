"""What a person decided to take as it is: the very stop that was shown. Pure.

A decision to accept names the sentence of the stop, with the records and figures in it. Where
anything of it is otherwise later, the sentence is another one, and the subject stops anew.
"""

from collections.abc import Iterable
from typing import Final

from ml_connector.engine.decisions import Decidable
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger.decisions.decisions import NewDecision
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import Decided, of_kind
from ml_connector.words import Cause, DecisionKind

ACCEPTED_PART: Final = " / accepted"
"""What names the part of a line by which NetSuite's record differs, and that is taken as it is."""


def is_accepted(decisions: Iterable[Decided], failure: NeedsData | NeedsHuman) -> bool:
    """Return whether a person decided to take just this as it is.

    Also where the decision is only looked at: it names nothing yet.

    Args:
        decisions: about the subject.
        failure: why it would stop.
    """
    return any(
        one.cause == failure.cause and one.value in {"", str(failure)}
        for one in of_kind(decisions, DecisionKind.ACCEPT)
    )


def accepting(*causes: Cause) -> Decidable:
    """Return what people may decide where a flow only stops for what they can take as it is."""
    return Decidable(
        offers=dict.fromkeys(causes, (DecisionKind.ACCEPT,)),
        name=_named,
        match=lambda _facts: "",
        lapses=lambda _facts, _settings: {},
        objection=lambda _facts, _handled, _decision_id, _settings: "",
    )


async def _named(new: NewDecision, text: str, reads: Reads) -> None:
    """Name no document: the stop that was shown is meant."""
    del new, text, reads
