"""A decision with what it leads to: shown before it is recorded."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.installation.contexts import ConnectionContexts, connection_context
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import accepting, correcting, mapping
from ml_connector.app.operations.decisions.consequences import found_record
from ml_connector.app.operations.decisions.earlier import refuse_the_same, replaced
from ml_connector.app.operations.decisions.wanted import (
    NAMES_A_DOCUMENT,
    NAMES_AN_ORDER,
    NAMES_LINES,
    Wanted,
    checked,
)
from ml_connector.app.operations.sync import Planned
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.decisions import Decidable
from ml_connector.engine.flow import Flow
from ml_connector.engine.unread import TAKEN_AS_IT_IS, UNREAD
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
    NewDecision,
)
from ml_connector.ledger.decisions.kept import PROPOSED, ProposedDecision
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.differing import differing
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.ledger.sources import stock
from ml_connector.rules.booked import booked_units
from ml_connector.rules.booked import standing as without_undone
from ml_connector.rules.decisions.decided import DONE_AT_ONCE
from ml_connector.rules.decisions.lines import decided_lines
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind

_HOLDS_UNITS: Final = "Name the document that holds these units."
_INSTEAD: Final = MappingProxyType(
    {
        **dict.fromkeys(DecisionKind, _HOLDS_UNITS),
        DecisionKind.BELONGS: "Name the order that it belongs to.",
        DecisionKind.MAP: "Map what it stopped for.",
        DecisionKind.ADJUST: "Follow the remedy, or decide otherwise.",
        DecisionKind.ACCEPT: "Decide again: it then runs as it is now.",
        DecisionKind.NOT_OURS: "Follow the remedy, or decide otherwise.",
    }
)
"""What to do instead of a decision that decides nothing."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A decision with what it leads to, not recorded yet.

    Attributes:
        event_id: the event that was named; None where it was a difference of a month.
        replaces: decisions about the subject that do not hold any more, and end with it.
        known: the decisions about the subject that stood when it was looked at.
        planned: what the subject's next run would do.
        rule: the rule under ``[ignore]`` that would make it general; empty where there is none.
    """

    event_id: int | None
    new: NewDecision
    replaces: tuple[int, ...]
    planned: Planned
    rule: str = ""
    known: frozenset[int] = frozenset()

    @property
    def command(self) -> str:
        """The command by which it is decided, with what it names."""
        if self.event_id is None:
            return f"month decide {self.new.subject.key}"
        return f"events decide {self.event_id}"

    @property
    def shown_by(self) -> str:
        """The command that shows what it is about."""
        if self.event_id is None:
            return f"reconcile {self.new.subject.key.rpartition('-')[0]}"
        return f"events show {self.event_id}"


async def propose(
    installation: Installation, names: Collection[str], event_id: int, wanted: Wanted
) -> Proposal:
    """Look at what a decision would lead to; nothing is recorded.

    Raises:
        UserError: the event, the decision or what it names is not one that can be meant.
        ConnectorError: one of the systems can't be read.
    """
    async with installation.database.transaction() as on:
        standing = await standing_of(on, names, event_id)
        made = await decisions.of_subject(on, standing.ref)
    cause = checked(standing, event_id, wanted)
    flow = FLOWS[standing.ref.flow]
    contexts = ConnectionContexts(installation)
    new = NewDecision(
        subject=standing.ref,
        kind=wanted.kind,
        cause=cause,
        note=wanted.note,
        value=wanted.value,
    )
    if wanted.kind is DecisionKind.MAP:
        new, settings = await mapping.mapped(installation, new)
        context = connection_context(installation, settings)
    else:
        context = await contexts.open(standing.ref.connection)
    new = await _with_name(installation, new, wanted, context, flow.decidable)
    stands = [one for one in made if one.taken_back_at is None]
    replaces = replaced(new, stands)
    return await _planned(
        installation,
        context,
        flow,
        Proposal(
            event_id=event_id,
            new=new,
            replaces=replaces,
            planned=Planned(key=new.subject.key, plan=None, failure=None),
            known=frozenset(one.id for one in stands),
        ),
        standing=standing,
        made=made,
    )


async def standing_of(on: Connection, names: Collection[str], event_id: int) -> SubjectStanding:
    """Return how the subject of an event stands.

    Raises:
        UserError: there is no such event.
    """
    found = await outcomes.of_event(on, event_id)
    if found is None or found.ref.connection not in names:
        raise UserError(
            f"There is no event {event_id} about anything that could be decided",
            where="events decide",
            next_step="See ml-connector events list.",
        )
    return found


async def _with_name(
    installation: Installation,
    new: NewDecision,
    wanted: Wanted,
    context: ConnectionContext,
    decidable: Decidable | None,
) -> NewDecision:
    """Return the decision with the document, order or policy that it names, as it is now."""
    if decidable is not None and new.kind is DecisionKind.ADJUST and new.cause is not None:
        return msgspec.structs.replace(new, value=decidable.adjusts[new.cause])
    text = wanted.document or wanted.value
    if decidable is None or new.kind not in NAMES_A_DOCUMENT | NAMES_AN_ORDER:
        return new
    document = await decidable.name(new, text, context.reads)
    if document is None:
        return new
    async with installation.database.transaction() as on:
        ours = await stock.ours(on, new.subject.connection, [document.id])
    if ours and new.cause not in decidable.names_ours:
        raise UserError(
            f"{text} is ours: it is in the journal, and accounts for what it was posted for",
            where="--document",
            next_step="Name the document that somebody else posted.",
        )
    value = document.number if wanted.value else ""
    return msgspec.structs.replace(new, value=value, about=DecidedAbout(document=document))


async def _planned(
    installation: Installation,
    context: ConnectionContext,
    flow: Flow,
    proposal: Proposal,
    *,
    standing: SubjectStanding,
    made: Sequence[KeptDecision],
) -> Proposal:
    """Plan the subject as it would be with the decision.

    Raises:
        UserError: the decision decides nothing.
        ConnectorError: one of the systems can't be read.
    """
    new, reads = proposal.new, context.reads
    if new.kind not in DONE_AT_ONCE:
        supposed = ProposedDecision(reads.decisions, as_kept(new), replaces=proposal.replaces)
        reads = reads.supposing(supposed)
    async with installation.database.transaction() as on:
        posted = await postings.posted(on, standing.id)
        record = found_record(new.cause, new.kind, standing.sentence or "")
        if record:
            posted = (*posted, *await differing(on, standing.id, record=record))
    try:
        facts = await flow.facts_beside(posted, new.subject.key, reads)
    except (NeedsData, NeedsHuman) as unread:
        return _unread(proposal, standing, unread)
    plan, failure = None, None
    try:
        plan = flow.plan(facts, posted, context.settings)
    except ConnectorError as error:
        failure = runs.failure(error)
    planned = Planned(key=new.subject.key, plan=plan, failure=failure)
    _refuse_deciding_nothing(flow, facts, planned, new, standing, context.settings)
    new = _bound(flow, facts, new, posted, context.settings)
    replaces = proposal.replaces
    if flow.decidable is not None and new.kind is DecisionKind.CORRECT:
        counter = correcting.corrections_of(flow.decidable, facts, posted, context.settings)
        new = correcting.bound(new, planned, counter)
        replaces = correcting.replaced(new, made)
    if new.kind is DecisionKind.ACCEPT:
        new = accepting.bound(new, planned, standing)
    for one in made:
        if new.kind in NAMES_LINES and one.id in replaces:
            refuse_the_same(new, one)
    is_general = flow.decidable is not None and new.kind is DecisionKind.NOT_OURS
    rule = flow.decidable.ignore_rule(facts) if flow.decidable and is_general else ""
    return replace(proposal, new=new, replaces=replaces, planned=planned, rule=rule)


def _unread(
    proposal: Proposal, standing: SubjectStanding, failure: NeedsData | NeedsHuman
) -> Proposal:
    """Return a decision about a subject that can't be read: to take it as it is, or to run again.

    Raises:
        NeedsData, NeedsHuman: what is decided otherwise needs to be read.
    """
    new = proposal.new
    if new.kind is DecisionKind.AGAIN:
        planned = Planned(key=new.subject.key, plan=None, failure=runs.failure(failure))
        return replace(proposal, planned=planned)
    if new.kind is not DecisionKind.ACCEPT or new.cause != failure.cause:
        raise failure
    plan = Plan(note=f"{TAKEN_AS_IT_IS}{failure}")
    planned = Planned(key=new.subject.key, plan=plan, failure=None)
    return replace(proposal, new=accepting.bound(new, planned, standing), planned=planned)


def _bound(
    flow: Flow,
    facts: Any,
    new: NewDecision,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> NewDecision:
    """Return the decision bound to what it depends on: the number of an order, or the lines."""
    about = new.about
    if flow.decidable is not None and new.kind in NAMES_AN_ORDER:
        about = msgspec.structs.replace(about, match=flow.decidable.match(facts))
    if new.kind in NAMES_LINES:
        lines = decided_lines(flow.source_lines(facts, settings))
        if new.kind is DecisionKind.ADJUST:
            booked = booked_units(without_undone(posted))
            lines = tuple(one for one in lines if one.quantity != booked[one.name])
        about = msgspec.structs.replace(about, lines=lines)
    return msgspec.structs.replace(new, about=about)


def _refuse_deciding_nothing(  # noqa: PLR0917 - one call, one order
    flow: Flow,
    facts: Any,
    planned: Planned,
    new: NewDecision,
    standing: SubjectStanding,
    settings: ConnectionSettings,
) -> None:
    """Stop where a decision would leave its subject as it is."""
    if new.kind is DecisionKind.AGAIN:
        return
    counted = planned.plan.handled if planned.plan else ()
    why_not = ""
    if flow.decidable is not None and new.kind is not DecisionKind.MAP:
        why_not = flow.decidable.objection(facts, counted, PROPOSED, settings)
    failure = planned.failure or {}
    if new.kind is DecisionKind.MAP and failure.get("sentence") == standing.sentence:
        why_not = f"It would stop as before: {standing.sentence}"
    is_taken = planned.plan is not None and TAKEN_AS_IT_IS in planned.plan.note
    if new.kind is DecisionKind.ACCEPT and new.cause in UNREAD and not is_taken:
        why_not = "It can be read by now: let it run again"
    if new.kind in NAMES_LINES and failure.get("cause") == new.cause:
        why_not = f"It would stop as before: {failure['sentence']}"
    if why_not:
        raise UserError(
            why_not, where=_where(new), next_step=f"Nothing was decided. {_INSTEAD[new.kind]}"
        )


def _where(new: NewDecision) -> str:
    return (
        "--as"
        if new.kind in NAMES_LINES | {DecisionKind.ACCEPT}
        else "--value"
        if new.value
        else "--document"
    )


def as_kept(new: NewDecision) -> KeptDecision:
    """Return a decision as if it had been recorded just now."""
    document = new.about.document
    return KeptDecision(
        id=PROPOSED,
        connection=new.subject.connection,
        flow=new.subject.flow,
        key=new.subject.key,
        kind=new.kind,
        cause=new.cause,
        document=document.number if document and not new.value else "",
        value=new.value,
        note=new.note,
        person="",
        made_at=datetime.now(UTC),
        about=new.about,
    )
