"""Taking our documents into the journal that NetSuite shows and a restored database lacks.

They are adopted as ``settle`` adopts a record that it finds: a posting, its journal rows, the
chain. What such a record holds, its flow tells; where that is not certain, it is left to a
person.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple
from uuid import uuid4

from ml_connector.app.connections.found_records import changed_since, read_records, whose
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import Flow
from ml_connector.engine.found import FoundRecord
from ml_connector.engine.inbox.intake import take_in as tell_inbox
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman, Retryable
from ml_connector.flows.reversal import Undoable, found_counter, taken_back_by
from ml_connector.ledger.inbox import ownership, subjects
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.ownership import Claimed, Superseded
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, reversals, runs, survey
from ml_connector.ledger.postings.documents import Document, Plan, Posted
from ml_connector.ledger.postings.postings import Posting, Settled
from ml_connector.ledger.run_steps import RunFacts, RunStep
from ml_connector.netsuite.queries.our_documents import OurDocument
from ml_connector.words import Cause, ExternalIdPrefix

_RULES: Final = "release-1"
_AT_ONCE: Final = 20
_MOST_TAKE_OVERS: Final = 5
_NOTE: Final = "Found in NetSuite after a restore: taken into the journal as it stands there"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A document that was taken into the journal, or would be.

    Attributes:
        flow: whose subject it belongs to, such as ``receiving``; ``undo`` for a counter-document.
        key: of the subject.
    """

    flow: str
    key: str
    record: FoundRecord
    document: Document


@dataclass(frozen=True, kw_only=True)
class Left:
    """A document that is left to a person.

    Attributes:
        record_id: its internal id in NetSuite.
        why: it can't be told what it holds.
    """

    external_id: str
    record_id: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class TakenDocuments:
    """What came of looking for documents that the books lack."""

    taken: Sequence[Taken] = ()
    left: Sequence[Left] = ()


class _Subject(NamedTuple):
    """Whose documents they are."""

    flow: Flow
    key: str


@dataclass(kw_only=True)
class _Sorted:
    """Found records, by whose they are."""

    of_subjects: dict[_Subject, list[FoundRecord]] = field(
        default_factory=lambda: defaultdict(list)
    )
    counters: list[FoundRecord] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


async def take_in(
    installation: Installation,
    context: ConnectionContext,
    *,
    since: datetime | None,
    siblings: Collection[str],
    keep: bool,
) -> TakenDocuments:
    """Take our documents into the journal that NetSuite shows and the books lack.

    Each subject is kept by itself, so that this can be done again after it was interrupted.

    Args:
        installation: where.
        context: of the connection, with which both systems may be read.
        since: when the backup was made; None: whatever there ever was is looked at.
        siblings: names of all connections to the same NetSuite account, this one included.
        keep: False: only tell what would be taken in.

    Raises:
        ConnectorError: a system can't be read just now, or doesn't let us sign in.
    """
    headers = await changed_since(context.netsuite, since)
    unknown = await _unknown(installation, context.settings.name, headers, siblings)
    found = _sort(await read_records(context.netsuite, unknown))
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(subject: _Subject, records: Sequence[FoundRecord]) -> TakenDocuments:
        async with places:
            return await _subject(installation, context, subject, records, keep=keep)

    parts = await asyncio.gather(
        *(one(subject, records) for subject, records in found.of_subjects.items())
    )
    taken = [each for part in parts for each in part.taken]
    counters = await _counters(installation, context, found.counters, taken, keep=keep)
    return TakenDocuments(
        taken=(*taken, *counters.taken),
        left=(*found.left, *(each for part in parts for each in part.left), *counters.left),
    )


async def _unknown(
    installation: Installation,
    name: str,
    headers: Sequence[OurDocument],
    siblings: Collection[str],
) -> list[OurDocument]:
    """Return those of the documents that no connection to the account has in its journal."""
    async with installation.database.transaction() as on:
        states = await survey.states(on, siblings, [one.externalid for one in headers])
    booked = {
        external_id for (_, external_id), state in states.items() if state in {"done", "adopted"}
    }
    others = {
        external_id
        for (one, external_id), state in states.items()
        if one != name and state in {"sending", "alarm"}
    }
    return [one for one in headers if one.externalid not in booked | others]


