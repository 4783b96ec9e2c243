"""The floor of an ack: the same web process, whose intake answers without storing."""

import itertools
import sys

from ml_connector.config import logs
from ml_connector.config.settings import load
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox.inbox import Arrival, TakenIn
from ml_connector.storage.database import Database
from ml_connector.web.process import run_web


class Forgets:
    """An intake that answers at once and keeps nothing."""

    def __init__(self, database: Database, lanes: Lanes) -> None:
        del database, lanes
        self._ids = itertools.count(1)

    async def accept(self, arrival: Arrival) -> TakenIn:
        """Answer as if it were stored."""
        del arrival
        return TakenIn(event_id=next(self._ids), new=True)


def main() -> None:
    """Serve on the open socket whose descriptor is the argument, until SIGTERM."""
    settings = load(None)
    logs.configure(settings.log_format, settings.log_level)
    run_web(settings, int(sys.argv[1]), intake=Forgets)
