"""What a person asks for, and whether that can be meant. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from ml_connector.app.operations.decisions.offers import STOPPED, offered
from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.errors import UserError
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.words import Cause, DecisionKind

NAMES_A_DOCUMENT: Final = frozenset({DecisionKind.HANDLED, DecisionKind.SEPARATE})
NAMES_AN_ORDER: Final = frozenset({DecisionKind.BELONGS})
NAMES_A_VALUE: Final = NAMES_AN_ORDER | {DecisionKind.MAP}
NAMES_LINES: Final = frozenset({DecisionKind.ADJUST, DecisionKind.NOT_OURS})


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person asks for.

    Attributes:
        document: the number of a document; empty for none.
        value: what else the decision names; empty for nothing.
        note: why, in the person's words.
    """

    kind: DecisionKind
    document: str = ""
    value: str = ""
    note: str


def checked(standing: SubjectStanding, event_id: int, wanted: Wanted) -> Cause | None:
    """Return the cause that the decision answers; None where its subject has not stopped.

    Raises:
        UserError: the subject has not stopped and is only to run again, its cause does not offer
            the decision, or what the decision has to name is missing.
    """
    offers = offered(standing.ref.flow, standing.state, standing.cause)
    is_stopped = standing.state in STOPPED and standing.cause is not None
    if not is_stopped and wanted.kind not in offers:
        raise UserError(
            f"{named(standing.ref)} has not stopped: it is {standing.state}",
            where=f"events decide {event_id}",
            next_step=(
                "There is nothing to decide"
                + (f", but {' or '.join(_others(offers))}" if offers else " before it has run")
                + ". Decisions that were made are taken back with events undecide."
            ),
        )
    if wanted.kind not in offers:
        others = ", ".join(offers)
        raise UserError(
            f"{named(standing.ref)} stopped with {standing.cause}, about which"
            f' "{wanted.kind}" can\'t be decided',
            where="--as",
            next_step=f"Decide one of: {others}." if offers else "Follow the remedy of the event.",
        )
    check_names(wanted)
    if not wanted.note.strip():
        raise UserError(
            "A decision needs a note that says why",
            where="--note",
            next_step='Add --note "...": it stays in the audit trail.',
        )
    return Cause(standing.cause) if standing.cause else None


def check_names(wanted: Wanted) -> None:
    """Stop where what a decision has to name is missing, or something else is named.

    Raises:
        UserError: so it is.
    """
    for given, needed, option, what in (
        (wanted.document, wanted.kind in NAMES_A_DOCUMENT, "--document", "a document"),
        (wanted.value, wanted.kind in NAMES_AN_ORDER, "--value", "an order"),
    ):
        if wanted.kind in {DecisionKind.MAP, DecisionKind.CORRECT} and option == "--value":
            continue  # says itself which forms there are; a SKU, where stock differs
        if bool(given) != needed:
            raise UserError(
                f'"{wanted.kind}" names {what}, and none was given'
                if needed
                else f'"{wanted.kind}" names no document'
                if option == "--document"
                else f'"{wanted.kind}" takes no value',
                where=option,
                next_step=f"Add {option} with its number as NetSuite shows it."
                if needed
                else f"Leave {option} out.",
            )


def _others(offers: Collection[DecisionKind]) -> Iterator[str]:
    """Yield what may be decided about a subject that has not stopped."""
    if DecisionKind.SEPARATE in offers:
        yield "that a document beside its own is another matter: --as separate,"
    yield "that it runs again: --as again"
