"""Postings: every write that should exist exactly once, and how far it came.

``prepared``: not on its way; nothing of it can exist. ``sending``: the call was begun and
its outcome is not known. ``done`` and ``adopted``: it exists, made by this call or by an
earlier one. ``alarm``: a record with our external id exists that is not what was meant.
``noted``: a dry run only wrote it down.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg.rows import DictRow
from psycopg.types.json import Json

from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.storage.database import Connection, one, recordset, rows

PostingState = Literal["prepared", "sending", "done", "adopted", "alarm", "noted"]


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A posting row.

    Attributes:
        call_ends_by: by then a call that was begun must have ended at the other side too.
        attempts: calls that were begun for it, this one included where it is *sending*.
        flow: whose journal rows it makes, where that is not the flow of its subject: a
            counter-document's are those of the flow that posted what it takes back.
        generation: of the database that it was read from: what comes of it is recorded in no
            other (``ledger.generation``).
    """

    id: int
    run_id: int
    state: PostingState
    document: Document
    document_hash: str
    remote_id: str | None
    call_ends_by: datetime | None
    over: bool
    generation: int
    attempts: int = 0
    flow: str | None = None

    @property
    def was_tried(self) -> bool:
        """Whether a call was begun for it before the one that begins now."""
        return self.attempts > (1 if self.state == "sending" else 0)


_COLUMNS: Final = (
    "id, run_id, state, document, document_hash, remote_id, over_at, attempts,"
    " coalesce(over_at < now(), true) as over, (select number from generation) as generation"
)

# Whether a counter-document had taken a posting back before a run, and which other documents of
# the subject were posted after that; at all for none.
_UNDONE: Final = (
    "exists (select 1 from posting as c where c.undoes = posting.id"
    " and c.state in ('done', 'adopted')"
    " and (%(run)s::bigint is null or c.run_id < %(run)s)) as undone,"
    " array(select n.external_id from posting as c join posting as n on n.id > c.id"
    " where c.undoes = posting.id and c.state in ('done', 'adopted')"
    " and n.subject_id = posting.subject_id and n.state in ('done', 'adopted')"
    " and (%(run)s::bigint is null or n.run_id < %(run)s) order by n.id) as posted_after"
)

_PREPARE: Final = f"""
insert into posting as p (connection, subject_id, run_id, system, kind, external_id, state,
                          document, document_hash, attempts, sending_at, send_by, over_at)
select connection, subject, run, system, kind, external_id, state, document, hash,
    case when state = 'sending' then 1 else 0 end,
    case when state = 'sending' then now() end,
    now() + make_interval(secs => send_within), now() + make_interval(secs => over_within)
from json_to_recordset(%(documents)s) as w (
    connection text, subject bigint, run bigint, system text, kind text, external_id text,
    state text, document json, hash text, send_within float, over_within float)
on conflict (connection, system, external_id) do update set
    run_id = excluded.run_id, state = excluded.state, kind = excluded.kind,
    document = excluded.document, document_hash = excluded.document_hash,
    attempts = p.attempts + excluded.attempts,
    sending_at = coalesce(excluded.sending_at, p.sending_at),
    send_by = coalesce(excluded.send_by, p.send_by),
    over_at = coalesce(excluded.over_at, p.over_at)
where p.state in ('prepared', 'noted') and p.subject_id = excluded.subject_id
returning connection, subject_id, external_id, {_COLUMNS}
"""  # noqa: S608 - our own constant


class Sending(NamedTuple):
    """How long a call may take that begins now.

    Attributes:
        within: seconds within which it begins, or never does.
        over_within: seconds after which it must have ended at both sides.
    """

    within: float
    over_within: float


class NewPosting(NamedTuple):
    """A document that is to be written down as a posting.

    Attributes:
        state: ``sending``: its call begins as soon as this is committed.
        sending: how long that call may take.
    """

    subject: Claimed
    run_id: int
    document: Document
    state: Literal["prepared", "sending", "noted"]
    sending: Sending | None = None


async def prepare_all(
    connection: Connection, wanted: Sequence[NewPosting]
) -> list[Posting | None]:
    """Write down documents that are about to be posted.

    A row of an earlier run that nothing can have come of yet is written over.

    Returns:
        The postings in their order; None where the external id is taken by a posting under
        way, finished, or of another subject.
    """
    values = [
        {
            "connection": one.subject.ref.connection,
            "subject": one.subject.id,
            "run": one.run_id,
            "system": one.document.system,
            "kind": one.document.kind,
            "external_id": one.document.external_id,
            "state": one.state,
            "document": msgspec.Raw(one.document.encoded()),
            "hash": one.document.hash(),
            "send_within": one.sending.within if one.sending else None,
            "over_within": one.sending.over_within if one.sending else None,
        }
        for one in wanted
    ]
    found = {
        (row["connection"], row["subject_id"], row["external_id"]): row
        for row in await rows(connection, _PREPARE, {"documents": recordset(values)})
    }
    keys = [
        (one.subject.ref.connection, one.subject.id, one.document.external_id) for one in wanted
    ]
    return [_posting(found[key]) if key in found else None for key in keys]


