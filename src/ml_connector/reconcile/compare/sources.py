"""ShipBob's facts beside the journal: posted, waiting, refused, or unexplained. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.engine.unread import TAKEN_AS_IT_IS
from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import (
    Difference,
    Row,
    RowKey,
    SectionEquation,
)
from ml_connector.reconcile.compare.sides import Fact, JournalRow, Measured, measured
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.transaction_types import kind_name

PART_OF_A_LINE: Final = " / "
"""What separates the name of a line from that of a part which only follows from it."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source, with everything that was ever posted of it.

    Attributes:
        section: key of the part of the report that it is shown in.
        posted: the units or money that were posted, in any month.
        skus: that they were posted under.
        documents: that they were posted by.
        told: whether any journal row is about it.
    """

    section: str
    fact: Fact
    posted: Decimal = Decimal(0)
    told: bool = True
    skus: tuple[str, ...] = ()
    documents: tuple[DocumentRef, ...] = ()

    @property
    def source(self) -> Measured:
        """The units or money that ShipBob says."""
        return measured(self.fact.quantity, self.fact.amount, self.fact.currency)

    @property
    def refused(self) -> Decimal:
        """The part that is refused and that no document of others accounts for."""
        return self.fact.refused - self.fact.handled

    @property
    def rest(self) -> Decimal:
        """The part neither posted nor refused; negative where more was posted than there is."""
        return self.source.value - self.posted - self.fact.refused

    @property
    def missing(self) -> bool:
        """Whether a part of it is neither posted nor refused."""
        untold = not self.fact.moves and not self.told and not self.fact.reason
        return bool(self.rest) or untold


def states(
    facts: Sequence[Fact], entries: Iterable[JournalRow], sections: Sections
) -> list[SourceState]:
    """Join the lines of all sources with the journal rows about them.

    A line that the journal has, but that its source does not show any more, counts as 0 there.
    A row that only follows from a posted line, such as a write-off, is not counted with the
    line: it is named ``LINE / PART``.
    """
    by_line: dict[tuple[str, str, str, str], list[JournalRow]] = defaultdict(list)
    for entry in entries:
        key = (entry.flow, entry.source, entry.source_line, entry.measured.currency)
        by_line[key].append(entry)
    found: list[SourceState] = []
    sources: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        latest = sources.get((fact.flow, fact.source), fact)
        sources[fact.flow, fact.source] = max(latest, fact, key=_latest)
        currency = measured(fact.quantity, fact.amount, fact.currency).currency
        key = (fact.flow, fact.source, fact.source_line, currency)
        found.append(_state(fact, by_line.pop(key, []), sections))
    for (flow, source, source_line, currency), left in by_line.items():
        known = sources.get((flow, source))
        if known is not None and PART_OF_A_LINE not in source_line:
            gone = msgspec.structs.replace(
                known,
                source_line=source_line,
                sku=None,
                location=None,
                quantity=None if currency else 0,
                amount=Decimal(0) if currency else None,
                currency=currency or None,
                refused=Decimal(0),
                reason="",
            )
            found.append(_state(gone, left, sections))
    return sorted(found, key=lambda one: (one.fact.flow, one.fact.source, one.fact.source_line))


def _latest(fact: Fact) -> tuple[object, ...]:
    return fact.fact_date, fact.source_line, fact.currency or ""


def _state(fact: Fact, entries: Sequence[JournalRow], sections: Sections) -> SourceState:
    return SourceState(
        section=sections.of_fact(fact.flow, fact.reason).key,
        fact=fact,
        posted=sum((entry.measured.value for entry in entries), Decimal(0)),
        told=bool(entries),
        skus=tuple(sorted({entry.sku for entry in entries if entry.sku})),
        documents=tuple(sorted({ref_of(entry) for entry in entries})),
    )


def ref_of(entry: JournalRow) -> DocumentRef:
    """Return how a difference names the document of a journal row."""
    return DocumentRef(
        type=kind_name(entry.kind),
        id=entry.remote_id,
        external_id=entry.external_id,
        date=entry.posting_date.isoformat(),
    )


def judge(month: Month, found: Iterable[SourceState]) -> Iterator[Difference]:
    """Yield a difference for each line of the month's sources that is not posted in full."""
    for state in found:
        if state.fact.fact_date not in month:
            continue
        if state.refused or (state.fact.reason and not state.fact.moves):
            one = _difference(state, Kind.FACT_REFUSED, _refused(state), "")
            accepted = TAKEN_AS_IT_IS in state.fact.reason
            yield msgspec.structs.replace(one, accepted=accepted)
        if state.fact.handled:
            yield _difference(state, Kind.FACT_HANDLED, _handled(state), "")
        if state.missing:
            yield _open(state)
        if state.fact.sku and any(sku != state.fact.sku for sku in state.skus):
            yield _difference(
                state,
                Kind.SKU_CHANGED,
                f"{_named(state)} was posted as {', '.join(state.skus)}; ShipBob calls it"
                f" {state.fact.sku} now",
                "Find out from ShipBob which SKU is right; correct the documents in NetSuite if"
                " the one that was posted is wrong.",
            )


