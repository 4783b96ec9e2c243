"""Deciding about a difference of a month, beside the page of the month."""

from typing import Any

import msgspec

from ml_connector.app.views.books.month_found import MonthDifference
from ml_connector.app.views.desk.choices import Choice, difference_choices
from ml_connector.app.views.words import Chip
from ml_connector.flows import FLOWS
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind, Role


class DecidingDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference about which somebody decides.

    Attributes:
        choices: what may be decided; none where it is decided or only shown.
        path: the address below which it is decided.
    """

    id: str
    title: str
    chip: Chip
    word: str
    sentence: str
    remedy: str
    choices: tuple[Choice, ...]
    path: str
    story: str = ""
    afterwards: str = "The journal gains its rows; make the report again to see the month with it."


class MonthDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision about a difference of a month that nobody has taken back."""

    id: int
    difference: str
    kind: DecisionKind
    says: str
    note: str
    person: str


def deciding_difference(
    one: MonthDifference, month: str, *, role: Role, decided: bool
) -> DecidingDifference:
    """Return a difference with what may be decided about it. Pure.

    Args:
        one: of the newest report.
        month: such as ``2026-11``.
        role: of the one who looks.
        decided: whether a decision about it stands that the report does not know.
    """
    named = f"{one.words}: {one.what}" if one.what else one.words
    is_open = bool(one.offers) and not decided
    return DecidingDifference(
        id=one.id,
        title=named,
        chip="stop" if is_open else "done",
        word="To resolve" if is_open else "Decided",
        sentence=one.says,
        remedy=one.remedy,
        choices=() if decided else difference_choices(one.offers, role),
        path=f"/months/{month}/differences/{one.id}",
    )


def month_decision(kept: KeptDecision) -> MonthDecision:
    """Return a decision as the page of its month shows it. Pure."""
    return MonthDecision(
        id=kept.id,
        difference=kept.key,
        kind=kept.kind,
        says=kept.says,
        note=kept.note,
        person=kept.person,
    )


async def subject_of(on: Connection, name: str, source: str) -> int | None:
    """Return the subject of the fact that a difference is of; None where nothing told of it."""
    word, _, key = source.rpartition(" ")
    for flow in FLOWS.values():
        standing: Any = None
        if flow.source == word:
            standing = await outcomes.of_ref(on, SubjectRef(name, flow.name, key))
        if standing is not None:
            return int(standing.id)
    return None
