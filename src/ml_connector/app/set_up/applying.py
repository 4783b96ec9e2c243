"""Applying a draft: it becomes a connection, in dry run, as ``connection apply`` makes one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.connections.checks import as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.draft_tokens import (
    PAIR,
    GivenConsent,
    channel_name,
    given_consent,
    pair_of,
)
from ml_connector.app.set_up.opening import open_draft
from ml_connector.app.sign_in.consent_channel import written_channel
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts, consents
from ml_connector.ledger.connections.drafts import Draft
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection


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
    given = given_consent(secrets)
    applied = await apply_connection(
        installation,
        settings,
        person=person,
        ping_first=True,
        tokens=pair_of(installation, name) if PAIR in secrets else None,
        noting=partial(_note_consent, name=name, given=given),
    )
    if applied.saved:
        async with installation.database.transaction() as on:
            await drafts.discard(on, name, person=person)
    if applied.saved and given is not None:
        await written_channel(installation, name, channel_name=channel_name(name))
    return {"saved": applied.saved, "checks": as_rows(applied.checks)}


async def _note_consent(on: Connection, *, name: str, given: GivenConsent | None) -> None:
    """Note the consent that was given for a draft as that of its connection.

    From then on it is told when that consent ends, as of one that was given by a link.
    """
    if given is None:
        return
    await consents.note_grant(
        on,
        name,
        person=given.person,
        scopes=given.scopes,
        account=given.account,
        now=given.given_at,
    )
    details = {"scopes": given.scopes}
    await acts.record(on, given.person, "consent.given", connection=name, details=details)


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
