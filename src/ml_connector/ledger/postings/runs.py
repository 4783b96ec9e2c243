"""Runs: the facts that a run saw, its decision, and its outcome."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.errors import ConnectorError
from ml_connector.ledger import months
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import Document, Plan
from ml_connector.ledger.search.numbers import numbers_of
from ml_connector.storage.database import Connection, Database, one, recordset, rows


async def begin(connection: Connection, subject: Claimed, *, worker: str, rules: str) -> int:
    """Begin a run of a subject; return its id.

    Args:
        connection: the transaction that claims the subject.
        subject: the claimed subject.
        worker: the process that runs it.
        rules: version of the rules that will decide.
    """
    await months.ensure(connection)
    row = await one(
        connection,
        "insert into run (connection, subject_id, epoch, mark, worker, mode, rules)"
        " select name, %(subject)s, %(epoch)s, %(mark)s, %(worker)s, mode, %(rules)s"
        " from connection where name = %(connection)s returning id",
        {
            "connection": subject.ref.connection,
            "subject": subject.id,
            "epoch": subject.epoch,
            "mark": subject.mark,
            "worker": worker,
            "rules": rules,
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return int(row["id"])


async def last_id(connection: Connection, subject_id: int) -> int:
    """Return the id of a subject's last run; 0 where it never ran."""
    row = await one(
        connection,
        "select max(id) as id from run where subject_id = %(subject)s",
        {"subject": subject_id},
    )
    return int(row["id"] or 0) if row else 0


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a run.

    Attributes:
        facts: what plan saw.
        plan: what it decided.
        ended: it is done.
    """

    run_id: int
    facts: msgspec.Struct | None = None
    plan: Plan | None = None
    ended: bool = False


async def write(connection: Connection, pages: Sequence[Page]) -> None:
    """Keep what runs saw, what they decided, and that they are done; the rest stays."""
    values = [
        {
            "id": one.run_id,
            "facts": one.facts,
            "decision": _decision(one.plan) if one.plan else None,
            "ended": one.ended,
        }
        for one in pages
    ]
    numbers = [
        {"run": one.run_id, "number": number, "kind": kind}
        for one in pages
        if one.facts is not None
        for number, kind in numbers_of(one.facts).items()
    ]
    await rows(
        connection,
        f"{_NUMBER if numbers else ''}"  # noqa: S608 - our own constant
        "update run as r set facts = coalesce(w.facts, r.facts),"
        " decision = coalesce(w.decision, r.decision),"
        " finished_at = case when w.ended then now() else r.finished_at end,"
        " outcome = case when w.ended then 'done' else r.outcome end"
        " from json_to_recordset(%(pages)s) as w (id bigint, facts json, decision json,"
        " ended boolean) where r.id = w.id",
        {"pages": recordset(values), "numbers": recordset(numbers)},
    )


_NUMBER: Final = """
with told as (
    select * from json_to_recordset(%(numbers)s) as n (run bigint, number text, kind text)
), numbered as (
    insert into subject_number (connection, number, kind, subject_id)
    select r.connection, t.number, t.kind, r.subject_id
    from told as t join run as r on r.id = t.run
    order by 1, 2, 4
    on conflict do nothing
)
"""
"""In the same statement, the numbers by which the subjects are found."""


def _decision(plan: Plan) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "documents": plan.documents,
        "note": plan.note,
        "refused": plan.refused,
        "waiting": plan.waiting,
        "afterwards": failure(plan.remaining_failure) if plan.remaining_failure else None,
    }
    if plan.handled:
        kept["handled"] = plan.handled
    if plan.rests_on:
        kept["rests_on"] = plan.rests_on
    if plan.gone:
        kept["gone"] = plan.gone
    if plan.corrected:
        kept["corrected"] = plan.corrected
    if plan.in_transit:
        kept["in_transit"] = plan.in_transit
    return kept


async def finish(
    connection: Connection,
    run_id: int,
    outcome: str,
    *,
    error: ConnectorError | None = None,
    sentence: str | None = None,
) -> None:
    """Record what came of a run: done, retrying, parked, dead, released or superseded."""
    await rows(
        connection,
        "update run set finished_at = now(), outcome = %(outcome)s, cause = %(cause)s,"
        " sentence = %(sentence)s, remedy = %(remedy)s where id = %(id)s",
        {
            "id": run_id,
            "outcome": outcome,
            "cause": error.cause if error else None,
            "sentence": sentence or (str(error) if error else None),
            "remedy": error.remedy if error else None,
        },
    )


class StoredRun(NamedTuple):
    """A run of a subject.

    Attributes:
        facts: what plan saw, as it was stored; None when nothing was stored.
    """

    subject_id: int
    subject: SubjectRef
    facts: dict[str, Any] | None


async def stored(connection: Connection, run_id: int) -> StoredRun | None:
    """Return a run by its id; None when there is none."""
    row = await one(
        connection,
        "select r.facts, s.id, s.flow, s.key, s.connection from run as r"
        " join subject as s on s.id = r.subject_id where r.id = %(id)s",
        {"id": run_id},
    )
    if row is None:
        return None
    return StoredRun(
        row["id"], SubjectRef(row["connection"], row["flow"], row["key"]), row["facts"]
    )


async def last_facts(database: Database, subject_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return what the last run with facts saw, for each of these subjects that has one."""
    found = await database.fetch(
        "select distinct on (subject_id) facts from run where subject_id = any (%(ids)s)"
        " and facts is not null order by subject_id, id desc",
        {"ids": list(subject_ids)},
    )
    return [row["facts"] for row in found]


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """The last run of a subject that saw anything.

    Attributes:
        state: of the subject now.
        stopped_cause: why the subject does not go on, if it does not.
        stopped_sentence: the same for a person.
        facts: what it saw, as it was stored.
        documents: what it decided.
        cause: of the failure that its plan left, or that kept it from planning; None for none.
        sentence: of the same failure.
        newest_id: of the subject's newest run, which may have seen nothing.
        newest_event: delivery id of the newest event about it; empty where none is kept.
    """

    subject_id: int
    state: str
    stopped_cause: str | None
    stopped_sentence: str | None
    newest_id: int
    newest_event: str
    facts: dict[str, Any]
    documents: tuple[Document, ...]
    cause: str | None
    sentence: str | None


