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


async def keep(
    connection: Connection, connection_name: str, flow: str, poll: Poll, *, after: Poll | None
) -> None:
    """Keep that a poll was brought to its end: all it found is in the inbox.

    Args:
        connection: inside a transaction.
        connection_name: whose source.
        flow: that polls it.
        poll: the one that ended.
        after: the poll from whose time on it looked. If that is not the last one any more, the
            database was restored meanwhile, and what changed in between would be missed.
    """
    await rows(
        connection,
        "insert into poll (connection, flow, account_time, polled_at, full_at)"
        " select %(connection)s, %(flow)s, %(account_time)s, %(polled_at)s, %(full_at)s"
        " where %(after)s::timestamptz is null or exists (select from poll"
        "  where connection = %(connection)s and flow = %(flow)s and polled_at = %(after)s)"
        " on conflict (connection, flow) do update set account_time = excluded.account_time,"
        " polled_at = excluded.polled_at, full_at = excluded.full_at"
        " where poll.polled_at = %(after)s",
        {
            "connection": connection_name,
            "flow": flow,
            "after": after.polled_at if after else None,
            **msgspec.structs.asdict(poll),
        },
    )