def _open(state: SourceState) -> Difference:
    fact, rest = state.fact, state.rest
    amount = with_unit(abs(rest), state.source.currency, fact.sku or "an unknown SKU")
    if not fact.moves:
        amount = "it"
    elif (rest > 0) != (state.source.value > 0) or not state.source.value:
        return _difference(
            state,
            Kind.FACT_WENT_DOWN,
            f"{_named(state)}: posted is {shown(state.posted, state.source.currency)}, but"
            f" ShipBob says {shown(state.source.value, state.source.currency)} now",
            "Find out from ShipBob what is right. If the smaller number is, correct the"
            " documents in NetSuite; nothing is taken out by itself.",
        )
    if not fact.told:
        return _difference(
            state,
            Kind.FACT_NEVER_TOLD,
            f"{_named(state)}: ShipBob has {amount}, and nothing ever told us of it",
            f"Run: ml-connector sync {fact.flow} --id {fact.source.rpartition(' ')[2]}",
        )
    if fact.waiting is not None:
        why = fact.waiting.sentence or f"it is {fact.waiting.state}"
        return _difference(
            state,
            Kind.FACT_WAITING,
            f"{_named(state)}: {amount} waits. {why}",
            fact.waiting.remedy,
            cause=fact.waiting.cause,
        )
    return _difference(
        state,
        Kind.FACT_NOT_POSTED,
        f"{_named(state)}: {amount} was never posted, and nothing waits for it",
        f"Run: ml-connector sync {fact.flow} --id {fact.source.rpartition(' ')[2]}",
    )


def _refused(state: SourceState) -> str:
    refused = with_unit(state.refused, state.source.currency, state.fact.sku or "an unknown SKU")
    if not state.fact.moves:
        refused = "it"
    return f"{_named(state)}: {refused} is refused. {state.fact.reason}"


def _handled(state: SourceState) -> str:
    fact = state.fact
    units = with_unit(abs(fact.handled), state.source.currency, fact.sku or "an unknown SKU")
    return f"{_named(state)}: {units} is not ours to post. {fact.reason}"


def _named(state: SourceState) -> str:
    return f"{state.fact.source}, {state.fact.source_line}"


def _difference(
    state: SourceState, kind: Kind, says: str, remedy: str, *, cause: str = ""
) -> Difference:
    fact = state.fact
    return Difference(
        kind=kind,
        section=state.section,
        what=fact.sku or "",
        where=fact.location or "",
        currency=state.source.currency,
        shipbob=state.source.value,
        journal=state.posted,
        source=fact.source,
        source_line=fact.source_line,
        fact_date=fact.fact_date,
        documents=state.documents,
        says=says,
        remedy=remedy,
        cause=cause,
    )


def rows(month: Month, found: Iterable[SourceState]) -> Iterator[tuple[RowKey, Row]]:
    """Yield the open and refused part of the month's sources, for the tables of the sections."""
    for state in found:
        rest, refused = state.rest, state.fact.refused
        if state.fact.fact_date in month and (rest or refused):
            key = RowKey(
                section=state.section,
                what=state.fact.sku or "",
                where=state.fact.location or "",
                currency=state.source.currency,
            )
            yield key, Row(shipbob=rest + refused, open=rest, refused=refused)


def equations(month: Month, found: Iterable[SourceState]) -> tuple[SectionEquation, ...]:
    """Return line conservation, for each section and currency with facts in the month."""
    sums: dict[tuple[str, str], SectionEquation] = {}
    for state in found:
        if state.fact.fact_date not in month:
            continue
        key = (state.section, state.source.currency)
        before = sums.get(key) or SectionEquation(section=key[0], currency=key[1])
        sums[key] = _plus(before, state)
    return tuple(one for _, one in sorted(sums.items()))


def _plus(before: SectionEquation, state: SourceState) -> SectionEquation:
    rest, refused = state.rest, state.fact.refused
    missing, reason = state.missing, bool(refused or state.fact.reason)
    waits = missing and state.fact.waiting is not None and state.fact.told
    lost = missing and not waits
    return msgspec.structs.replace(
        before,
        lines=before.lines + 1,
        source=before.source + state.source.value,
        posted_lines=before.posted_lines + (not missing and not reason),
        posted=before.posted + state.posted,
        waiting_lines=before.waiting_lines + waits,
        waiting=before.waiting + (rest if waits else 0),
        refused_lines=before.refused_lines + (reason and not missing),
        refused=before.refused + refused,
        unexplained_lines=before.unexplained_lines + lost,
        unexplained=before.unexplained + (rest if lost else 0),
    )
