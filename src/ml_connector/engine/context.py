"""What the runs of one connection work with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.settle.settle import Settle
from ml_connector.engine.work.pushes import NO_PUSH, PushPlaces
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.words import Mode, System


@dataclass(frozen=True, kw_only=True)
class ConnectionContext:
    """What a run of one connection works with."""

    settings: ConnectionSettings
    mode: Mode
    shipbob: ShipBob
    netsuite: NetSuite
    sign_in: Mapping[System, Callable[[], Awaitable[object]]]
    reads: Reads
    settle: Settle
    push_places: PushPlaces = field(default_factory=lambda: PushPlaces(NO_PUSH))


OpenContext = Callable[[str, datetime | None], Awaitable[ConnectionContext]]
"""Returns the context of a connection, by its name and when it was applied last."""
