"""Documents of ours whose record is there and is not what was meant: nothing else is posted."""

from typing import Any

import msgspec

from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.storage.database import Connection, rows


async def differing(
    connection: Connection, subject_id: int, *, record: str | None
) -> tuple[Posted, ...]:
    """Return such documents of a subject as if they were taken in as they are.

    Args:
        connection: for reading.
        subject_id: of the subject.
        record: internal id of what is there.
    """
    found = await rows(
        connection,
        "select document from posting where subject_id = %(subject)s and state = 'alarm'"
        " order by id",
        {"subject": subject_id},
    )
    return tuple(_taken(row["document"], record) for row in found)


def _taken(stored: Any, record: str | None) -> Posted:
    document = msgspec.convert(stored, Document)
    return Posted(
        system=document.system,
        kind=document.kind,
        external_id=document.external_id,
        remote_id=record,
        lines=document.lines,
        made_from=document.made_from,
    )
