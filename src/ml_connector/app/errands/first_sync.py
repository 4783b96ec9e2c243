"""Looking at all flows at once when a connection goes live: nothing waits for its sweep."""

from typing import Final

from ml_connector.app.errands.errands import ask
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.plan_ahead import PLANNED
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import AppliedConnection

_SYNC: Final = "sync"


async def sync_all(installation: Installation, applied: AppliedConnection, *, person: str) -> None:
    """Ask workers to sync each flow of a connection that is on.

    Raises:
        NeedsHuman: its settings can't be read.
    """
    for name in PLANNED:
        if not FLOWS[name].is_off(applied.flows_off):
            await ask(
                installation.database,
                installation.lanes,
                _SYNC,
                applied.name,
                {"flow": name},
                person=person,
            )