async def prepare(
    connection: Connection,
    subject: Claimed,
    run_id: int,
    document: Document,
    *,
    state: Literal["prepared", "noted"],
) -> Posting | None:
    """Write down one document; see ``prepare_all``."""
    [posting] = await prepare_all(connection, [NewPosting(subject, run_id, document, state)])
    return posting


async def drop_unsent(
    connection: Connection, planned: Sequence[tuple[Claimed, Sequence[Document]]]
) -> None:
    """Remove postings of subjects that nothing can have come of and no plan wants now.

    The decisions that wanted them stay with their runs.
    """
    wanted = [
        {"subject": subject.id, "external_id": document.external_id}
        for subject, documents in planned
        for document in documents
    ]
    await rows(
        connection,
        "delete from posting as p"
        " where p.subject_id = any (%(subjects)s) and p.state in ('prepared', 'noted')"
        " and not exists (select 1 from json_to_recordset(%(wanted)s)"
        "  as w (subject bigint, external_id text)"
        "  where (w.subject, w.external_id) = (p.subject_id, p.external_id))",
        {"subjects": [subject.id for subject, _ in planned], "wanted": recordset(wanted)},
    )


async def begin_all(
    connection: Connection, postings: Sequence[tuple[Posting, Sending]]
) -> set[int]:
    """Record that calls begin now; return the ids of those postings that were *prepared*.

    Args:
        connection: inside a transaction that holds the subjects' fences.
        postings: prepared ones, each with how long its call may take.
    """
    values = [
        {"id": posting.id, "send": sending.within, "over": sending.over_within}
        for posting, sending in postings
    ]
    found = await rows(
        connection,
        "update posting as p set state = 'sending', attempts = attempts + 1, sending_at = now(),"
        " send_by = now() + make_interval(secs => w.send),"
        " over_at = now() + make_interval(secs => w.over)"
        " from json_to_recordset(%(begun)s) as w (id bigint, send float, over float)"
        " where p.id = w.id and p.state = 'prepared' returning p.id",
        {"begun": recordset(values)},
    )
    return {row["id"] for row in found}


async def begin(
    connection: Connection, posting: Posting, *, send_within: float, over_within: float
) -> bool:
    """Record that one call begins now; see ``begin_all``."""
    return bool(await begin_all(connection, [(posting, Sending(send_within, over_within))]))


async def mark_unsent(connection: Connection, posting: Posting, answer: Any) -> None:
    """Record that nothing came of the call: the posting is *prepared* again."""
    await rows(
        connection,
        "update posting set state = 'prepared', answer = %(answer)s, over_at = null"
        " where id = %(id)s and state in ('sending', 'alarm')"
        " and %(generation)s = (select number from generation)",
        {"id": posting.id, "generation": posting.generation, "answer": Json(answer)},
    )


async def seconds_until_over(
    connection: Connection, posting: Posting, *, longest_seconds: float
) -> float:
    """Return how long a call that was begun may still be under way at the other side.

    No longer than the longest from now on: where the row says more, the clock was put right
    since, and the row is set to that.
    """
    row = await one(
        connection,
        "update posting set over_at = least(over_at, now() + make_interval(secs => %(longest)s))"
        " where id = %(id)s and over_at is not null"
        " returning extract(epoch from over_at - now())::float8 as left",
        {"id": posting.id, "longest": longest_seconds},
    )
    return float(row["left"]) if row else longest_seconds


async def take_back(connection: Connection, run_id: int, external_ids: Sequence[str]) -> None:
    """Record that the calls for these documents were never sent, if this run began them."""
    await rows(
        connection,
        "update posting set state = 'prepared', over_at = null"
        " where run_id = %(run)s and external_id = any (%(ids)s) and state = 'sending'",
        {"run": run_id, "ids": list(external_ids)},
    )


class Settled(NamedTuple):
    """A posting whose document exists.

    Attributes:
        remote_id: its internal id.
        answer: what the system said, redacted.
    """

    posting: Posting
    state: Literal["done", "adopted"]
    remote_id: str
    answer: Any


