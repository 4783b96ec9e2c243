"""Reversals: a counter-document takes back what a posting made.

The subject of a reversal belongs to no flow that could converge it: only a person does. Its
key is the id of the posting that is taken back.
"""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import Document
from ml_connector.ledger.postings.postings import Posting
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Cause

FLOW: Final = "undo"
"""The flow of such subjects."""


async def original(connection: Connection, posting_id: int) -> dict[str, Any]:
    """Return a posting with its flow, what it takes back, and what has taken it back.

    ``undoes`` is the id of what it takes back; ``undone_by`` the external id of a
    counter-document that exists; both None where there is none.
    """
    row = await one(
        connection,
        "select p.id, p.connection, p.state, p.system, p.kind, p.remote_id, p.document, p.undoes,"
        " s.flow, (select c.external_id from posting as c where c.undoes = p.id"
        "  and c.state in ('done', 'adopted') limit 1) as undone_by"
        " from posting as p join subject as s on s.id = p.subject_id where p.id = %(id)s",
        {"id": posting_id},
    )
    assert row is not None  # noqa: S101 - postings that were found are never deleted
    return row


class Original(NamedTuple):
    """A document that exists and may be taken back.

    Attributes:
        id: of its posting.
        flow: that posted it.
        remote_id: its internal id.
    """

    id: int
    flow: str
    document: Document
    remote_id: str


async def posted_as(
    connection: Connection, connection_name: str, external_id: str
) -> Original | None:
    """Return the document in NetSuite that was posted under an external id; None: none was."""
    row = await one(
        connection,
        "select p.id, s.flow, p.document, p.remote_id from posting as p"
        " join subject as s on s.id = p.subject_id"
        " where p.connection = %(name)s and p.system = 'netsuite'"
        " and p.external_id = %(external_id)s and p.state in ('done', 'adopted')",
        {"name": connection_name, "external_id": external_id},
    )
    if row is None:
        return None
    return Original(
        row["id"], row["flow"], msgspec.convert(row["document"], Document), row["remote_id"]
    )


async def claim(
    connection: Connection, connection_name: str, posting_id: int, *, sentence: str, remedy: str
) -> Claimed:
    """Take the subject of a reversal for a run, making it when it is new.

    It is stopped all the while, so that a process that dies leaves it to a person.

    Args:
        connection: inside a transaction.
        connection_name: whose posting.
        posting_id: what is taken back.
        sentence: that it has not ended, for a person.
        remedy: how it is gone on with.
    """
    ref = SubjectRef(connection_name, FLOW, str(posting_id))
    row = await one(
        connection,
        "insert into subject as s (connection, flow, key, state, epoch, cause, sentence, remedy)"
        " values (%(connection)s, %(flow)s, %(key)s, 'dead', 1, %(cause)s, %(sentence)s,"
        " %(remedy)s) on conflict (connection, flow, key) do update set epoch = s.epoch + 1,"
        " state = 'dead', cause = excluded.cause, sentence = excluded.sentence,"
        " remedy = excluded.remedy, changed_at = now() returning id, epoch",
        {
            "connection": ref.connection,
            "flow": ref.flow,
            "key": ref.key,
            "cause": Cause.OUTCOME_UNKNOWN,
            "sentence": sentence,
            "remedy": remedy,
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return Claimed(
        id=row["id"],
        ref=ref,
        epoch=row["epoch"],
        mark=0,
        attempt=0,
        since=datetime.now(UTC),
    )


async def set_original(connection: Connection, counter: Posting, posting_id: int) -> None:
    """Note which posting a counter-document takes back."""
    await rows(
        connection,
        "update posting set undoes = %(original)s where id = %(id)s",
        {"id": counter.id, "original": posting_id},
    )


async def stopped(connection: Connection, subject: Claimed, sentence: str) -> None:
    """Say why the reversal has not ended."""
    await rows(
        connection,
        "update subject set sentence = %(sentence)s where id = %(id)s and epoch = %(epoch)s",
        {"id": subject.id, "epoch": subject.epoch, "sentence": sentence},
    )


async def done(connection: Connection, subject: Claimed) -> None:
    """Note that the counter-document exists."""
    await rows(
        connection,
        "update subject set state = 'done', cause = null, sentence = null, remedy = null,"
        " changed_at = now() where id = %(id)s and epoch = %(epoch)s",
        {"id": subject.id, "epoch": subject.epoch},
    )
