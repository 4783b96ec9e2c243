"""How long things are kept: partitions made ahead, raw bodies exported and deleted."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ml_connector import private_files
from ml_connector.app.installation.installation import Installation
from ml_connector.errors import UserError
from ml_connector.ledger import months
from ml_connector.ledger.connections import acts
from ml_connector.ledger.inbox import bodies
from ml_connector.storage.database import Database

_log = structlog.get_logger("keeping")


async def make_months(installation: Installation) -> None:
    """Make the partitions of the coming months."""
    async with installation.database.transaction() as connection:
        made = await months.make(connection, datetime.now(UTC).date())
    if made:
        _log.info("months_made", partitions=made)


async def export_bodies(
    database: Database, names: Sequence[str], *, before: datetime, out: Path
) -> int:
    """Write headers and raw bodies of older events as JSON lines; return how many.

    Args:
        database: the books.
        names: of connections.
        before: events received before then.
        out: a new file; readable by its owner only.

    Raises:
        UserError: the file is there already, or can't be written.
    """
    count = 0
    try:
        with private_files.new(out) as file:
            async for row in bodies.older(database, names, before):
                file.write(msgspec.json.encode(_readable(row)) + b"\n")
                count += 1
    except OSError as error:
        raise UserError(
            f"The file can't be written: {error.strerror}",
            where=str(out),
            next_step="Choose a new file with --out.",
        ) from error
    return count


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    body = bytes(row.pop("body"))
    try:
        return {**row, "body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**row, "body_base64": base64.b64encode(body).decode("ascii")}


async def delete_bodies(
    installation: Installation, names: Sequence[str], *, before: datetime, person: str
) -> tuple[int, int]:
    """Delete headers and raw bodies of older events, for good.

    The events stay, with their subjects, and so do runs and journal. An event that is still
    open keeps its body.

    Returns:
        how many bodies were deleted, and how many stay because their events are open.
    """
    async with installation.database.transaction() as connection:
        deleted, kept = await bodies.delete_older(connection, names, before)
        await acts.record(
            connection,
            person,
            "events.bodies-delete",
            connection=names[0] if len(names) == 1 else None,
            details={
                "received_before": before.isoformat(),
                "connections": list(names),
                "deleted": deleted,
            },
        )
    return deleted, kept
