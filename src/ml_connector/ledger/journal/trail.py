"""Walking back: from a document, an id or a journal row to run, facts, events and raw bytes."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ml_connector.storage.database import Connection, rows

_EVENTS: Final = 50
_POSTINGS: Final = 20

_COLUMNS: Final = (
    "id, connection, subject_id, run_id, system, kind, external_id, state, remote_id, attempts,"
    " created_at, settled_at, undoes, document_hash, document, answer"
)


async def find(connection: Connection, names: Sequence[str], wanted: str) -> list[int]:
    """Return the postings that a text means, the newest first; at most 20.

    Args:
        connection: for reading.
        names: of the connections to look in.
        wanted: a journal number (``41``), a document (``itemReceipt 5002``), its internal id
            alone (``5002``), an external id (``mlc-ir-90311-1``), or a source (``wro 90311``).
            A number is a journal number first.
    """
    kind, _, number = wanted.rpartition(" ")
    parameters = {
        "names": list(names),
        "wanted": wanted,
        "kind": kind,
        "number": number,
        "systems": ["netsuite", "shipbob"],
        "most": _POSTINGS,
    }
    questions = [_BY_EXTERNAL_ID]
    if kind:
        questions += [_BY_TARGET, _BY_SOURCE]
    elif wanted.isascii() and wanted.isdigit() and len(wanted) < 19:  # noqa: PLR2004 - digits of a bigint
        questions += [_BY_NUMBER, _BY_REMOTE_ID]
    for question in questions:
        found = await rows(connection, question, parameters)
        if found:
            return [row["id"] for row in found]
    return []


async def by_remote_ids(
    connection: Connection, names: Sequence[str], remote_ids: Sequence[str]
) -> list[int]:
    """Return the postings that made these NetSuite records."""
    found = await rows(
        connection,
        "select id from posting where connection = any (%(names)s) and remote_id = any (%(ids)s)"
        " and system = 'netsuite' order by id desc limit %(most)s",
        {"names": list(names), "ids": list(remote_ids), "most": _POSTINGS},
    )
    return [row["id"] for row in found]


async def walk(connection: Connection, posting_id: int) -> dict[str, Any]:
    """Return one posting with all that led to it.

    Keys: ``posting`` (with the full request and the answer), ``journal`` (its rows),
    ``run`` (facts and decision included), ``subject``, ``events`` (with headers and raw body),
    ``undone_by`` (external ids of counter-documents).
    """
    [posting] = await rows(
        connection,
        f"select {_COLUMNS} from posting where id = %(id)s",  # noqa: S608 - our own constant
        {"id": posting_id},
    )
    journal = await rows(
        connection,
        "select * from journal where posting_id = %(id)s order by number",
        {"id": posting_id},
    )
    [subject] = await rows(
        connection,
        "select id, flow, key, state, cause, sentence, remedy from subject where id = %(id)s",
        {"id": posting["subject_id"]},
    )
    runs = await rows(connection, "select * from run where id = %(id)s", {"id": posting["run_id"]})
    run = runs[0] if runs else None
    events = await rows(
        connection,
        "select id, source, topic, delivery_id, sent_at, received_at, mark, headers, body"
        " from event where subject_id = %(subject)s and mark <= %(mark)s"
        " order by id desc limit %(most)s",
        {
            "subject": posting["subject_id"],
            "mark": run["mark"] if run else 0,
            "most": _EVENTS,
        },
    )
    undone = await rows(
        connection,
        "select external_id from posting where undoes = %(id)s and state in ('done', 'adopted')"
        " order by id",
        {"id": posting_id},
    )
    return {
        "posting": posting,
        "journal": journal,
        "run": run,
        "subject": subject,
        "events": [{**event, **_readable(event["body"])} for event in events],
        "undone_by": [row["external_id"] for row in undone],
    }


async def journal_rows(
    connection: Connection,
    names: Sequence[str],
    *,
    limit: int,
    flow: str | None = None,
    sku: str | None = None,
    source: str | None = None,
    target: str | None = None,
    external_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Return the journal rows of these connections that match, the newest first.

    Args:
        connection: for reading.
        names: of connections.
        limit: how many at most.
        flow: exactly.
        sku: exactly.
        source: such as ``wro 90311``.
        target: such as ``itemReceipt 5002``, or its number alone.
        external_id: exactly.
        since: posted then or later.
        until: posted before then.
    """
    filters = {
        "flow = %(flow)s": flow,
        "sku = %(sku)s": sku,
        "source = %(source)s": source,
        "posting_id in (select id from posting where external_id = %(external_id)s"
        " and connection = any (%(names)s) and system = any (%(systems)s))": external_id,
        "posting_id in (select id from posting where remote_id = %(remote_id)s"
        " and connection = any (%(names)s)) and target like %(target)s": target,
        "posted_at >= %(since)s": since,
        "posted_at < %(until)s": until,
    }
    wanted = [text for text, value in filters.items() if value is not None]
    return await rows(
        connection,
        "select * from journal where connection = any (%(names)s)"  # noqa: S608 - our own texts
        f"{''.join(f' and {text}' for text in wanted)} order by id desc limit %(limit)s",
        {
            "names": list(names),
            "systems": ["netsuite", "shipbob"],
            "flow": flow,
            "sku": sku,
            "source": source,
            "external_id": external_id,
            "remote_id": target.rpartition(" ")[2] if target else None,
            "target": target if target and " " in target else f"% {target}",
            "since": since,
            "until": until,
            "limit": limit,
        },
    )


def _readable(body: bytes) -> dict[str, str]:
    """Return a raw body as text, or in base64 where it is none."""
    try:
        return {"body": body.decode("utf-8"), "body_encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode("ascii"), "body_encoding": "base64"}


_BY_EXTERNAL_ID: Final = (
    "select id from posting where connection = any (%(names)s) and system = any (%(systems)s)"
    " and external_id = %(wanted)s order by id desc limit %(most)s"
)
_BY_TARGET: Final = (
    "select id from posting where connection = any (%(names)s) and remote_id = %(number)s"
    " and lower(kind) = lower(%(kind)s) order by id desc limit %(most)s"
)
_BY_REMOTE_ID: Final = (
    "select id from posting where connection = any (%(names)s) and remote_id = %(wanted)s"
    " order by id desc limit %(most)s"
)
_BY_NUMBER: Final = (
    "select posting_id as id from journal where connection = any (%(names)s)"
    " and number = %(wanted)s::bigint order by posting_id desc limit %(most)s"
)
# One step in the index for each flow that a connection has, however many subjects there are.
_BY_SOURCE: Final = (
    "with recursive f as (select n.name, (select min(flow) from subject as s"
    "  where s.connection = n.name) as flow from unnest(%(names)s::text[]) as n(name)"
    " union all select f.name, (select min(flow) from subject as s where s.connection = f.name"
    "  and s.flow > f.flow) from f where f.flow is not null)"
    " select distinct j.posting_id as id from f join journal as j on j.connection = f.name"
    " and j.flow = f.flow and j.source = %(wanted)s order by 1 desc limit %(most)s"
)
