"""Wake-ups: stopped subjects run again when what they wait for has appeared."""

import uuid
from collections.abc import Collection

from ml_connector.awaited import Awaited
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox import waits
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection
from ml_connector.words import Source


async def wake(
    connection: Connection,
    lanes: Lanes,
    connection_name: str,
    things: Collection[Awaited],
    *,
    because: str,
) -> list[SubjectRef]:
    """Wake the subjects that wait for one of these things, such as ``sku:NEW-7731-XL``.

    Args:
        connection: inside a transaction.
        lanes: where their jobs go.
        connection_name: whose subjects.
        things: what has appeared.
        because: one line for a person, kept with the event.
    """
    refs = await waits.waiting_for(connection, connection_name, things)
    await run_again(connection, lanes, refs, source="wake", topic=because)
    return refs


async def run_again(
    connection: Connection,
    lanes: Lanes,
    refs: Collection[SubjectRef],
    *,
    source: Source,
    topic: str,
    body: bytes = b"",
) -> None:
    """Mark subjects dirty through the inbox, like everything else that happens."""
    await take_in(
        connection,
        lanes,
        [
            Arrival(
                connection=ref.connection,
                source=source,
                delivery_id=f"{source}:{uuid.uuid4()}",
                topic=topic,
                subject=ref,
                body=body,
            )
            for ref in refs
        ],
    )
