"""``ping``: everything about a connection that can be checked without changing anything.

It reads, and it may renew a token. What is missing or forbidden comes with its remedy; what
the connection can do without is marked as not needed.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from ml_connector.app.connections.apply import webhook_url
from ml_connector.app.connections.checks import Check
from ml_connector.app.installation.clients import (
    netsuite_client,
    shipbob_billing_client,
    shipbob_client,
)
from ml_connector.app.installation.installation import Installation
from ml_connector.app.ping.netsuite import PingNetSuite
from ml_connector.app.ping.running import SECONDS, Tell, tell_nobody
from ml_connector.app.ping.shipbob import PingShipBob
from ml_connector.app.sign_in.certificate_expiry import certificate_check
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.connections import certificates, connections
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.sign_in.oauth import SignIn
from ml_connector.transport.http.holds import Reach


async def ping_connection(
    installation: Installation,
    name: str,
    *,
    deep: bool = False,
    within_seconds: float = SECONDS,
    tell: Tell = tell_nobody,
) -> list[Check]:
    """Check a stored connection, both systems side by side, within two minutes.

    A held connection is read as well; ShipBob's grant is not renewed for it.

    Args:
        installation: where.
        name: of the connection.
        deep: compare every product too, and try the last orders.
        within_seconds: a check without an answer by then fails.
        tell: of each check when it ends.

    Raises:
        UserError: there is no such connection.
        NeedsHuman: its secrets can't be opened.
    """
    async with installation.database.transaction() as on:
        applied = await connections.find(on, name)
        if applied is None:
            raise UserError(
                f'There is no connection "{name}"', next_step="See ml-connector connection list."
            )
        secrets = await installation.vault.all(name, on=on)
        kept = await certificates.current(on, name)
    settings = applied.settings(secrets)
    installation = installation.reaching(Reach.READS)
    # A person may just have repaired it, so credentials that were refused before are tried again.
    await installation.tokens.clear_problem(name, "netsuite")
    until = asyncio.get_running_loop().time() + within_seconds
    open_netsuite = partial(netsuite_client, installation, settings, installation.tokens)
    worked_before = any(
        clock.obtained_at is not None
        for clock in await installation.tokens.clocks()
        if (clock.connection, clock.system) == (name, "netsuite")
    )
    netsuite = PingNetSuite(
        open_netsuite, settings, worked_before=worked_before, until=until, tell=tell
    )
    shipbob = PingShipBob(
        partial(shipbob_client, installation, settings, installation.tokens),
        partial(shipbob_billing_client, installation, settings, installation.tokens),
        netsuite=_or_none(open_netsuite),
        settings=settings,
        webhook_url=webhook_url(installation.settings, name)
        if installation.settings.public_url
        else None,
        deep=deep,
        until=until,
        tell=tell,
    )
    ends = certificate_check(
        kept.valid_until if kept else None, account_id=settings.netsuite.account_id
    )
    tell(ends)
    both: Sequence[list[Check]] = await asyncio.gather(netsuite.checks(), shipbob.checks())
    return [*both[0], ends, *both[1]]


def _or_none(opened: Callable[[], tuple[NetSuite, SignIn]]) -> NetSuite | None:
    try:
        return opened()[0]
    except (ConnectorError, UserError):
        return None
