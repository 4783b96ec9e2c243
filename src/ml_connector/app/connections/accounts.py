"""Which accounts a connection's books are of, and whether a file names others.

Assumptions: SB-003, SB-006.
"""

from collections.abc import Callable

from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.postings import survey
from ml_connector.netsuite.account import account_key

Confirm = Callable[[str], bool]
"""Asks a person whether what it is given is meant; False also where nobody can be asked."""


def nobody(_: str) -> bool:
    """Confirm nothing: nobody can be asked."""
    return False


async def confirm_other_accounts(
    installation: Installation, settings: ConnectionSettings, confirm: Confirm
) -> None:
    """Let a person confirm that a connection with books goes on with other accounts.

    Its journal, and all that is compared with it, are of the accounts before; a wrong id here
    books one merchant's goods for another.

    Raises:
        UserError: nobody confirmed it.
    """
    async with installation.database.transaction() as on:
        before = await connections.last(on, settings.name)
        if before is None or not await survey.exist(on, settings.name):
            return
    others = _others(before, settings)
    if not others:
        return
    what = f'Connection "{settings.name}" has a journal, and the file changes {others}'
    if not confirm(what):
        raise UserError(
            what,
            where="connection apply",
            next_step="If its books are to go on with these accounts, apply it with --yes. For"
            " other accounts write a file with another name.",
        )


def _others(before: AppliedConnection, settings: ConnectionSettings) -> str:
    """Return which accounts a file changes, for a person; empty where none."""
    netsuite, shipbob = before.section("netsuite"), before.section("shipbob")
    old_account = str(netsuite.get("account_id", ""))
    account = settings.netsuite.account_id
    changed: list[str] = []
    if account_key(old_account) != account_key(account):
        changed.append(f"the NetSuite account from {old_account or 'unknown'} to {account}")
    for key, old, new in (
        ("ShipBob's address", shipbob.get("api_url"), settings.shipbob.api_url),
        ("the channel", shipbob.get("channel_id"), settings.shipbob.channel_id),
    ):
        if old != new:
            changed.append(f"{key} from {old or 'not set'} to {new or 'not set'}")
    return " and ".join(changed)
