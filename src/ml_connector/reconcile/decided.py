"""Differences about which a person decided: shown with the decision while it holds. Pure.

A decision holds for the difference as it was shown. With other figures it is open again, and so
is what a document of others does not account for any more. It explains as soon as the journal has
what it books; and where the journal has that of a difference which is gone, that is one itself.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.ledger.decisions.booked import BookedMove
from ml_connector.ledger.decisions.decisions import KeptDecision, NamedDocument
from ml_connector.ledger.decisions.differences import DecidedDifference, DecidedMove
from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sections import OTHER
from ml_connector.rules.decisions.decided import document_change, document_name
from ml_connector.words import DecisionKind

REST: Final = "r"
"""What the id of a difference ends with that is left of one which was handled in part."""

LEFT: Final = "a"
"""What the id ends with of what the journal still has of one that is not there any more."""

FLOW: Final = "month-end"
"""The flow that books such decisions."""

_Moved = tuple[object, ...]
"""Where and when the journal gains something; where only, of a difference of one place."""


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


class _Known:
    """What is decided about differences, and what the journal has of it.

    Args:
        made: the decisions.
        booked: by them, whatever is decided now.

    Attributes:
        by_key: decisions by the id of the difference.
        wide: those about all of a document, by what is the matter with which.
        booked: what the journal has, by the id of the difference.
        met: ids of the differences that are there.
    """

    def __init__(self, made: Sequence[DifferenceDecision], booked: Iterable[BookedMove]) -> None:
        self.by_key = {one.kept.key: one for one in made}
        self.wide = {
            _document_of(about): one for one in made if (about := one.kept.about.difference)
        }
        self.booked: dict[str, list[BookedMove]] = defaultdict(list)
        for one in booked:
            self.booked[one.key].append(one)
        self.met: set[str] = set()
        self._wanted: dict[str, list[DecidedDifference]] = defaultdict(list)
        for each in made:
            if each.kept.about.difference:
                self._wanted[each.kept.key].append(each.kept.about.difference)

    def is_booked(self, key: str) -> bool:
        """Whether the journal has what is decided about a difference, and nothing else."""
        wanted, booked = self._wanted[key], self.booked.get(key, [])
        moves = [move for one in wanted for move in one.moves]
        if not moves:
            return _of_one_place(wanted) == _of_one_place(booked)
        return _summed(moves) == _summed(booked)

    def instead(self, key: str) -> str:
        """Return what the journal has by a decision that it does not have as decided."""
        rows = [
            f"{with_unit(one.value, one.currency or '', one.sku or one.account or '')}"
            f"{f' at location {one.location}' if one.location else ''}"
            for one in self.booked.get(key, [])
        ]
        return f": it has {'; '.join(rows)}" if rows else ""


def _of_one_place(
    rows: Iterable[DecidedDifference | BookedMove],
) -> dict[_Moved, Decimal]:
    """Return units by item and location, or money by account and currency, whatever the day."""
    sums: dict[_Moved, Decimal] = defaultdict(Decimal)
    for one in rows:
        place = (one.item, one.location) if one.currency is None else (one.account, one.currency)
        sums[place] += one.value if isinstance(one, BookedMove) else one.taken
    return {place: value for place, value in sums.items() if value}


def _summed(moves: Iterable[DecidedMove | BookedMove]) -> dict[_Moved, Decimal]:
    sums: dict[_Moved, Decimal] = defaultdict(Decimal)
    for one in moves:
        place = (one.item, one.location) if one.currency is None else (one.account, one.currency)
        sums[one.day, *place] += one.value
    return {place: value for place, value in sums.items() if value}


def with_decisions(
    found: Sequence[Difference],
    decisions: Iterable[DifferenceDecision],
    booked: Iterable[BookedMove] = (),
) -> list[Difference]:
    """Return the differences as people decided about them.

    Args:
        found: of the report.
        decisions: about differences of its month.
        booked: what the journal has by such decisions, with a date in the month, or about a
            difference of it.
    """
    known = _Known(list(decisions), booked)
    parts = [part for one in found for part in _decided(one, known)]
    unread = {ref.id for one in found if one.kind is Kind.ROW_UNREADABLE for ref in one.documents}
    return [*parts, *_not_there(known, unread)]


def _not_there(known: _Known, unread: Collection[str]) -> Iterator[Difference]:
    """Yield what the journal has of differences that are not there any more.

    Args:
        known: what is decided and booked.
        unread: internal ids of documents with rows that can't be read: nothing is told of them.
    """
    count: Counter[str] = Counter()
    for key, moves in sorted(known.booked.items()):
        decision = known.by_key.get(key)
        about = decision.kept.about.difference if decision else None
        if key in known.met or (about is not None and about.record in unread):
            continue
        for one in moves:
            count[key] += 1
            number = "" if count[key] == 1 else str(count[key])
            yield _of_nothing(one, decision, f"{key}{LEFT}{number}")


def _of_nothing(one: BookedMove, decision: DifferenceDecision | None, named: str) -> Difference:
    moved = with_unit(one.value, one.currency or "", one.sku or one.account or "")
    about = decision.kept.about.difference if decision else None
    if decision is None:
        says = f"{one.name}: {moved} is in the journal by a decision that was taken back"
        remedy = f"Run: ml-connector sync {FLOW} --id {one.key}"
    else:
        kept = decision.kept
        says = (
            f'Decision {kept.id}, "{kept.says}", put {moved} into the journal for {one.name};'
            " NetSuite does not show that difference any more"
        )
        remedy = (
            f"Take it back with: ml-connector events undecide {kept.id}. Then decide about what"
            " is left, if anything is."
        )
    return Difference(
        id=named,
        kind=Kind.ACCEPTED_CHANGED,
        section=one.section or OTHER.key,
        what=(one.account if one.currency else one.sku) or "",
        item=one.item or "",
        where=one.location or "",
        currency=one.currency or "",
        journal=one.value,
        netsuite=Decimal(0),
        source=about.source if about else "",
        external_id=about.external_id if about else "",
        says=says,
        remedy=remedy,
    )


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


def _decided(one: Difference, known: _Known) -> Iterator[Difference]:
    """Yield a difference with what is decided about it.

    A decision about all of its document may have been made about another part of it, or in the
    report of another month.
    """
    decision = known.by_key.get(one.id) or known.wide.get((one.kind, one.external_id))
    if decision is None or one.explained:
        yield one
        return
    kept = decision.kept
    known.met.add(kept.key)
    why = _lapse(one, decision)
    if not why and not known.is_booked(kept.key):
        yield msgspec.structs.replace(
            one,
            decided=_sentence(kept),
            unbooked=True,
            remedy=(
                f'Decision {kept.id}, "{kept.says}", is not in the journal yet'
                f"{known.instead(kept.key)}. Run: ml-connector sync {FLOW} --id {kept.key}"
            ),
        )
        return
    if why:
        known.met.update(key for key in known.booked if key.startswith(kept.key))  # told with it
        yield msgspec.structs.replace(
            one,
            remedy=(
                f'Decision {kept.id}, "{kept.says}", does not hold any more: {why}. Decide again,'
                f" or take it back with: ml-connector events undecide {kept.id}. {one.remedy}"
            ),
        )
        return
    rest = _rest(one, kept)
    yield msgspec.structs.replace(
        one, decided=_sentence(kept), accepted=kept.kind is DecisionKind.ACCEPT
    )
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
