"""Decisions of people about what is stopped: shown first, recorded as acts, taken back.

Nobody is told apart yet: whoever may run the command may decide. Who may is decided here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.installation.contexts import ConnectionContexts, connection_context
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import accepting, correcting, mapping
from ml_connector.app.operations.sync import Planned
from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.decisions import Decidable, Offers
from ml_connector.engine.flow import Flow
from ml_connector.engine.inbox import reruns
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import acts
from ml_connector.ledger.decisions import decisions, handled
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
    NewDecision,
)
from ml_connector.ledger.decisions.kept import PROPOSED, ProposedDecision
from ml_connector.ledger.inbox import outcomes, subjects, waits
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import HandledUnits, Posted
from ml_connector.ledger.sources import stock
from ml_connector.rules.booked import booked_units
from ml_connector.rules.booked import standing as without_undone
from ml_connector.rules.decisions.decided import DONE_AT_ONCE
from ml_connector.rules.decisions.lines import decided_lines
from ml_connector.rules.decisions.not_ours import reason_of
from ml_connector.storage.database import Connection
from ml_connector.words import Cause, DecisionKind

NAMES_A_DOCUMENT: Final = frozenset({DecisionKind.HANDLED, DecisionKind.SEPARATE})
NAMES_AN_ORDER: Final = frozenset({DecisionKind.BELONGS})
NAMES_A_VALUE: Final = NAMES_AN_ORDER | {DecisionKind.MAP}
NAMES_LINES: Final = frozenset({DecisionKind.ADJUST, DecisionKind.NOT_OURS})

_STOPPED: Final = frozenset({"parked", "dead"})

_POSTS_NOTHING: Final = frozenset(
    {DecisionKind.HANDLED, DecisionKind.NOT_OURS, DecisionKind.ACCEPT}
)
"""Decisions of which no document of ours follows."""


_HOLDS_UNITS: Final = "Name the document that holds these units."
_INSTEAD: Final = MappingProxyType(
    {
        **dict.fromkeys(DecisionKind, _HOLDS_UNITS),
        DecisionKind.BELONGS: "Name the order that it belongs to.",
        DecisionKind.MAP: "Map what it stopped for.",
        DecisionKind.ADJUST: "Follow the remedy, or decide otherwise.",
        DecisionKind.NOT_OURS: "Follow the remedy, or decide otherwise.",
    }
)
"""What to do instead of a decision that decides nothing."""


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


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A decision with what it leads to, not recorded yet.

    Attributes:
        event_id: the event that was named.
        replaces: decisions about the subject that do not hold any more, and end with it.
        planned: what the subject's next run would do.
        rule: the rule under ``[ignore]`` that would make it general; empty where there is none.
    """

    event_id: int
    new: NewDecision
    replaces: tuple[int, ...]
    planned: Planned
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A decision that was taken back.

    Attributes:
        posted: documents that were posted since because of it, and stay: kind, external id,
            internal id.
        restored: what became of the setting that it had made; empty where it made none.
    """

    decision: KeptDecision
    posted: Sequence[dict[str, Any]]
    restored: str = ""


def offers_of(flow: Flow) -> Offers:
    """Return which decisions people have about the subjects of a flow, by cause, but ``again``.

    That they have always.
    """
    own = flow.decidable.offers if flow.decidable else {}
    causes = (*own, *(one for one in Cause if one not in own and mapping.maps(flow.name, one)))
    return {
        one: (
            *own.get(one, ()),
            *((DecisionKind.MAP,) if mapping.maps(flow.name, one) else ()),
        )
        for one in causes
    }


def decided_by_people() -> tuple[DecisionKind, ...]:
    """Return all decisions that people have about some subject."""
    known = {
        kind for flow in FLOWS.values() for kinds in offers_of(flow).values() for kind in kinds
    }
    return tuple(kind for kind in DecisionKind if kind in known or kind is DecisionKind.AGAIN)


def offered(flow: str | None, state: str | None, cause: str | None) -> tuple[DecisionKind, ...]:
    """Return which decisions a person has about a subject; none about one that has not stopped."""
    known = FLOWS.get(flow or "")
    if known is None or state not in _STOPPED:
        return ()
    return (
        *(offers_of(known).get(Cause(cause), ()) if cause in set(Cause) else ()),
        DecisionKind.AGAIN,
    )


async def propose(
    installation: Installation, names: Collection[str], event_id: int, wanted: Wanted
) -> Proposal:
    """Look at what a decision would lead to; nothing is recorded.

    Raises:
        UserError: the event, the decision or what it names is not one that can be meant.
        ConnectorError: one of the systems can't be read.
    """
    async with installation.database.transaction() as on:
        standing = await _standing(on, names, event_id)
        made = await decisions.of_subject(on, standing.ref)
    cause = _checked(standing, event_id, wanted)
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
    replaces = _replaced(new, [one for one in made if one.taken_back_at is None])
    return await _planned(
        installation,
        context,
        flow,
        Proposal(
            event_id=event_id,
            new=new,
            replaces=replaces,
            planned=Planned(key=new.subject.key, plan=None, failure=None),
        ),
        standing=standing,
        made=made,
    )


async def decide(installation: Installation, proposal: Proposal, *, person: str) -> KeptDecision:
    """Record a decision as an act, and let its subject run again at once.

    Raises:
        UserError: the subject stands otherwise by now, or was decided about meanwhile; or the
            setting that it makes can't be saved.
    """
    new = proposal.new
    if new.kind is DecisionKind.MAP:
        await mapping.save(installation, new, person=person)
    async with installation.database.transaction() as on:
        standing = await outcomes.of_event(on, proposal.event_id)
        stopped_for = await waits.stopped_for(on, [new.subject])
        await run_again(  # locks the subject: no run of it begins meanwhile
            on,
            installation.lanes,
            [new.subject, *await _orders(on, new.subject, new.kind, new.about)],
            source="person",
            topic=f"events decide {proposal.event_id}",
        )
        if standing is not None:
            last = await runs.last_id(on, standing.id)
            about = msgspec.structs.replace(new.about, after_run=last)
            value = f"after run {last}" if new.kind is DecisionKind.AGAIN else new.value
            new = msgspec.structs.replace(new, value=value, about=about)
        kept = await decisions.record(on, new, person=person, replaces=proposal.replaces)
        if kept is None or standing is None or standing.cause != new.cause:
            raise UserError(
                f"{_named(new.subject)} was decided about meanwhile, or has run again",
                where="events decide",
                next_step=f"Look at it with: events show {proposal.event_id}",
            )
        await acts.record(
            on,
            person,
            "events.decide",
            connection=new.subject.connection,
            details={
                "event": proposal.event_id,
                "flow": new.subject.flow,
                "subject": new.subject.key,
                "decision": kept.id,
                "note": new.note,
                "before": {"state": standing.state, "cause": new.cause},
                "after": {"decided": kept.says, "leads_to": leads_to(proposal.planned)},
            },
        )
        if new.kind is DecisionKind.AGAIN and new.subject in stopped_for:
            things = stopped_for[new.subject]
            await reruns.record_answer(on, new.subject, things, person=person, decision=kept.id)
    return kept


async def undecide(
    installation: Installation,
    names: Collection[str],
    decision_id: int,
    *,
    person: str,
    note: str = "",
) -> TakenBack:
    """Take a decision back as an act, and let its subject run again at once.

    What it accounted for is accounted for by nothing from now on.

    Raises:
        UserError: there is no such decision, or it was taken back before; or the setting that it
            made can't be put back.
    """
    async with installation.database.transaction() as on:
        kept = await decisions.find(on, decision_id)
    if kept is None or kept.connection not in names:
        raise UserError(
            f"There is no decision {decision_id}",
            where="events undecide",
            next_step="See the decisions about an event with: events show ID.",
        )
    restored = ""
    if kept.kind is DecisionKind.MAP and kept.taken_back_at is None:
        restored = await mapping.take_back(installation, kept, person=person)
    async with installation.database.transaction() as on:
        ref = SubjectRef(kept.connection, kept.flow, kept.key)
        await run_again(
            on,
            installation.lanes,
            [ref, *await _orders(on, ref, kept.kind, kept.about)],
            source="person",
            topic=f"events undecide {decision_id}",
        )
        await handled.release(on, decision_id)
        if kept.kind is DecisionKind.NOT_OURS:
            await handled.release_refused(on, ref, reason_of(kept.note))
        if not await decisions.take_back(on, decision_id, person=person, note=note):
            raise UserError(
                f"Decision {decision_id} was taken back before, by {kept.taken_back_by}",
                where="events undecide",
                next_step="Nothing has to be done.",
            )
        posted = await decisions.posted_since(on, kept)
        await acts.record(
            on,
            person,
            "events.undecide",
            connection=kept.connection,
            details={
                "flow": kept.flow,
                "subject": kept.key,
                "decision": kept.id,
                "note": note,
                "before": {"decided": kept.says, "by": kept.person},
                "after": None,
                "posted": [one["external_id"] for one in posted],
            },
        )
    posts = kept.kind not in _POSTS_NOTHING
    return TakenBack(decision=kept, posted=posted if posts else (), restored=restored)


def leads_to(planned: Planned) -> list[str]:
    """Return what a plan leads to, one sentence each."""
    if planned.plan is None:
        return [f"Waits: {planned.failure['sentence']}"] if planned.failure else []
    left = planned.plan.remaining_failure
    return [
        *(f"{one.title} ({one.external_id})" for one in planned.plan.documents),
        *(said(one) for one in planned.plan.handled),
        *([f"Then waits: {left}"] if left else []),
    ]


def said(one: HandledUnits) -> str:
    """Return what a document of somebody else accounts for, in a sentence."""
    return f"{one.reason}: {abs(one.quantity)} of {one.source_line} at location {one.location}"


async def _orders(
    on: Connection, ref: SubjectRef, kind: DecisionKind, about: DecidedAbout
) -> list[SubjectRef]:
    """Return the orders that a decision tells what is on its way to them.

    That which a WRO is said to belong to, and those that wait to know whose it is.
    """
    if kind not in NAMES_AN_ORDER or about.document is None:
        return []
    found = [
        order
        for flow in FLOWS.values()
        if flow.pushes
        for order in [SubjectRef(ref.connection, flow.name, about.document.id)]
        if await subjects.find(on, order) is not None
    ]
    asking = await waits.waiting_for(on, ref.connection, [AwaitedKind.ENDED_WRO.named(ref.key)])
    return list(dict.fromkeys((*found, *asking)))


async def _standing(on: Connection, names: Collection[str], event_id: int) -> SubjectStanding:
    found = await outcomes.of_event(on, event_id)
    if found is None or found.ref.connection not in names:
        raise UserError(
            f"There is no event {event_id} about anything that could be decided",
            where="events decide",
            next_step="See ml-connector events list.",
        )
    return found


def _checked(standing: SubjectStanding, event_id: int, wanted: Wanted) -> Cause:
    """Return the cause that the decision answers.

    Raises:
        UserError: the subject has not stopped, its cause does not offer the decision, or what
            the decision has to name is missing.
    """
    offers = offered(standing.ref.flow, standing.state, standing.cause)
    if standing.state not in _STOPPED or standing.cause is None:
        raise UserError(
            f"{_named(standing.ref)} has not stopped: it is {standing.state}",
            where=f"events decide {event_id}",
            next_step="There is nothing to decide. Decisions that were made are taken back with"
            " events undecide.",
        )
    if wanted.kind not in offers:
        others = ", ".join(offers)
        raise UserError(
            f"{_named(standing.ref)} stopped with {standing.cause}, about which"
            f' "{wanted.kind}" can\'t be decided',
            where="--as",
            next_step=f"Decide one of: {others}." if offers else "Follow the remedy of the event.",
        )
    _check_names(wanted)
    if not wanted.note.strip():
        raise UserError(
            "A decision needs a note that says why",
            where="--note",
            next_step='Add --note "...": it stays in the audit trail.',
        )
    return Cause(standing.cause)


def _check_names(wanted: Wanted) -> None:
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


async def _with_name(
    installation: Installation,
    new: NewDecision,
    wanted: Wanted,
    context: ConnectionContext,
    decidable: Decidable | None,
) -> NewDecision:
    """Return the decision with the document, order or policy that it names, as it is now."""
    if decidable is not None and new.kind is DecisionKind.ADJUST:
        return msgspec.structs.replace(new, value=decidable.adjusts[new.cause])
    text = wanted.document or wanted.value
    if decidable is None or new.kind not in NAMES_A_DOCUMENT | NAMES_AN_ORDER:
        return new
    document = await decidable.name(new, text, context.reads)
    if document is None:
        return new
    async with installation.database.transaction() as on:
        ours = await stock.ours(on, new.subject.connection, [document.id])
    if ours:
        raise UserError(
            f"{text} is ours: it is in the journal, and accounts for what it was posted for",
            where="--document",
            next_step="Name the document that somebody else posted.",
        )
    value = document.number if wanted.value else ""
    return msgspec.structs.replace(new, value=value, about=DecidedAbout(document=document))


def _replaced(new: NewDecision, standing: Sequence[KeptDecision]) -> tuple[int, ...]:
    """Return the decisions that end with the new one, since they do not hold any more.

    One about lines ends with the next one about them; whether that is needed shows when it is
    planned.

    Raises:
        UserError: a decision that holds names the same document, or another order; or says
            otherwise than that the subject is not ours.
    """
    if new.kind in DONE_AT_ONCE:
        return ()
    same = [one for one in standing if _is_instead(new, one)]
    for one in same:
        if one.lapsed_why is None and not (one.kind is new.kind and new.kind in NAMES_LINES):
            raise _decided_already(new, one)
    return tuple(one.id for one in same)


def _is_instead(new: NewDecision, one: KeptDecision) -> bool:
    """Return whether two decisions about a subject can't both hold."""
    if one.kind in DONE_AT_ONCE:
        return False
    if DecisionKind.NOT_OURS in {new.kind, one.kind}:
        return True
    if new.kind is one.kind:
        same = {DecisionKind.ADJUST: new.value == one.value}
        if same.get(new.kind, new.kind in NAMES_AN_ORDER):
            return True
    document = new.about.document
    return bool(document and one.about.document and one.about.document.id == document.id)


