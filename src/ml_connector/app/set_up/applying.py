"""Applying a draft: it becomes a connection, in dry run, as ``connection apply`` makes one."""

from typing import Any

from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.connections.checks import as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.errors import UserError


async def apply(installation: Installation, name: str, *, person: str) -> dict[str, Any]:
    """Apply a draft; it is discarded when it is saved as a connection.

    Returns:
        ``saved``, and ``checks`` as ``ping`` shows them.

    Raises:
        UserError: there is no such draft, it lacks something, or a value can't be used.
        NeedsHuman: its secrets can't be opened.
    """
    async with installation.database.transaction() as on:
        draft = await drafts.found(on, name)
        secrets = await installation.drafts.all(name, on=on)
    lacks = drafts.missing(draft, set(secrets))
    if lacks:
        raise UserError(
            f"Something is missing: {', '.join(lacks)}",
            where=name,
            next_step="Fill it in, and apply again.",
        )
    settings = drafts.settings(draft, secrets).model_copy(update={"mode": "dry-run"})
    applied = await apply_connection(installation, settings, person=person, ping_first=True)
    if applied.saved:
        async with installation.database.transaction() as on:
            await drafts.discard(on, name, person=person)
    return {"saved": applied.saved, "checks": as_rows(applied.checks)}
