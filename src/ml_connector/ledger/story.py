"""The story of one subject: what was told of it, what its runs saw, decided and posted."""

from collections.abc import Sequence
from typing import Any, Final

from ml_connector.storage.database import Connection, one, rows

MOST_EVENTS: Final = 200
MOST_POSTINGS: Final = 200
MOST_BODY_BYTES: Final = 65_536
"""A longer body is cut: it is whole in ``events show``."""


async def subject(connection: Connection, subject_id: int) -> dict[str, Any] | None:
    """Return a subject by its id with how it stands; None where there is none."""
    return await one(
        connection,
        "select id, connection, flow, key, within, state, attempt, due_at, cause, sentence,"
        " remedy, waiting_for, created_at, changed_at, waits, marked > converged as is_marked"
        " from subject where id = %(id)s",
        {"id": subject_id},
    )


async def id_of(connection: Connection, name: str, flow: str, key: str) -> int | None:
    """Return the id of a subject; None where there is none."""
    row = await one(
        connection,
        "select id from subject where connection = %(name)s and flow = %(flow)s and key = %(key)s",
        {"name": name, "flow": flow, "key": key},
    )
    return row["id"] if row else None


async def runs_of(
    connection: Connection, subject_id: int, *, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return runs of a subject, the newest first, each with what it saw and decided.

    Args:
        connection: for reading.
        subject_id: whose.
        before: only those with a smaller id; None: from the newest on.
        limit: how many at most.
    """
    return await rows(
        connection,
        "select id, mark, worker, mode, rules, started_at, finished_at, outcome, facts, decision,"
        " cause, sentence, remedy,"
        " (select max(b.mark) from run as b where b.subject_id = r.subject_id and b.id < r.id)"
        "  as mark_before"
        " from run as r where subject_id = %(subject)s"
        " and (%(before)s::bigint is null or id < %(before)s) order by id desc limit %(limit)s",
        {"subject": subject_id, "before": before, "limit": limit},
    )


async def run(connection: Connection, subject_id: int, run_id: int) -> dict[str, Any] | None:
    """Return one run of a subject with what it saw and decided; None where it has none such."""
    return await one(
        connection,
        "select id, rules, started_at, outcome, facts, decision, cause, sentence from run"
        " where subject_id = %(subject)s and id = %(id)s",
        {"subject": subject_id, "id": run_id},
    )


async def run_ids(connection: Connection, subject_id: int, *, limit: int) -> list[dict[str, Any]]:
    """Return which runs of a subject saw anything, the newest first."""
    return await rows(
        connection,
        "select id, started_at, outcome, rules from run where subject_id = %(subject)s"
        " and facts is not null order by id desc limit %(limit)s",
        {"subject": subject_id, "limit": limit},
    )


async def events_of(
    connection: Connection, subject_id: int, *, above: int, up_to: int | None
) -> list[dict[str, Any]]:
    """Return the events of a subject whose marks are in a range, the newest first.

    Args:
        connection: for reading.
        subject_id: whose.
        above: of their marks.
        up_to: of their marks; None: no end.
    """
    return await rows(
        connection,
        "select id, source, topic, delivery_id, mark, sent_at, received_at, body_deleted_at,"
        " octet_length(body) as size, substring(body from 1 for %(bytes)s) as body"
        " from event where subject_id = %(subject)s and mark > %(above)s"
        " and (%(up_to)s::bigint is null or mark <= %(up_to)s)"
        " order by id desc limit %(limit)s",
        {
            "subject": subject_id,
            "above": above,
            "up_to": up_to,
            "bytes": MOST_BODY_BYTES,
            "limit": MOST_EVENTS,
        },
    )


async def postings_of(connection: Connection, subject_id: int) -> list[dict[str, Any]]:
    """Return the documents of a subject, the oldest first, each with its journal rows."""
    found = await rows(
        connection,
        "select p.id, p.run_id, p.system, p.kind, p.external_id, p.state, p.remote_id,"
        " p.attempts, p.sending_at, p.settled_at, p.created_at,"
        " p.document ->> 'title' as title, p.document -> 'request' as request, p.answer,"
        " (select c.external_id from posting as c where c.undoes = p.id"
        "  and c.state in ('done', 'adopted') order by c.id limit 1) as undone_by"
        " from posting as p where p.subject_id = %(subject)s order by p.id limit %(limit)s",
        {"subject": subject_id, "limit": MOST_POSTINGS},
    )
    entries = await rows(
        connection,
        "select posting_id, number, posted_at, posting_date, source_line, sku, location, lot,"
        " quantity, amount::text as amount, currency, account, detail, target"
        " from journal where posting_id = any (%(ids)s) order by number",
        {"ids": [one_of["id"] for one_of in found]},
    )
    for posting in found:
        posting["journal"] = [
            {name: value for name, value in row.items() if name != "posting_id"}
            for row in entries
            if row["posting_id"] == posting["id"]
        ]
    return found


async def lines_of(connection: Connection, subject_id: int) -> list[dict[str, Any]]:
    """Return the lines of a subject's source, as its last run saw them, with what came of each."""
    return await rows(
        connection,
        "select l.name, l.sku, l.currency, l.quantity, l.amount::text as amount, l.fact_date,"
        " (select sum(j.quantity)::bigint from posting as p join journal as j"
        "  on j.posting_id = p.id where p.subject_id = l.subject_id and j.source_line = l.name"
        "  and p.undoes is null) as posted,"
        " r.quantity as refused, r.reason"
        " from source_line as l left join refusal as r"
        " on r.subject_id = l.subject_id and r.name = l.name and r.currency = l.currency"
        " where l.subject_id = %(subject)s order by l.name, l.currency limit 500",
        {"subject": subject_id},
    )


async def existing(
    connection: Connection, names: Sequence[str], subject_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Return those of these subjects that there are in these connections."""
    return await rows(
        connection,
        "select id, connection, flow, key, state, cause from subject where id = any (%(ids)s)"
        " and connection = any (%(names)s) order by id",
        {"ids": list(subject_ids), "names": list(names)},
    )


async def any_run(connection: Connection, run_id: int) -> dict[str, Any] | None:
    """Return which rules a run had, and what it decided; None where there is none."""
    return await one(
        connection,
        "select id, rules, decision, sentence from run where id = %(id)s",
        {"id": run_id},
    )
