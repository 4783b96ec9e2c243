"""One writer: no ShipBob account is in two live connections, and no location is mapped twice.

Everything here counts on it: what one connection has posted, another does not know, so goods
would be announced and booked twice. One NetSuite account may serve several ShipBob accounts,
each with locations of its own.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog

from ml_connector.app.alarms.sentences import two_writers
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.clients import shipbob_client
from ml_connector.app.installation.installation import Installation
from ml_connector.errors import ConnectorError, NeedsHuman, UserError
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import account_key
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.sign_in.hosts import auth_url_of
from ml_connector.storage.database import Connection, rows
from ml_connector.words import AlarmKind

WATCH_EVERY_SECONDS: Final = 300.0

_REMEDY: Final = (
    "Leave one of them live: pause the other (ml-connector connection pause), set it to dry-run,"
    " or remove it. Several ShipBob accounts may share a NetSuite account, each with locations of"
    " its own."
)

_log = structlog.get_logger("accounts")


class Clash(NamedTuple):
    """Why two connections must not both be live.

    Attributes:
        other: the name of the other one.
        what: a stable word: ``account``, ``locations`` or ``unknown``.
        sentence: for a person.
    """

    other: str
    what: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Writer:
    """What a connection writes to.

    Attributes:
        account: of NetSuite, in one spelling.
        locations: NetSuite's internal ids.
        channels: all that ShipBob lists for the account; None or none: that is not known.
        environment: of ShipBob's, production or sandbox; None for a host of somebody else's.
    """

    name: str
    account: str
    locations: frozenset[str]
    channels: frozenset[int] | None
    environment: str | None

    @classmethod
    def of(cls, applied: AppliedConnection) -> "Writer":
        """Return what a stored connection writes to.

        Raises:
            NeedsHuman: what is stored of its settings can't be read.
        """
        quarantine = applied.section("policies").get("quarantine_location")
        mapped = [str(one) for one in applied.section("locations").values()]
        return cls(
            name=applied.name,
            account=account_key(applied.netsuite_account),
            locations=frozenset([*mapped, *([str(quarantine)] if quarantine else [])]),
            channels=applied.channels,
            environment=auth_url_of(applied.shipbob_address),
        )

    def clashes(self, other: "Writer") -> Iterator[Clash]:
        """Yield why these two must not both be live. Pure."""
        shared = self.locations & other.locations
        if self.account == other.account and shared:
            yield Clash(
                other.name,
                "locations",
                f'Connections "{self.name}" and "{other.name}" both map location'
                f" {', '.join(sorted(shared))} of NetSuite account {self.account}",
            )
        same = self.same_merchant(other)
        if same is None:
            yield Clash(
                other.name,
                "unknown",
                f'Whether connections "{self.name}" and "{other.name}" are of one ShipBob account'
                " can't be told: ShipBob did not say which channels both have",
            )
        elif same:
            yield Clash(
                other.name,
                "account",
                f'Connections "{self.name}" and "{other.name}" are of one ShipBob account: both'
                f" list channel {min(self._channels_with(other))}",
            )

    def same_merchant(self, other: "Writer") -> bool | None:
        """Whether both are of one ShipBob account; None where that is not known. Pure."""
        if None not in {self.environment, other.environment} and (
            self.environment != other.environment
        ):
            return False
        return bool(self._channels_with(other)) if self.channels and other.channels else None

    def _channels_with(self, other: "Writer") -> frozenset[int]:
        return (self.channels or frozenset()) & (other.channels or frozenset())


def is_live(applied: AppliedConnection) -> bool:
    """Whether a connection writes to both systems now."""
    return applied.mode == "live" and not applied.is_at_rest


async def clashes(on: Connection, name: str, *, if_live: bool = False) -> list[Clash]:
    """Return why a connection must not be live beside the others that are.

    Args:
        on: the transaction to be part of.
        name: of the connection.
        if_live: look at it as if it were live; else nothing is wrong while it is not.
    """
    known = await connections.every(on)
    own = next((one for one in known if one.name == name), None)
    if own is None or not (if_live or is_live(own)):
        return []
    others = [one for one in known if one.name != name and is_live(one)]
    return [
        clash
        for writer in _readable([own])
        for other in _readable(others)
        for clash in writer.clashes(other)
    ]


def _readable(known: Collection[AppliedConnection]) -> Iterator[Writer]:
    for one in known:
        try:
            yield Writer.of(one)
        except NeedsHuman as error:
            # It can do nothing while it is like that, and an alarm tells of it.
            _log.warning("not_compared", connection=one.name, reason=str(error))


async def other_merchants(on: Connection, name: str) -> list[str]:
    """Return the connections of other ShipBob accounts to the same NetSuite account.

    Also those that are removed: what they have posted is there. One that may be of the same
    ShipBob account is left out.
    """
    writers = list(_readable(await connections.every(on, also_removed=True)))
    own = next((one for one in writers if one.name == name), None)
    return [
        one.name
        for one in writers
        if own is not None and one.account == own.account and own.same_merchant(one) is False
    ]


async def one_at_a_time(on: Connection) -> None:
    """Let no other connection become live before this transaction ends."""
    await rows(on, "select pg_advisory_xact_lock(hashtextextended('live connections', 0))")


async def refuse_second(on: Connection, name: str, *, known: Collection[Clash] = ()) -> None:
    """Refuse that a connection is live now beside another of the same accounts.

    Args:
        on: the transaction that makes it live, after ``one_at_a_time``; it is rolled back.
        name: of the connection.
        known: what was wrong before: two that are live at an upgrade go on.

    Raises:
        UserError: it must not be.
    """
    refuse(await new_clashes(on, name, known=known), name)


async def new_clashes(on: Connection, name: str, *, known: Collection[Clash]) -> list[Clash]:
    """Return why a connection must not be live as it is now, beyond what was wrong before."""
    before = {(clash.other, clash.what) for clash in known}
    return [one for one in await clashes(on, name) if (one.other, one.what) not in before]


def refuse(found: Collection[Clash], name: str) -> None:
    """Refuse that a connection is live, if there is a reason.

    Raises:
        UserError: there is.
    """
    if found:
        raise UserError(
            "; ".join(one.sentence for one in found),
            where=f"connection {name}",
            next_step=remedy_of(found),
        )


def remedy_of(found: Collection[Clash]) -> str:
    """Return what a person does about two connections that must not both be live."""
    if all(clash.what == "unknown" for clash in found):
        return (
            "Apply it without --no-ping, so that ShipBob is asked, or in dry-run. Where the other"
            " one can't sign in, pause it first."
        )
    return _REMEDY


async def learn(installation: Installation, *names: str) -> None:
    """Ask ShipBob for the channels of connections of which they are not known.

    Those that are named, and all that are live. One that can't be asked stays unknown.
    """
    async with installation.database.transaction() as on:
        known = await connections.every(on)
    if len(known) == 1:
        return  # there is nothing to compare with
    for one in known:
        wanted = one.name in names or is_live(one)
        if wanted and not one.channels and one.held_at is None:
            try:
                await _ask(installation, one)
            except ConnectorError as error:
                _log.warning("channels_unknown", connection=one.name, reason=str(error))


async def _ask(installation: Installation, applied: AppliedConnection) -> None:
    async with installation.database.transaction() as on:
        secrets = await installation.vault.all(applied.name, on=on)
    client, _ = shipbob_client(installation, applied.settings(secrets), installation.tokens)
    await keep_channels(installation, applied.name, client)


async def keep_channels(installation: Installation, name: str, client: ShipBob) -> None:
    """Ask ShipBob for the channels of a connection, and keep them.

    Raises:
        ConnectorError: ShipBob can't be asked.
    """
    found = sorted((await client.listed_channels()).ids)
    async with installation.database.transaction() as on:
        await connections.set_channels(on, name, found)


async def watch_writers(installation: Installation) -> None:
    """Raise an alarm about two connections of the same accounts, until one of them is not live."""
    await learn(installation)

    async def watch(applied: AppliedConnection) -> None:
        async with installation.database.transaction() as on:
            found = [one for one in await clashes(on, applied.name) if one.what != "unknown"]
            keys = [f"{one.what}:{one.other}" for one in found]
            for key, clash in zip(keys, found, strict=True):
                sentence, remedy = two_writers(clash.sentence, _REMEDY)
                await raise_alarm(
                    on,
                    applied.name,
                    AlarmKind.ACCOUNTS,
                    key,
                    sentence=sentence,
                    remedy=remedy,
                )
            await end_alarms(on, applied.name, AlarmKind.ACCOUNTS, but=keys)

    await for_each_connection(installation, "accounts", watch, also_paused=True, also_held=True)
