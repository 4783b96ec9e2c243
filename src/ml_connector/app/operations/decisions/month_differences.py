"""Decisions about differences of a month-end report: looked at as those about what is stopped.

A difference of a fact that is stopped is decided with the fact. One of a document is decided here,
and booked by the flow ``month-end``.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import month_end
from ml_connector.app.operations.decisions import proposal as of_events
from ml_connector.app.operations.decisions.months.bills import bill_handled, refuse_taken
from ml_connector.app.operations.decisions.months.offers import ENDINGS, offered
from ml_connector.app.operations.decisions.proposal import Proposal, as_kept
from ml_connector.app.operations.decisions.wanted import Wanted, check_names
from ml_connector.app.operations.month_end import Progress
from ml_connector.app.operations.sync import Planned
from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows import FLOWS
from ml_connector.flows.month_end import FLOW
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
    NamedDocument,
    NewDecision,
)
from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.ledger.decisions.kept import ProposedDecision
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.outcomes import SubjectStanding
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report
from ml_connector.reconcile.decided import decided_as
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.money.differences import TIED as MONEY_TIED
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.tie_out.differences import TIED
from ml_connector.rules.decisions.decided import document_name, moved_units
from ml_connector.rules.decisions.naming import named_document
from ml_connector.words import Cause, DecisionKind, DocumentKind

_ACCEPT, _HANDLED, _CORRECT = (
    DecisionKind.ACCEPT,
    DecisionKind.HANDLED,
    DecisionKind.CORRECT,
)
_TYPES: Final = ("ItemRcpt", "InvAdjst", "ItemShip")


async def propose(
    installation: Installation,
    applied: AppliedConnection,
    difference_id: str,
    wanted: Wanted,
    *,
    today: date,
    progress: Progress = lambda _what, _count: None,
) -> Proposal:
    """Look at what a decision about a difference would lead to; nothing is recorded.

    The month is compared anew: what is decided about is there now.

    Raises:
        UserError: there is no such difference, or the decision can't be meant.
        ConnectorError: one of the systems can't be read.
    """
    month = Month.parse(difference_id.rpartition("-")[0], today=today)
    report = await month_end.compared(installation, applied, month, progress=progress)
    found = next((one for one in report.differences if one.id == difference_id), None)
    if found is None:
        raise UserError(
            f"{month} has no difference {difference_id} (any more)",
            where="month decide",
            next_step=f"See ml-connector reconcile {month}.",
        )
    if found.kind in ENDINGS and ENDINGS[found.kind].with_fact:
        event_id = await _event_of(installation, applied.name, found)
        return await of_events.propose(installation, [applied.name], event_id, wanted)
    _check(found, wanted)
    context = await ConnectionContexts(installation).open(applied.name)
    async with installation.database.transaction() as on:
        known = await decisions.of_month(on, applied.name, FLOW.name, str(month))
        ref = SubjectRef(applied.name, FLOW.name, decided_as(found, known))
        standing = await outcomes.of_ref(on, ref)
        made = [one for one in await decisions.of_subject(on, ref) if one.taken_back_at is None]
    about = await _about(found, wanted, context, report)
    if about.document is not None:
        async with installation.database.transaction() as on:
            naming = await decisions.handled_by(on, applied.name, about.document.id)
        refuse_taken(about, naming, ref.key)
    new = NewDecision(
        subject=ref,
        kind=wanted.kind,
        cause=Cause(standing.cause) if standing and standing.cause else None,
        note=wanted.note,
        about=about,
    )
    return await _planned(installation, context, new, standing, made)


def _check(found: Difference, wanted: Wanted) -> None:
    if found.decided:
        raise UserError(
            f"Difference {found.id} was decided about already. {found.decided}",
            where="month decide",
            next_step="Take that back first, with events undecide and its number.",
        )
    offers = offered(found)
    if wanted.kind not in offers:
        may = f"Decide one of: {', '.join(offers)}." if offers else found.remedy
        raise UserError(
            f'About difference {found.id}, {found.kind}, "{wanted.kind}" can\'t be decided',
            where="--as",
            next_step=may or "It is only shown: there is nothing to decide.",
        )
    check_names(wanted)


async def _event_of(installation: Installation, name: str, found: Difference) -> int:
    """Return the latest event about the fact that a difference is of.

    Raises:
        UserError: nothing ever told of it.
    """
    word, _, key = found.source.rpartition(" ")
    async with installation.database.transaction() as on:
        for flow in FLOWS.values():
            ref = SubjectRef(name, flow.name, key)
            event = await outcomes.latest_event(on, ref) if flow.source == word else None
            if event is not None:
                return event
    raise UserError(
        f"Nothing ever told of {found.source}: there is nothing to decide about it yet",
        where="month decide",
        next_step=found.remedy,
    )


async def _about(
    found: Difference, wanted: Wanted, context: ConnectionContext, report: Report
) -> DecidedAbout:
    """Return what is decided about, with what is booked of it by the decision.

    Raises:
        UserError: the document that is named accounts for nothing of it.
    """
    about, key = _difference(found, corrects=wanted.kind is _CORRECT), found.id
    if wanted.kind is not _HANDLED:
        return DecidedAbout(difference=about)
    if found.currency:
        return await bill_handled(found, about, wanted.document, context, report)
    document = await named_document(wanted.document, context.reads, _TYPES)
    covered = await _covered(about, document, context, key)
    about = msgspec.structs.replace(about, taken=covered)
    return DecidedAbout(difference=about, document=document)


def _difference(found: Difference, *, corrects: bool) -> DecidedDifference:
    """Return a difference as a decision keeps it, with what the journal gains by that."""
    foreign = found.kind in ENDINGS and ENDINGS[found.kind].of_others
    ref = found.documents[-1 if foreign else 0] if found.documents else DocumentRef(type="")
    if found.kind in TIED | MONEY_TIED | {Kind.REFUSAL_NOT_HELD}:
        return _of_both(found, corrects=corrects)
    gap = _gap(found)
    return DecidedDifference(
        kind=found.kind,
        says=found.says,
        section=found.section,
        source=found.source,
        external_id=found.external_id,
        record=ref.id,
        day=date.fromisoformat(ref.date) if ref.date else date.min,
        taken=Decimal(0) if foreign else gap,
        counter=-int(gap) if corrects else 0,
        moves=found.moves,
        **_place(found),
    )


def _gap(found: Difference) -> Decimal:
    """Return what the journal gains at one place; nothing where its moves say it, or no side."""
    if found.netsuite is None or found.journal is None or found.moves:
        return Decimal(0)
    return found.netsuite - found.journal


def _place(found: Difference) -> dict[str, str | None]:
    if found.moves:
        return {}
    if found.currency:
        return {"account": found.item or None, "currency": found.currency}
    return {
        "sku": found.what or None,
        "item": found.item or None,
        "location": found.where or None,
    }


def _of_both(found: Difference, *, corrects: bool) -> DecidedDifference:
    """Return a difference of both systems' own books: the journal has no document of it.

    What is taken as it is changes no books; a correction brings NetSuite to what ShipBob says.
    """
    month = Month.parse(found.id.rpartition("-")[0], today=date.max)
    days = [ref.date for ref in found.documents if ref.date]
    about = DecidedDifference(
        kind=found.kind,
        says=found.says,
        section=found.section,
        source=found.source,
        record=found.id,
        day=date.fromisoformat(days[-1]) if days else month.last,
        counter=int(found.gap) if corrects else 0,
    )
    return msgspec.structs.replace(about, **_place(found))


async def _covered(
    about: DecidedDifference, document: NamedDocument, context: ConnectionContext, key: str
) -> Decimal:
    """Return what of a gap a document of others accounts for, signed as the gap.

    Raises:
        UserError: nothing, or it is of another subsidiary than our document.
    """
    place = (about.item or "", about.location or "")
    there = moved_units(document, leaving=about.taken > 0)[place]
    taken = await context.reads.decisions.taken([document.id], besides=(FLOW.name, key))
    others = sum(
        one.quantity for one in taken.get(document.id, ()) if (one.item, one.location) == place
    )
    ours = await context.reads.documents.by_id(about.record)
    why = ""
    known = {ours.subsidiary, document.subsidiary} if ours else {None}
    if None not in known and len(known) > 1:
        why = f"is of subsidiary {document.subsidiary}, and ours is not"
    if not there:
        why = f"moves nothing of {about.sku} at location {about.location} that way"
    elif not why and there <= others:
        why = f"is taken by other decisions with all that it moves of {about.sku}"
    if why:
        raise UserError(
            f"{document_name(document)} {why}",
            where="--document",
            next_step="Nothing was decided. Name the document that holds these units.",
        )
    units = min(abs(about.taken), Decimal(there - others))
    return units if about.taken > 0 else -units


async def _planned(
    installation: Installation,
    context: ConnectionContext,
    new: NewDecision,
    standing: SubjectStanding | None,
    made: list[KeptDecision],
) -> Proposal:
    """Plan what is booked of the difference with the decision."""
    replaces = tuple(one.id for one in made)
    posted: tuple[Posted, ...] = ()
    if standing is not None:
        async with installation.database.transaction() as on:
            posted = tuple(await postings.posted(on, standing.id))
    supposed = ProposedDecision(context.reads.decisions, as_kept(new), replaces=replaces)
    plan, failure = None, None
    try:
        facts = await FLOW.facts_beside(posted, new.subject.key, context.reads.supposing(supposed))
        plan = FLOW.plan(facts, posted, context.settings)
    except ConnectorError as error:
        failure = runs.failure(error)
    if new.kind is _CORRECT:
        new = _bound(new, plan.documents if plan else (), posted, failure)
    return Proposal(
        event_id=None,
        new=new,
        replaces=replaces,
        planned=Planned(key=new.subject.key, plan=plan, failure=failure),
        known=frozenset(replaces),
    )


def _bound(
    new: NewDecision,
    documents: Sequence[Document],
    posted: Sequence[Posted],
    failure: Mapping[str, Any] | None,
) -> NewDecision:
    """Return a decision to correct, bound to its counter-document.

    That may be there: an earlier decision was taken back, and it stayed.

    Raises:
        UserError: it can't be made.
    """
    there = () if failure else (one for one in posted if not one.undone)
    made = [
        one.external_id
        for one in (*there, *documents)
        if one.kind is DocumentKind.INVENTORY_ADJUSTMENT
    ]
    if not made:
        why = failure["sentence"] if failure else "nothing differs any more"
        raise UserError(
            f"No document of ours would correct it: {why}",
            where="--as correct",
            next_step=f"Nothing was decided. {failure['remedy'] if failure else ''}".strip(),
        )
    return msgspec.structs.replace(new, value=made[-1])