def _sort(records: Sequence[FoundRecord]) -> _Sorted:
    found = _Sorted()
    for record in records:
        flow, key, _ = whose(record.external_id)
        if record.voided:
            found.left.append(_left(record, record.untold("it is voided")))
        elif record.external_id.startswith(ExternalIdPrefix.REVERSAL):
            found.counters.append(record)
        elif flow is None:
            found.left.append(_left(record, record.untold("its external id names no subject")))
        else:
            found.of_subjects[_Subject(flow, key)].append(record)
    return found


def _left(record: FoundRecord, failure: ConnectorError) -> Left:
    return Left(
        external_id=record.external_id,
        record_id=record.id,
        why=str(failure),
        remedy=failure.remedy,
    )


async def _subject(
    installation: Installation,
    context: ConnectionContext,
    subject: _Subject,
    records: Sequence[FoundRecord],
    *,
    keep: bool,
) -> TakenDocuments:
    """Tell what the documents of one subject are, and take them in."""
    name = context.settings.name
    ref = SubjectRef(name, subject.flow.name, subject.key)
    try:
        facts = await subject.flow.read(subject.key, context.reads)
    except (NeedsData, NeedsHuman, Retryable) as error:
        # Whoever can sign in again, finds out; that is not for a person to compare.
        signed_out = error.cause is Cause.CREDENTIALS_INVALID and keep
        away = isinstance(error, Retryable) and error.cause is not Cause.CONNECTION_HELD
        if signed_out or away:
            raise
        return TakenDocuments(left=[_left(one, error) for one in records])
    async with installation.database.transaction() as on:
        subject_id = await subjects.find(on, ref)
        posted = await postings.posted(on, subject_id) if subject_id is not None else ()
    taken, left = _told(context, subject, facts, records, posted)
    if taken and keep:
        seen = RunFacts(facts=facts, lines=subject.flow.source_lines(facts, context.settings))
        kept = await _keep_undisturbed(installation, context, ref, seen, taken)
        left += [
            _left(one.record, one.record.untold("the books have it under way otherwise"))
            for one in taken
            if one not in kept
        ]
        taken = kept
    return TakenDocuments(taken=taken, left=left)


def _told(
    context: ConnectionContext,
    subject: _Subject,
    facts: object,
    records: Sequence[FoundRecord],
    posted: Sequence[Posted],
) -> tuple[list[Taken], list[Left]]:
    """Tell what each document of a subject holds, in the order in which they were made. Pure."""
    found_document = subject.flow.found_document
    assert found_document is not None  # noqa: S101 - only such flows are named by an external id
    taken: list[Taken] = []
    left: list[Left] = []
    known = [*posted]
    for record in records:
        try:
            document = found_document(facts, record, known, context.settings)
        except (NeedsData, NeedsHuman) as error:
            left.append(_left(record, error))
            continue
        taken.append(
            Taken(flow=subject.flow.name, key=subject.key, record=record, document=document)
        )
        known.append(_posted(document, record))
    return taken, left


def _posted(document: Document, record: FoundRecord) -> Posted:
    return Posted(
        system=document.system,
        kind=document.kind,
        external_id=document.external_id,
        remote_id=record.id,
        lines=document.lines,
    )


async def _keep_undisturbed(
    installation: Installation,
    context: ConnectionContext,
    ref: SubjectRef,
    seen: RunFacts,
    taken: Sequence[Taken],
) -> list[Taken]:
    """Adopt the documents of one subject, again where a worker took it over meanwhile.

    A run of a held connection ends at once, so there is an end to that.
    """
    for _ in range(_MOST_TAKE_OVERS):
        with contextlib.suppress(Superseded):
            return await _keep(installation, context, ref, seen, taken)
    return await _keep(installation, context, ref, seen, taken)


