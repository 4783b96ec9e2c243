"""The installation itself: its version, workers, queues, disks, database, backups."""

import sys
from typing import Final

import msgspec

from ml_connector import __version__
from ml_connector.app.installation.room import rooms
from ml_connector.app.operations.kept_backups import KeptBackup, kept_backups
from ml_connector.config.settings import Settings
from ml_connector.engine.work import job_tables, presence
from ml_connector.ledger.connections import connections
from ml_connector.ledger.figures import installation
from ml_connector.storage.database import Connection

LIVES_SECONDS: Final = 15.0
"""A worker with a sign of life so lately lives."""


class ShownWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker: one for each lane of each process that works.

    Attributes:
        lane: of the jobs that it has in hand; None without any.
        age_seconds: of its last sign of life.
    """

    id: int
    lane: str | None
    jobs: int
    age_seconds: float

    @property
    def lives(self) -> bool:
        """Whether it gave a sign of life lately."""
        return self.age_seconds < LIVES_SECONDS


class ShownLane(msgspec.Struct, frozen=True, kw_only=True):
    """The queue of a connection: jobs that run, wait, and are due later."""

    lane: str
    running: int
    waiting: int
    later: int


class ShownRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A disk."""

    place: str
    free_bytes: int
    size_bytes: int
    is_little: bool


class BigTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the database, or all months of one; ``rows`` are an estimate."""

    name: str
    bytes: int
    rows: int


class ShownDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """The database.

    Attributes:
        server: its version.
        schema: number of the newest migration.
        embedded: it runs in the data folder.
    """

    server: str
    schema: str
    embedded: bool
    bytes: int
    tables: tuple[BigTable, ...]


class SystemPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of the installation.

    Attributes:
        backups: in the data folder of this machine, the newest first.
    """

    version: str
    python: str
    workers: tuple[ShownWorker, ...]
    lanes: tuple[ShownLane, ...]
    rooms: tuple[ShownRoom, ...]
    database: ShownDatabase
    backups: tuple[KeptBackup, ...]
    public_url: str | None
    data_dir: str


async def system_page(on: Connection, settings: Settings) -> SystemPage:
    """Return what is shown of the installation."""
    return SystemPage(
        version=__version__,
        python=f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}",
        workers=await _workers(on),
        lanes=await _lanes(on),
        rooms=_rooms(settings),
        database=await _database(on, embedded=settings.database_url is None),
        backups=kept_backups(settings),
        public_url=settings.public_url,
        data_dir=str(settings.data_dir),
    )


async def _workers(on: Connection) -> tuple[ShownWorker, ...]:
    return tuple(
        ShownWorker(
            id=row["id"], lane=row["lane"], jobs=row["jobs"], age_seconds=max(0.0, row["age"])
        )
        for row in await presence.workers(on)
    )


async def _lanes(on: Connection) -> tuple[ShownLane, ...]:
    found = {name: [0, 0, 0] for name in await connections.names(on)}
    for row in await job_tables.depths(on):
        counts = found.setdefault(row["lane"], [0, 0, 0])
        place = 0 if row["status"] == "doing" else 2 if row["later"] else 1
        counts[place] += row["jobs"]
    return tuple(
        ShownLane(lane=name, running=counts[0], waiting=counts[1], later=counts[2])
        for name, counts in sorted(found.items())
    )


def _rooms(settings: Settings) -> tuple[ShownRoom, ...]:
    return tuple(
        ShownRoom(
            place=room.place,
            free_bytes=room.free_bytes,
            size_bytes=room.size_bytes,
            is_little=room.is_little,
        )
        for room in rooms(settings)
    )


async def _database(on: Connection, *, embedded: bool) -> ShownDatabase:
    found = await installation.database(on)
    return ShownDatabase(
        server=found["server"],
        schema=found["schema"],
        embedded=embedded,
        bytes=found["bytes"],
        tables=tuple(BigTable(**row) for row in await installation.tables(on, most=8)),
    )