async def last_of(
    connection: Connection, connection_name: str, flow: str, keys: Sequence[str]
) -> dict[str, LastRun]:
    """Return the last runs of these subjects by key; none for one that saw nothing yet."""
    found = await rows(
        connection,
        "select s.key, s.id as subject_id, s.state, s.cause as stopped_cause,"
        " s.sentence as stopped_sentence, r.facts, r.decision, r.cause, r.sentence,"
        " (select max(id) from run where subject_id = s.id) as newest_id,"
        " coalesce((select e.delivery_id from event as e where e.subject_id = s.id"
        "  order by e.id desc limit 1), '') as newest_event"
        " from subject as s join lateral"
        " (select * from run where subject_id = s.id and facts is not null"
        "  order by id desc limit 1) as r on true"
        " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)",
        {"connection": connection_name, "flow": flow, "keys": list(keys)},
    )
    return {row.pop("key"): _last_run(row) for row in found}


def _last_run(row: dict[str, Any]) -> LastRun:
    """Read a run: a plan that failed is no decision, a failure after a decision is no plan's."""
    decision = row.pop("decision")
    if decision is not None:
        left = decision.get("afterwards") or {}
        row |= {"cause": left.get("cause"), "sentence": left.get("sentence")}
    documents = (decision or {}).get("documents", ())
    return LastRun(**row, documents=msgspec.convert(documents, tuple[Document, ...]))


def failure(error: ConnectorError) -> dict[str, Any]:
    """Return a failure as data: cause, sentence, remedy, what it waits for."""
    return {
        "kind": type(error).__name__,
        "cause": error.cause,
        "sentence": str(error),
        "remedy": error.remedy,
        "waiting_for": [str(one) for one in getattr(error, "waiting_for", ())],
    }
