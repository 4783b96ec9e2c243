"""A subject's story: webhook, facts, plan, calls, document, journal; run by run, newest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ml_connector.app.views.desk import addresses
from ml_connector.app.views.desk.addresses import Address
from ml_connector.app.views.desk.choices import Choice, choices
from ml_connector.app.views.desk.names import awaited_in_words, in_words
from ml_connector.app.views.desk.shown_data import shown_body, shown_json
from ml_connector.app.views.words import (
    Chip,
    StateShown,
    document_title,
    state_shown,
    subject_title,
)
from ml_connector.causes.table import Who, who_acts
from ml_connector.ledger import story as books
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.conservation.equation import Equation
from ml_connector.ledger.decisions import assignments, decisions
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection
from ml_connector.words import Role

RUNS_A_PAGE: Final = 10
_MOST_CHOICES: Final = 100
"""Runs that can be chosen to be compared."""


class ToldEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One time that somebody told of the subject.

    Attributes:
        body: as it came, without what names a person; empty where it was deleted.
        size: of the body as it came, in bytes.
    """

    id: int
    source: str
    topic: str
    delivery_id: str
    received_at: datetime
    sent_at: datetime | None
    body: str
    size: int
    deleted: bool


class StoryJournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the journal that a document made."""

    number: int
    posting_date: str
    source_line: str
    sku: str | None = None
    location: str | None = None
    lot: str | None = None
    quantity: int | None = None
    amount: str | None = None
    currency: str | None = None
    account: str | None = None
    detail: str | None = None


class StoryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of the subject, with the call that made it and its journal rows.

    Attributes:
        name: what it is, in words.
        request: what was sent, as JSON; ``answer``: what came back, without credentials.
        address: of the record's own page; None where it has none.
        units: that its journal rows move in all; None where they move none.
    """

    id: int
    run_id: int
    system: str
    kind: str
    name: str
    title: str
    external_id: str
    state: str
    remote_id: str | None
    attempts: int
    began_at: datetime | None
    settled_at: datetime | None
    request: str
    answer: str
    undone_by: str | None
    address: Address | None
    units: int | None
    journal: tuple[StoryJournalRow, ...]


class StoryRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what it was told, saw, decided and posted.

    Attributes:
        facts: what it saw, as JSON; empty where it saw nothing.
        plan: what it decided: titles of documents, what is refused, what then waits.
        note: why so, in the plan's words.
    """

    id: int
    outcome: str
    chip: Chip
    word: str
    mode: str
    rules: str
    worker: str
    started_at: datetime
    finished_at: datetime | None
    cause: str
    sentence: str
    remedy: str
    events: tuple[ToldEvent, ...]
    facts: str
    plan: tuple[str, ...]
    note: str
    documents: tuple[StoryDocument, ...]


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the source, and what came of it."""

    name: str
    sku: str | None
    quantity: int | None
    amount: str | None
    currency: str
    posted: int | None
    refused: int | None
    reason: str


class StoryDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a person about the subject.

    Attributes:
        stands: whether it holds.
        ended: why it does not; empty while it does.
    """

    id: int
    says: str
    note: str
    person: str
    made_at: datetime
    stands: bool
    ended: str


class RunChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A run that can be compared with another."""

    id: int
    started_at: datetime
    outcome: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a subject.

    Attributes:
        word: its state as people read it, such as Waiting, and ``chip`` how it is coloured.
        waits_for: what it waits for, in words.
        untold: events that no run has seen yet.
        after: where the next page of runs begins; None: there are no more.
        who: can act, where it has stopped.
    """

    id: int
    connection: str
    flow: str
    key: str
    title: str
    state: str
    chip: Chip
    word: str
    cause: str
    cause_in_words: str
    sentence: str
    remedy: str
    due_at: datetime | None
    waits_for: tuple[str, ...]
    who: Who
    assigned_to: str
    assigned_note: str
    equation: Equation
    addresses: tuple[Address, ...]
    lines: tuple[StoryLine, ...]
    documents: tuple[StoryDocument, ...]
    decisions: tuple[StoryDecision, ...]
    choices: tuple[Choice, ...]
    untold: tuple[ToldEvent, ...]
    runs: tuple[StoryRun, ...]
    run_choices: tuple[RunChoice, ...]
    after: str | None


async def story(
    on: Connection,
    names: Sequence[str],
    subject_id: int,
    *,
    role: Role,
    after: str | None = None,
) -> Story | None:
    """Return the story of a subject; None where these connections have no such subject.

    Args:
        on: for reading.
        names: of the connections to look in.
        subject_id: which.
        role: of the one who looks.
        after: where the page of runs before it ended.

    Raises:
        ValueError: ``after`` is none of ours.
    """
    subject = await books.subject(on, subject_id)
    if subject is None or subject["connection"] not in names:
        return None
    applied = await connections.last(on, subject["connection"])
    found = await books.runs_of(
        on, subject_id, before=int(after) if after else None, limit=RUNS_A_PAGE + 1
    )
    runs = found[:RUNS_A_PAGE]
    documents = [_document(row, applied) for row in await books.postings_of(on, subject_id)]
    events = await _events(on, subject_id, runs, is_first=after is None)
    return await _whole(
        on,
        subject,
        role,
        applied=applied,
        documents=documents,
        runs=tuple(_run(row, events, documents) for row in runs),
        untold=tuple(
            _event(row)
            for row in events
            if after is None and row["mark"] > max((one["mark"] for one in runs), default=0)
        ),
        after=str(runs[-1]["id"]) if len(found) > RUNS_A_PAGE else None,
    )


async def _whole(
    on: Connection,
    subject: Mapping[str, Any],
    role: Role,
    *,
    applied: AppliedConnection | None,
    documents: Sequence[StoryDocument],
    runs: tuple[StoryRun, ...],
    untold: tuple[ToldEvent, ...],
    after: str | None,
) -> Story:
    name, flow, key = subject["connection"], subject["flow"], subject["key"]
    state = subject["state"]
    if state == "done" and subject["is_marked"]:
        state = "received"
    given = (await assignments.of_subjects(on, [subject["id"]])).get(subject["id"])
    cause = subject["cause"] or ""
    things = tuple(subject["waiting_for"])
    return Story(
        id=subject["id"],
        connection=name,
        flow=flow,
        key=key,
        title=subject_title(flow, key),
        state=state,
        chip=state_shown(state, subject["attempt"]).chip,
        word=state_shown(state, subject["attempt"]).word,
        cause=cause,
        cause_in_words=in_words(cause),
        sentence=subject["sentence"] or "",
        remedy=subject["remedy"] or "",
        due_at=subject["due_at"],
        waits_for=tuple(awaited_in_words(thing) for thing in things),
        who=who_acts(cause, state),
        assigned_to=given.person if given else "",
        assigned_note=given.note if given else "",
        equation=await sums.equation(on, [name], subjects=[subject["id"]]),
        addresses=addresses.of_subject(applied, flow),
        lines=tuple(_line(row) for row in await books.lines_of(on, subject["id"])),
        documents=tuple(reversed(documents)),
        decisions=tuple(
            _decision(one)
            for one in reversed(await decisions.of_subject(on, SubjectRef(name, flow, key)))
        ),
        choices=choices(flow, state, cause, things, role),
        untold=untold,
        runs=runs,
        run_choices=tuple(
            RunChoice(id=row["id"], started_at=row["started_at"], outcome=row["outcome"] or "")
            for row in await books.run_ids(on, subject["id"], limit=_MOST_CHOICES)
        ),
        after=after,
    )


async def _events(
    on: Connection, subject_id: int, runs: Sequence[Mapping[str, Any]], *, is_first: bool
) -> list[dict[str, Any]]:
    """Return the events of these runs; on the first page also those that no run has seen."""
    if not runs and not is_first:
        return []
    above = min((one["mark_before"] or 0 for one in runs), default=0)
    up_to = None if is_first else max(one["mark"] for one in runs)
    return await books.events_of(on, subject_id, above=above, up_to=up_to)


def _run(
    row: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    documents: Sequence[StoryDocument],
) -> StoryRun:
    decision = row["decision"] or {}
    before = row["mark_before"] or 0
    outcome = row["outcome"] or "working"
    shown = _outcome_shown(outcome)
    return StoryRun(
        id=row["id"],
        outcome=outcome,
        chip=shown.chip,
        word=shown.word,
        mode=row["mode"],
        rules=row["rules"],
        worker=row["worker"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        cause=row["cause"] or "",
        sentence=row["sentence"] or "",
        remedy=row["remedy"] or "",
        events=tuple(_event(one) for one in events if before < one["mark"] <= row["mark"]),
        facts=shown_json(row["facts"]) if row["facts"] is not None else "",
        plan=_planned(decision),
        note=decision.get("note") or "",
        documents=tuple(one for one in documents if one.run_id == row["id"]),
    )


def _outcome_shown(outcome: str) -> StateShown:
    """Return how the outcome of a run is shown; one that was given up for a newer run is none."""
    if outcome in {"released", "superseded"}:
        return StateShown("again", "Given over")
    return StateShown("again", "Tries again") if outcome == "retrying" else state_shown(outcome)


def _planned(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a run decided, one sentence each."""
    left = decision.get("afterwards") or {}
    return (
        *(one["title"] for one in decision.get("documents", ())),
        *(
            f"Not posted: {one['source_line']}. {one['reason']}"
            for one in decision.get("refused", ())
        ),
        *([f"Then waits: {left['sentence']}"] if left.get("sentence") else ()),
    )


