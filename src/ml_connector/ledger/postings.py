"""Postings: every write that should exist exactly once, and how far it came.

``prepared``: not on its way; nothing of it can exist. ``sending``: the call was begun and
its outcome is not known. ``done`` and ``adopted``: it exists, made by this call or by an
earlier one. ``alarm``: a record with our external id exists that is not what was meant.
``noted``: a dry run only wrote it down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from psycopg.rows import DictRow
from psycopg.types.json import Json

from ml_connector.ledger.documents import Document, Posted
from ml_connector.ledger.subjects import Claimed
from ml_connector.storage.database import Connection, one, rows

PostingState = Literal["prepared", "sending", "done", "adopted", "alarm", "noted"]


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A posting row.

    Attributes:
        over_at: by then a call that was begun must have ended at the other side too.
        flow: whose journal rows it makes, where that is not the flow of its subject: a
            counter-document's are those of the flow that posted what it takes back.
    """

    id: int
    run_id: int
    state: PostingState
    document: Document
    document_hash: str
    remote_id: str | None
    over_at: datetime | None
    over: bool
    flow: str | None = None


_COLUMNS: Final = (
    "id, run_id, state, document, document_hash, remote_id, over_at,"
    " coalesce(over_at < now(), true) as over"
)

_PREPARE: Final = f"""
insert into posting as p (connection, subject_id, run_id, system, kind, external_id, state,
                          document, document_hash)
values (%(connection)s, %(subject)s, %(run)s, %(system)s, %(kind)s, %(external_id)s, %(state)s,
        %(document)s, %(hash)s)
on conflict (connection, system, external_id) do update set
    run_id = excluded.run_id, state = excluded.state, kind = excluded.kind,
    document = excluded.document, document_hash = excluded.document_hash
where p.state in ('prepared', 'noted') and p.subject_id = excluded.subject_id
returning {_COLUMNS}
"""  # noqa: S608 - our own constant


async def prepare(
    connection: Connection,
    subject: Claimed,
    run_id: int,
    document: Document,
    *,
    state: Literal["prepared", "noted"],
) -> Posting | None:
    """Write down a document that is about to be posted.

    A row of an earlier run that nothing can have come of yet is written over.

    Returns:
        The posting, or None when this external id is taken by a posting under way,
        finished, or of another subject.
    """
    row = await one(
        connection,
        _PREPARE,
        {
            "connection": subject.ref.connection,
            "subject": subject.id,
            "run": run_id,
            "system": document.system,
            "kind": document.kind,
            "external_id": document.external_id,
            "state": state,
            "document": document.encoded().decode(),
            "hash": document.hash(),
        },
    )
    return _posting(row) if row else None


async def drop_unsent(
    connection: Connection, subject: Claimed, planned: Sequence[Document]
) -> None:
    """Remove the subject's postings that nothing can have come of and no plan wants now.

    What was decided at the time stays with its run.
    """
    await rows(
        connection,
        "delete from posting where subject_id = %(subject)s and state in ('prepared', 'noted')"
        " and external_id <> all (%(planned)s)",
        {"subject": subject.id, "planned": [document.external_id for document in planned]},
    )


async def begin(
    connection: Connection, posting: Posting, *, send_within: float, over_within: float
) -> bool:
    """Record that the call begins now. False when the posting is no longer *prepared*.

    Args:
        connection: inside a transaction that holds the subject's fence.
        posting: the prepared posting.
        send_within: seconds from now within which the call begins, or never does.
        over_within: seconds from now after which it must have ended at both sides.
    """
    row = await one(
        connection,
        "update posting set state = 'sending', attempts = attempts + 1, sending_at = now(),"
        " send_by = now() + make_interval(secs => %(send)s),"
        " over_at = now() + make_interval(secs => %(over)s)"
        " where id = %(id)s and state = 'prepared' returning id",
        {"id": posting.id, "send": send_within, "over": over_within},
    )
    return row is not None


async def take_back(connection: Connection, posting: Posting, answer: Any) -> None:
    """Record that nothing came of the call: the posting is *prepared* again."""
    await rows(
        connection,
        "update posting set state = 'prepared', answer = %(answer)s, over_at = null"
        " where id = %(id)s and state in ('sending', 'alarm')",
        {"id": posting.id, "answer": Json(answer)},
    )


async def settled(
    connection: Connection,
    posting: Posting,
    *,
    state: Literal["done", "adopted"],
    remote_id: str,
    answer: Any,
) -> datetime | None:
    """Record that the document exists; None when somebody else has recorded it already."""
    row = await one(
        connection,
        "update posting set state = %(state)s, remote_id = %(remote)s, answer = %(answer)s,"
        " settled_at = now()"
        " where id = %(id)s and state in ('prepared', 'sending', 'alarm')"
        " returning settled_at",
        {"id": posting.id, "state": state, "remote": remote_id, "answer": Json(answer)},
    )
    return row["settled_at"] if row else None


async def raise_alarm(connection: Connection, posting: Posting, answer: Any) -> None:
    """Record that the record with our external id is not what was meant."""
    await rows(
        connection,
        "update posting set state = 'alarm', answer = %(answer)s where id = %(id)s",
        {"id": posting.id, "answer": Json(answer)},
    )


async def unfinished(connection: Connection, subject: Claimed) -> list[Posting]:
    """Return the subject's postings whose outcome is not known or not right, oldest first."""
    found = await rows(
        connection,
        f"select {_COLUMNS} from posting"  # noqa: S608 - our own constant
        " where subject_id = %(subject)s and state in ('sending', 'alarm') order by id",
        {"subject": subject.id},
    )
    return [_posting(row) for row in found]


async def posted(connection: Connection, subject_id: int) -> tuple[Posted, ...]:
    """Return the subject's documents that exist, oldest first."""
    return await posted_before(connection, subject_id, None)


async def posted_before(
    connection: Connection, subject_id: int, run_id: int | None
) -> tuple[Posted, ...]:
    """Return the subject's documents that existed before a run; all for None."""
    found = await rows(
        connection,
        f"select {_COLUMNS} from posting"  # noqa: S608 - our own constant
        " where subject_id = %(subject)s and state in ('done', 'adopted')"
        " and (%(run)s::bigint is null or run_id < %(run)s) order by id",
        {"subject": subject_id, "run": run_id},
    )
    return tuple(
        Posted(
            system=posting.document.system,
            kind=posting.document.kind,
            external_id=posting.document.external_id,
            remote_id=posting.remote_id,
            lines=posting.document.lines,
        )
        for posting in map(_posting, found)
    )


def _posting(row: DictRow) -> Posting:
    return Posting(
        id=row["id"],
        run_id=row["run_id"],
        state=row["state"],
        document=msgspec.convert(row["document"], Document),
        document_hash=row["document_hash"],
        remote_id=row["remote_id"],
        over_at=row["over_at"],
        over=row["over"],
    )