async def settled_all(connection: Connection, settled: Sequence[Settled]) -> dict[int, datetime]:
    """Record that documents exist.

    Returns:
        By posting id, when that was recorded; none where somebody else has recorded it before,
        or the database was restored since.
    """
    values = [
        {
            "id": one.posting.id,
            "generation": one.posting.generation,
            "state": one.state,
            "remote": one.remote_id,
            "answer": one.answer,
        }
        for one in settled
    ]
    found = await rows(
        connection,
        "update posting as p set state = w.state, remote_id = w.remote, answer = w.answer,"
        " settled_at = now() from json_to_recordset(%(settled)s)"
        " as w (id bigint, generation bigint, state text, remote text, answer json)"
        " where p.id = w.id and p.state in ('prepared', 'sending', 'alarm')"
        " and w.generation = (select number from generation)"
        " returning p.id, p.settled_at",
        {"settled": recordset(values)},
    )
    return {row["id"]: row["settled_at"] for row in found}


async def settled(
    connection: Connection,
    posting: Posting,
    *,
    state: Literal["done", "adopted"],
    remote_id: str,
    answer: Any,
) -> datetime | None:
    """Record that one document exists; see ``settled_all``."""
    recorded = await settled_all(connection, [Settled(posting, state, remote_id, answer)])
    return recorded.get(posting.id)


async def mark_differing(connection: Connection, posting: Posting, answer: Any) -> None:
    """Record that the record with our external id is not what was meant; it raises no alarm."""
    await rows(
        connection,
        "update posting set state = 'alarm', answer = %(answer)s where id = %(id)s"
        " and %(generation)s = (select number from generation)",
        {"id": posting.id, "generation": posting.generation, "answer": Json(answer)},
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


class Found(NamedTuple):
    """What a subject's earlier runs have left.

    Attributes:
        left_behind: postings whose outcome is not known or not right, oldest first.
        posted: documents that exist, oldest first.
    """

    left_behind: tuple[Posting, ...] = ()
    posted: tuple[Posted, ...] = ()


async def of_subjects(connection: Connection, subject_ids: Collection[int]) -> dict[int, Found]:
    """Return what earlier runs of these subjects have left; none for one without a posting."""
    found = await rows(
        connection,
        f"select subject_id, {_COLUMNS}, {_UNDONE} from posting"  # noqa: S608 - our own constants
        " where subject_id = any (%(subjects)s)"
        " and state in ('sending', 'alarm', 'done', 'adopted') order by id",
        {"subjects": list(subject_ids), "run": None},
    )
    by_subject: dict[int, list[Posting]] = defaultdict(list)
    by_id = {row["id"]: row for row in found}
    for row in found:
        by_subject[row["subject_id"]].append(_posting(row))
    return {
        subject_id: Found(
            tuple(one for one in left if one.state in {"sending", "alarm"}),
            tuple(_posted(one, by_id[one.id]) for one in left if one.state in {"done", "adopted"}),
        )
        for subject_id, left in by_subject.items()
    }


async def posted(connection: Connection, subject_id: int) -> tuple[Posted, ...]:
    """Return the subject's documents that exist, oldest first."""
    return await posted_before(connection, subject_id, None)


async def posted_before(
    connection: Connection, subject_id: int, run_id: int | None
) -> tuple[Posted, ...]:
    """Return the subject's documents that existed before a run; all for None."""
    found = await rows(
        connection,
        f"select {_COLUMNS}, {_UNDONE} from posting"  # noqa: S608 - our own constants
        " where subject_id = %(subject)s and state in ('done', 'adopted')"
        " and (%(run)s::bigint is null or run_id < %(run)s) order by id",
        {"subject": subject_id, "run": run_id},
    )
    return tuple(_posted(_posting(row), row) for row in found)


def _posted(posting: Posting, row: DictRow) -> Posted:
    return Posted(
        system=posting.document.system,
        kind=posting.document.kind,
        external_id=posting.document.external_id,
        remote_id=posting.remote_id,
        lines=posting.document.lines,
        undone=row["undone"],
        superseded=bool(row["posted_after"]),
        posted_after=tuple(row["posted_after"]),
        made_from=posting.document.made_from,
    )


def _posting(row: DictRow) -> Posting:
    return Posting(
        id=row["id"],
        run_id=row["run_id"],
        state=row["state"],
        document=msgspec.convert(row["document"], Document),
        document_hash=row["document_hash"],
        remote_id=row["remote_id"],
        call_ends_by=row["over_at"],
        over=row["over"],
        attempts=row["attempts"],
        generation=row["generation"],
    )