def _decided_already(new: NewDecision, one: KeptDecision) -> UserError:
    return UserError(
        f"{_named(new.subject)} was decided about already: decision {one.id},"
        f' "{one.says}", by {one.person}',
        where="events decide",
        next_step=f"Take it back first: events undecide {one.id}",
    )


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
        supposed = ProposedDecision(reads.decisions, _as_kept(new), replaces=proposal.replaces)
        reads = reads.supposing(supposed)
    async with installation.database.transaction() as on:
        posted = await postings.posted(on, standing.id)
    facts = await flow.facts_beside(posted, new.subject.key, reads)
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
            _refuse_the_same(new, one)
    is_general = flow.decidable is not None and new.kind is DecisionKind.NOT_OURS
    rule = flow.decidable.ignore_rule(facts) if flow.decidable and is_general else ""
    return replace(proposal, new=new, replaces=replaces, planned=planned, rule=rule)


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


def _refuse_the_same(new: NewDecision, one: KeptDecision) -> None:
    """Stop where a decision that holds is about all that a new one is about."""
    known = {line.name for line in one.about.lines}
    is_known = not known or known >= {line.name for line in new.about.lines}
    if one.lapsed_why is None and is_known:
        raise _decided_already(new, one)


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
    if new.kind in NAMES_LINES and failure.get("cause") == new.cause:
        why_not = f"It would stop as before: {failure['sentence']}"
    if why_not:
        raise UserError(
            why_not, where=_where(new), next_step=f"Nothing was decided. {_INSTEAD[new.kind]}"
        )


def _where(new: NewDecision) -> str:
    return "--as" if new.kind in NAMES_LINES else "--value" if new.value else "--document"


def _as_kept(new: NewDecision) -> KeptDecision:
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


def _named(ref: SubjectRef) -> str:
    flow = FLOWS.get(ref.flow)
    return f"{flow.source if flow else ref.flow} {ref.key}"
