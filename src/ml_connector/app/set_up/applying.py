"""Applying a draft: it becomes a connection, in dry run, as ``connection apply`` makes one."""

from collections.abc import Mapping
from typing import Any

from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.connections.checks import as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.draft_tokens import PAIR, pair_of
from ml_connector.app.set_up.opening import open_draft
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.ledger.connections.drafts import Draft
from ml_connector.secret import Secret


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
    settings = await _settings(installation, draft, secrets)
    applied = await apply_connection(
        installation,
        settings,
        person=person,
        ping_first=True,
        tokens=pair_of(installation, name) if PAIR in secrets else None,
    )
    if applied.saved:
        async with installation.database.transaction() as on:
            await drafts.discard(on, name, person=person)
    return {"saved": applied.saved, "checks": as_rows(applied.checks)}


async def _settings(
    installation: Installation, draft: Draft, secrets: Mapping[str, Secret]
) -> ConnectionSettings:
    """Return a draft's settings, to begin in dry run.

    The refresh token of a consent goes with them unspent: where the pair would end soon, it is
    renewed before.
    """
    if PAIR in secrets:
        opened = await open_draft(installation, draft.name)
        await opened.shipbob_access().bearer()
        secrets = await installation.drafts.all(draft.name)
    return drafts.settings(draft, secrets).model_copy(update={"mode": "dry-run"})
