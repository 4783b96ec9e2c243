"""Looking at all flows at once, as when a connection goes live: nothing waits for its sweep."""

from typing import Final

from ml_connector.app.errands.errands import ask
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.plan_ahead import PLANNED
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import AppliedConnection

_SYNC: Final = "sync"
WEBHOOKS: Final = "webhooks"
"""The kind of errand that subscribes webhooks; its name is stored."""


async def sync_all(installation: Installation, applied: AppliedConnection, *, person: str) -> None:
    """Ask workers to sync each flow of a connection that is on.

    Webhooks are subscribed first, where ShipBob can be told an address.

    Raises:
        NeedsHuman: its settings can't be read.
    """
    wanted: list[tuple[str, dict[str, str]]] = [
        (_SYNC, {"flow": name}) for name in PLANNED if not FLOWS[name].is_off(applied.flows_off)
    ]
    if installation.settings.public_url:
        wanted.insert(0, (WEBHOOKS, {}))
    for kind, arguments in wanted:
        await ask(
            installation.database,
            installation.lanes,
            kind,
            applied.name,
            arguments,
            person=person,
        )
