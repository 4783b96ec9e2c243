"""Installations as a restore leaves them, with a grant that could be renewed."""

import asyncio
from datetime import UTC, datetime

import psycopg

from acceptance.merchant import Merchant
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.connections.release import release_connection
from ml_connector.app.installation.installation import open_installation
from ml_connector.config import connection as connection_file
from ml_connector.ledger.connections import connections, holds

MADE_AT = datetime(2026, 11, 20, 3, tzinfo=UTC)


def hold(acme: Merchant, *, made_at: datetime | None = MADE_AT) -> None:
    """Leave the installation as a restore does."""
    assert acme.database_url is not None
    with psycopg.connect(acme.database_url) as connection:
        holds.hold_all(connection, backup_made_at=made_at)


def release(acme: Merchant) -> None:
    """Let the connection go on, as the command does."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            async with installation.database.transaction() as on:
                applied = await connections.find(on, "acme")
            assert applied is not None
            await release_connection(installation, applied, by="test")

    asyncio.run(once())


def calls(acme: Merchant) -> int:
    """How many calls both systems have had."""
    return len(acme.world.netsuite.calls) + len(acme.world.shipbob.calls)


def grants(acme: Merchant) -> set[str]:
    """The refresh tokens that ShipBob takes."""
    return set(acme.world.shipbob.books.access.grants)


async def by_consent(acme: Merchant) -> None:
    """Let the connection sign in to ShipBob by a rotating grant, which is due for renewal."""
    world = acme.world
    path = acme.connection_file()
    granted = (
        f'client_id = "{world.application.client_id}"\n'
        f'client_secret = "{world.application.client_secret}"\n'
        f'refresh_token = "{world.shipbob.consent(world.application.client_id)}"\n'
    )
    text = path.read_text("utf-8").replace(f'token = "{world.token}"\n', granted)
    path.write_text(text, "utf-8")
    settings = connection_file.read(path)
    async with open_installation(acme.settings) as installation:
        done = await apply_connection(installation, settings, person="test", ping_first=True)
    assert done.saved, done
    acme.rows(
        "with old as (delete from secret where field = 'shipbob.token' returning 1)"
        " update token set expires_at = now(), obtained_at = now() - interval '3 days'"
        " returning system"
    )
