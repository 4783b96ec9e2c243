"""Differences about which a person decided: shown with the decision while it holds. Pure.

A decision holds for the difference as it was shown. With other figures it is open again, and so
is what a document of others does not account for any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.ledger.decisions.decisions import KeptDecision, NamedDocument
from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.reconcile.amounts import shown
from ml_connector.reconcile.compare.report import Difference
from ml_connector.rules.decisions.decided import document_change, document_name
from ml_connector.words import DecisionKind

REST: Final = "r"
"""What the id of a difference ends with that is left of one which was handled in part."""


class DifferenceDecision(NamedTuple):
    """A decision about a difference that nobody has taken back.

    Attributes:
        now: the document of others that it names, as it is now; None where it names none, or it
            was deleted.
        unread: why that document can't be read; empty where it can.
    """

    kept: KeptDecision
    now: NamedDocument | None = None
    unread: str = ""


def with_decisions(
    found: Sequence[Difference], decisions: Iterable[DifferenceDecision]
) -> list[Difference]:
    """Return the differences as people decided about them.

    Args:
        found: of the report.
        decisions: about differences of its month.
    """
    made = list(decisions)
    known = {one.kept.key: one for one in made}
    wide = {_document_of(about): one for one in made if (about := one.kept.about.difference)}
    return [
        part
        for one in found
        for part in _decided(one, known, wide.get((one.kind, one.external_id)))
    ]


def decided_as(one: Difference, made: Iterable[KeptDecision]) -> str:
    """Return the id under which a difference is decided: that of an earlier decision on all of it.

    A document that was moved is a difference of two months, and a bill one of each account: they
    are one matter.
    """
    for kept in made:
        about = kept.about.difference
        if about and about.moves and _document_of(about) == (one.kind, one.external_id):
            return kept.key
    return one.id


def _document_of(about: DecidedDifference) -> tuple[str, str] | None:
    """Return what is the matter with which document, where a decision is about all of it."""
    return (about.kind, about.external_id) if about.moves else None


def _decided(
    one: Difference,
    known: Mapping[str, DifferenceDecision],
    wide: DifferenceDecision | None = None,
) -> Iterator[Difference]:
    """Yield a difference with what is decided about it.

    Args:
        one: the difference.
        known: decisions by the id of the difference.
        wide: a decision about all of its document, which may have been made about another part
            of it, or in the report of another month.
    """
    decision = known.get(one.id) or wide
    if decision is None or one.explained:
        yield one
        return
    why = _lapse(one, decision)
    if why:
        kept = decision.kept
        yield msgspec.structs.replace(
            one,
            remedy=(
                f'Decision {kept.id}, "{kept.says}", does not hold any more: {why}. Decide again,'
                f" or take it back with: ml-connector events undecide {kept.id}. {one.remedy}"
            ),
        )
        return
    rest = _rest(one, decision.kept)
    yield msgspec.structs.replace(one, decided=_sentence(decision.kept))
    if rest is not None:
        yield from _decided(rest, known)


def _lapse(one: Difference, decision: DifferenceDecision) -> str:
    """Return why a decision does not hold any more; empty while it does."""
    about = decision.kept.about
    if about.difference is None or not _is_the_same(one, about.difference, decision.kept):
        return "the difference is another one now"
    if decision.unread:
        return decision.unread
    return document_change(about.document, decision.now) if about.document else ""


def _is_the_same(one: Difference, then: DecidedDifference, kept: KeptDecision) -> bool:
    """Return whether a difference is as it was when it was decided about.

    Of a bill that is handled whole, each account is a difference, and has its part of the moves.
    """
    if kept.kind is DecisionKind.HANDLED and then.moves:
        return any(
            (move.account or "", move.currency) == (one.item, one.currency)
            and move.value == (one.netsuite or Decimal(0)) - (one.journal or Decimal(0))
            for move in then.moves
        )
    return then.says == one.says


def _rest(one: Difference, kept: KeptDecision) -> Difference | None:
    """Return what a document of others does not account for; None where it does for all."""
    about = kept.about
    if kept.kind is not DecisionKind.HANDLED or not about.difference or not about.document:
        return None
    if about.difference.moves:
        return None  # a bill stands for all of ours
    gap = (one.netsuite or Decimal(0)) - (one.journal or Decimal(0))
    left = gap - about.difference.taken
    if not left:
        return None
    name = document_name(about.document)
    return msgspec.structs.replace(
        one,
        id=f"{one.id}{REST}",
        journal=(one.journal or Decimal(0)) + about.difference.taken,
        says=f"{one.says}; {name} handled {shown(abs(about.difference.taken))} of it",
    )


def _sentence(kept: KeptDecision) -> str:
    named = f" {kept.document}" if kept.document else f" {kept.value}" if kept.value else ""
    day = kept.made_at.astimezone(UTC).date()
    return (
        f"Decided by {kept.person} on {day}: {kept.kind}{named}. {kept.note} (decision {kept.id})"
    )
