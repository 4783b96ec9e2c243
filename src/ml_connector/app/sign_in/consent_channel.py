"""Which channel a consent lets us write to."""

from collections.abc import Sequence

from ml_connector.app.connections.one_writer import clashes, new_clashes, one_at_a_time
from ml_connector.app.installation.clients import shipbob_client
from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.consent_application import settings_of
from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import acts, connections, consents
from ml_connector.transport.http.holds import Reach


async def written_channel(
    installation: Installation, name: str, *, channel_name: str
) -> tuple[str, bool]:
    """Find the channel that a consent lets us write to; say which, and whether that is clear.

    Args:
        installation: where.
        name: of the connection.
        channel_name: what ShipBob was asked to call the channel.
    """
    try:
        settings = await settings_of(installation, name)
        reading = installation.reaching(Reach.READS)
        client, _ = shipbob_client(reading, settings, installation.tokens)
        known = await client.channels()
        named = [one for one in known if one.writable and one.name == channel_name]
        if len(named) == 1:
            async with installation.database.transaction() as on:
                await consents.set_channel(on, name, named[0].id)
        number = await client.channel_id()
        second = await _second_writer(installation, name, [one.id for one in known])
    except ConnectorError as error:
        return f"{error}. {error.remedy}", False
    if second:
        return second, False
    one = next((one for one in known if one.id == number), None)
    if one is None or not one.writable or (len(named) == 1 and one.id != named[0].id):
        return (
            (
                f"channel_id in [shipbob] is {number}, which this consent can't write to. Take"
                " it out of the connection's file, or set it to the channel of this"
                " application, and apply the file."
            ),
            False,
        )
    return f"{one.name or 'unnamed'} ({number})", True


async def _second_writer(installation: Installation, name: str, channels: Sequence[int]) -> str:
    """Keep a connection from writing where another one does; return why, empty when it may.

    The consent is kept: only who gave it can say what it is for.
    """
    async with installation.database.transaction() as on:
        await one_at_a_time(on)
        before = await clashes(on, name)
        await connections.set_channels(on, name, channels)
        found = [one for one in await new_clashes(on, name, known=before) if one.what == "account"]
        if not found:
            return ""
        await connections.set_mode(on, name, "dry-run")
        await acts.record(
            on,
            "consent",
            "connection.set-mode",
            connection=name,
            details={"before": {"mode": "live"}, "after": {"mode": "dry-run"}},
        )
    return (
        f"{'; '.join(one.sentence for one in found)}. It is in dry-run now: leave only one of them"
        " live"
    )