def _event(row: Mapping[str, Any]) -> ToldEvent:
    return ToldEvent(
        id=row["id"],
        source=row["source"],
        topic=row["topic"],
        delivery_id=row["delivery_id"],
        received_at=row["received_at"],
        sent_at=row["sent_at"],
        body=shown_body(row["body"], whole=row["size"] <= books.MOST_BODY_BYTES),
        size=row["size"],
        deleted=row["body_deleted_at"] is not None,
    )


def _document(row: Mapping[str, Any], applied: AppliedConnection | None) -> StoryDocument:
    moved = [one["quantity"] for one in row["journal"] if one["quantity"] is not None]
    return StoryDocument(
        id=row["id"],
        run_id=row["run_id"],
        system=row["system"],
        kind=row["kind"],
        name=document_title(row["kind"]),
        title=row["title"] or "",
        external_id=row["external_id"],
        state=row["state"],
        remote_id=row["remote_id"],
        attempts=row["attempts"],
        began_at=row["sending_at"],
        settled_at=row["settled_at"],
        request=shown_json(row["request"]),
        answer=shown_json(row["answer"]) if row["answer"] is not None else "",
        undone_by=row["undone_by"],
        address=addresses.of_document(applied, row["system"], row["kind"], row["remote_id"]),
        units=sum(moved) if moved else None,
        journal=tuple(
            StoryJournalRow(
                **{
                    name: value
                    for name, value in one.items()
                    if name in StoryJournalRow.__struct_fields__ and name != "posting_date"
                },
                posting_date=one["posting_date"].isoformat(),
            )
            for one in row["journal"]
        ),
    )


def _line(row: Mapping[str, Any]) -> StoryLine:
    return StoryLine(
        name=row["name"],
        sku=row["sku"],
        quantity=row["quantity"],
        amount=row["amount"],
        currency=row["currency"],
        posted=row["posted"],
        refused=row["refused"],
        reason=row["reason"] or "",
    )


def _decision(one: KeptDecision) -> StoryDecision:
    ended = one.lapsed_why or ""
    if one.taken_back_at is not None:
        ended = f"taken back by {one.taken_back_by}"
    return StoryDecision(
        id=one.id,
        says=one.says,
        note=one.note,
        person=one.person,
        made_at=one.made_at,
        stands=not ended,
        ended=ended,
    )
