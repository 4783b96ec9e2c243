"""How far a source was polled for changes, by the source's own clock."""

from datetime import datetime

import msgspec

from ml_connector.storage.database import Connection, one, rows


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """The last poll of a source.

    Attributes:
        account_time: when it began, by the source's clock: ``YYYY-MM-DD HH:MM:SS``.
        polled_at: the same moment by ours.
        full_at: when everything was looked at last.
    """

    account_time: str
    polled_at: datetime
    full_at: datetime


async def last(connection: Connection, connection_name: str, flow: str) -> Poll | None:
    """Return the last poll that was brought to its end; None before the first."""
    row = await one(
        connection,
        "select account_time, polled_at, full_at from poll"
        " where connection = %(connection)s and flow = %(flow)s",
        {"connection": connection_name, "flow": flow},
    )
    return Poll(**row) if row else None


async def keep(connection: Connection, connection_name: str, flow: str, poll: Poll) -> None:
    """Keep that a poll was brought to its end: all it found is in the inbox."""
    await rows(
        connection,
        "insert into poll (connection, flow, account_time, polled_at, full_at) values"
        " (%(connection)s, %(flow)s, %(account_time)s, %(polled_at)s, %(full_at)s)"
        " on conflict (connection, flow) do update set account_time = excluded.account_time,"
        " polled_at = excluded.polled_at, full_at = excluded.full_at",
        {"connection": connection_name, "flow": flow, **msgspec.structs.asdict(poll)},
    )