async def _keep(
    installation: Installation,
    context: ConnectionContext,
    ref: SubjectRef,
    seen: RunFacts,
    taken: Sequence[Taken],
) -> list[Taken]:
    """Adopt the documents of one subject; return those that were.

    The subject is marked, so that it converges as soon as the connection is released.
    """
    async with installation.database.transaction() as on:
        # Without a job as yet: a worker that took the subject up now would take it over.
        await subjects.mark(on, [ref])
        claimed = await ownership.take(on, ref, worker=installation.holder)
        run_id = await runs.begin(on, claimed, worker=installation.holder, rules=_RULES)
        plan = Plan(documents=tuple(one.document for one in taken), note=_NOTE)
        await runs.write(on, [runs.Page(run_id=run_id, facts=seen.facts, plan=plan)])
        prepared = [
            await postings.prepare(on, claimed, run_id, one.document, state="prepared")
            for one in taken
        ]
        left_behind = {
            one.document.external_id: one for one in await postings.unfinished(on, claimed)
        }
    run = Run(id=run_id, subject=claimed)
    try:
        await context.settle.record(RunStep(run=run, seen=seen))
    except Superseded:
        async with installation.database.transaction() as on:
            await runs.finish(on, run_id, "superseded")
        raise
    kept: list[Taken] = []
    for one, posting in zip(taken, prepared, strict=True):
        known = left_behind.get(one.document.external_id)
        if posting is not None:
            await _adopt(context, run, posting, one.record)
            kept.append(one)
        elif known is not None and await _recovered(context, claimed, known):
            kept.append(one)
    async with installation.database.transaction() as on:
        await runs.finish(on, run_id, "done")
        arrival = Arrival(
            connection=ref.connection,
            source="person",
            delivery_id=f"person:{uuid4()}",
            topic="documents found in NetSuite after a restore",
            subject=ref,
        )
        await tell_inbox(on, installation.lanes, [arrival])
    return kept


async def _adopt(
    context: ConnectionContext, run: Run, posting: Posting, record: FoundRecord
) -> None:
    settled = Settled(posting, "adopted", record.id, {"found": record.external_id})
    await context.settle.record(RunStep(run=run, settled=settled))


async def _recovered(context: ConnectionContext, claimed: Claimed, posting: Posting) -> bool:
    """Adopt a document whose call was under way; False where it is not what was meant."""
    try:
        await context.settle.recover(claimed, posting)
    except NeedsHuman:
        return False
    return True


async def _counters(
    installation: Installation,
    context: ConnectionContext,
    records: Sequence[FoundRecord],
    taken: Sequence[Taken],
    *,
    keep: bool,
) -> TakenDocuments:
    """Take in the counter-documents of what is posted, or was just taken in."""
    name = context.settings.name
    found: list[Taken] = []
    left: list[Left] = []
    # In a rehearsal what they take back may not be kept.
    only_told = {} if keep else {one.document.external_id: one for one in taken}
    for record in records:
        try:
            external_id = taken_back_by(record)
            async with installation.database.transaction() as on:
                original = await reversals.posted_as(on, name, external_id)
            if original is not None:
                undoable = Undoable(document=original.document, remote_id=original.remote_id)
            elif external_id in only_told:
                told = only_told[external_id]
                undoable = Undoable(document=told.document, remote_id=told.record.id)
            else:
                raise record.untold(f"the books have no {external_id}, which it takes back")
            document = found_counter(undoable, record, context.settings)
        except NeedsHuman as error:
            left.append(_left(record, error))
            continue
        key = str(original.id) if original is not None else external_id
        one = Taken(flow=reversals.FLOW, key=key, record=record, document=document)
        if original is not None and keep:
            await _keep_counter(installation, context, original, one)
        found.append(one)
    return TakenDocuments(taken=found, left=left)


async def _keep_counter(
    installation: Installation,
    context: ConnectionContext,
    original: reversals.Original,
    one: Taken,
) -> None:
    async with installation.database.transaction() as on:
        claimed = await reversals.claim(
            on,
            context.settings.name,
            original.id,
            sentence=f"The undo of {original.document.external_id} has not ended",
            remedy="Release the connection again.",
        )
        run_id = await runs.begin(on, claimed, worker=installation.holder, rules=_RULES)
        plan = Plan(documents=(one.document,), note=_NOTE)
        await runs.write(on, [runs.Page(run_id=run_id, plan=plan)])
        posting = await postings.prepare(on, claimed, run_id, one.document, state="prepared")
        if posting is None:
            raise RuntimeError(f"{one.document.external_id} is taken by another posting")
        await reversals.set_original(on, posting, original.id)
    run = Run(id=run_id, subject=claimed)
    await _adopt(context, run, replace(posting, flow=original.flow), one.record)
    async with installation.database.transaction() as on:
        await reversals.done(on, claimed)
        await runs.finish(on, run_id, "done")
