"""Which connection a page is about: the one that its address names, else the first."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
from litestar.exceptions import NotFoundException

from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Database

UTC_ZONE = "UTC"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is about.

    Attributes:
        connection: its name; empty where there is none yet.
        names: of all connections there are.
        zone: in which its times are shown.
        mode: ``live`` or ``dry-run``; empty where there is none yet.
        rests: it is paused, or held since a restore.
    """

    connection: str
    names: Sequence[str]
    zone: str = UTC_ZONE
    mode: str = ""
    rests: bool = False


async def shown(database: Database, wanted: str | None) -> Shown:
    """Return what a page is about.

    Raises:
        NotFoundException: its address names a connection that there is not.
    """
    async with database.single() as on:
        every = await connections.every(on)
    names = [one.name for one in every]
    if wanted is not None and wanted not in names:
        raise NotFoundException(detail="There is no connection of that name")
    if not every:
        return Shown(connection="", names=names)
    one = next((one for one in every if one.name == wanted), every[0])
    return Shown(
        connection=one.name,
        names=names,
        zone=zone_of(one),
        mode=one.mode,
        rests=one.is_at_rest,
    )


def zone_of(connection: AppliedConnection) -> str:
    """Return the time zone of a connection; UTC where what is stored of it can't be read."""
    try:
        return str(ZoneInfo(str(connection.schedule.timezone)))
    except (ConnectorError, ValueError, OSError):
        return UTC_ZONE
