"""``sync credentials``: renew tokens now, look at certificates, go on with rotations."""

from collections.abc import Awaitable, Callable

from ml_connector.app.alarms.sentences import credentials_refused
from ml_connector.app.connections.checks import Check, outcome_of
from ml_connector.app.installation.clients import netsuite_client, shipbob_client
from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.certificate_expiry import (
    CertificateClock,
    CertificateLook,
    certificate_check,
)
from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.errors import ConnectorError
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.words import AlarmKind, Cause, System


async def sync_credentials(installation: Installation, applied: AppliedConnection) -> list[Check]:
    """Renew both systems' tokens now and look at the certificate.

    A personal access token can't be renewed; a call shows whether it works.
    """
    async with installation.database.transaction() as on:
        secrets = await installation.vault.all(applied.name, on=on)
        known = await connections.find(on, applied.name)
    settings = (known or applied).settings(secrets)
    # A person may have repaired what NetSuite refused before, so it is tried again.
    await installation.tokens.clear_problem(applied.name, "netsuite")
    netsuite = await _tell(
        installation, settings, "netsuite", lambda: _renew_netsuite(installation, settings)
    )
    found = [netsuite]
    if netsuite.outcome == "ok":
        found += _certificate(settings, await CertificateClock(installation).look(applied))
    found.append(
        await _tell(
            installation, settings, "shipbob", lambda: _renew_shipbob(installation, settings)
        )
    )
    return found


async def _renew_netsuite(installation: Installation, settings: ConnectionSettings) -> str:
    _, auth = netsuite_client(installation, settings, installation.tokens)
    token = await auth.renewed(await auth.token())
    return f"renewed, good until {token.expires_at:%H:%M} UTC"


async def _renew_shipbob(installation: Installation, settings: ConnectionSettings) -> str:
    client, access = shipbob_client(installation, settings, installation.tokens)
    bearer = await access.bearer()
    if bearer.token is None:
        await client.listed_channels()
        return "a personal access token, which does not expire; ShipBob takes it"
    token = (await access.renewed(bearer)).token
    return f"renewed, good until {token.expires_at:%H:%M} UTC" if token else "renewed"


async def _tell(
    installation: Installation,
    settings: ConnectionSettings,
    system: System,
    renew: Callable[[], Awaitable[str]],
) -> Check:
    """Renew a token; raise or end the alarm about it."""
    try:
        found = await renew()
    except ConnectorError as error:
        if error.cause is Cause.CREDENTIALS_INVALID:
            sentence, remedy = credentials_refused(error)
            async with installation.database.transaction() as on:
                await raise_alarm(
                    on,
                    settings.name,
                    AlarmKind.CREDENTIALS,
                    system,
                    sentence=sentence,
                    remedy=remedy,
                )
        return Check(
            system=system,
            name="token",
            outcome=outcome_of(error),
            found=str(error),
            remedy=error.remedy,
        )
    async with installation.database.transaction() as on:
        await end_alarms(on, settings.name, AlarmKind.CREDENTIALS, [system])
        await wake(
            on,
            installation.lanes,
            settings.name,
            {AwaitedKind.CREDENTIALS.named(system)},
            because="credentials work again",
        )
    return Check(system=system, name="token", outcome="ok", found=found)


def _certificate(settings: ConnectionSettings, looked: CertificateLook) -> list[Check]:
    found = [certificate_check(looked.valid_until, account_id=settings.netsuite.account_id)]
    if looked.failure is not None:
        found.append(
            Check(
                system="netsuite",
                name="certificate rotation",
                outcome=outcome_of(looked.failure),
                found=str(looked.failure),
                remedy=looked.failure.remedy,
                needed=False,
            )
        )
    if looked.rotated is not None:
        found.append(
            Check(
                system="netsuite",
                name="certificate rotation",
                outcome="ok",
                found=f"rotated to {looked.rotated.new}",
            )
        )
    found += [
        Check(system="netsuite", name="old certificate", outcome="ok", found=f"revoked {one}")
        for one in looked.revoked
    ]
    found += [
        Check(
            system="netsuite",
            name="old certificate",
            outcome="ok",
            found=f"{one} will be revoked after {when:%Y-%m-%d %H:%M} UTC",
        )
        for one, when in looked.to_revoke
    ]
    return found
