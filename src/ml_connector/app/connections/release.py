"""Releasing a connection that a restore has left held."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from ml_connector.app.connections.one_writer import (
    clashes,
    keep_channels,
    learn,
    one_at_a_time,
    refuse,
    refuse_second,
)
from ml_connector.app.connections.take_in import TakenDocuments, take_in
from ml_connector.app.installation.contexts import connection_context
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import acts, connections, holds
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import account_key
from ml_connector.transport.http.holds import Reach


@dataclass(frozen=True, kw_only=True)
class Released:
    """What a release came to.

    Attributes:
        changed: whether the hold was ended.
        found: what NetSuite shows and the books lacked.
    """

    changed: bool
    found: TakenDocuments


async def release_connection(
    installation: Installation, applied: AppliedConnection, *, by: str, dry_run: bool = False
) -> Released:
    """Take in what was posted since the backup, then end the hold: the connection goes on.

    It may be done again after it was interrupted: the hold ends last.

    Args:
        installation: where.
        applied: the connection.
        by: the person who says that no other installation works on its accounts.
        dry_run: only tell what would be taken in; ShipBob's grant is not renewed for it.

    Raises:
        ConnectorError: a system can't be read; the connection stays held.
        UserError: another connection of the same accounts is live.
    """
    if applied.held_at is None:
        return Released(changed=False, found=TakenDocuments())
    reach = Reach.READS if dry_run else Reach.READS_AND_SIGN_IN
    async with installation.database.transaction() as on:
        secrets = await installation.vault.all(applied.name, on=on)
        accounts = await connections.accounts(on)
    own = account_key(applied.netsuite_account)
    context = connection_context(installation.reaching(reach), applied.settings(secrets))
    if not dry_run and applied.mode == "live" and not applied.paused:
        await _refuse_second(installation, applied, context)
    found = await take_in(
        installation,
        context,
        since=applied.backup_made_at,
        siblings=[name for name, account in accounts.items() if account_key(account) == own],
        keep=not dry_run,
    )
    if dry_run:
        return Released(changed=False, found=found)
    return Released(changed=await _end(installation, applied, found, by=by), found=found)


async def _refuse_second(
    installation: Installation, applied: AppliedConnection, context: ConnectionContext
) -> None:
    """Refuse before anything is taken in, where its accounts are another connection's."""
    await learn(installation)
    if not applied.channels:
        with contextlib.suppress(ConnectorError):
            await keep_channels(installation, applied.name, context.shipbob)
    async with installation.database.transaction() as on:
        found = await clashes(on, applied.name, if_live=True)
    refuse(found, applied.name)


async def _end(
    installation: Installation, applied: AppliedConnection, found: TakenDocuments, *, by: str
) -> bool:
    async with installation.database.transaction() as on:
        await one_at_a_time(on)
        if not await holds.end(on, applied.name):
            return False
        await refuse_second(on, applied.name)
        await acts.record(
            on,
            by,
            acts.RELEASE,
            connection=applied.name,
            details={
                "before": {
                    "held_at": _text(applied.held_at),
                    "backup_made_at": _text(applied.backup_made_at),
                },
                "after": {"held_at": None},
                "taken_in": [one.record.external_id for one in found.taken],
                "left": [one.external_id for one in found.left],
            },
        )
    return True


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
