"""What a person chooses from while a connection is set up: all locations, accounts, vendors."""

from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.setup import Named
from ml_connector.netsuite.suiteql import SuiteQL

_LOCATIONS: Final = """
SELECT c.id, c.name, c.isinactive[, c.fullname][, BUILTIN.DF(c.mainaddress) AS address]
FROM location c ORDER BY c.id
"""

_ACCOUNTS: Final = """
SELECT a.id, a.acctnumber, a.fullname AS name, a.isinactive[, a.accttype]
FROM account a ORDER BY a.id
"""

_VENDORS: Final = """
SELECT v.id, v.entityid AS name[, v.isinactive]
FROM vendor v WHERE UPPER(v.entityid) LIKE ? OR UPPER(v.entityid) LIKE ?
ORDER BY v.id
"""


class ChoosableLocation(msgspec.Struct, frozen=True, kw_only=True):
    """A location (netsuite.md sections 5.4 and 13.1).

    Attributes:
        address: as one text; None where the account does not show it. That its display text is
            the address itself is not documented (NS-077).
    """

    id: str
    name: str
    fullname: str | None = None
    address: str | None = None
    isinactive: Flag = Flag.F


class ChoosableAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account (schemas/suiteql-tables.json).

    Attributes:
        accttype: such as ``COGS`` or ``Expense``; None where the account does not show it.
    """

    id: str
    name: str
    acctnumber: str | None = None
    accttype: str | None = None
    isinactive: Flag = Flag.F


async def locations(suiteql: SuiteQL) -> list[ChoosableLocation]:
    """Return all locations of the account (netsuite.md sections 5.4 and 13.1)."""
    return await suiteql.rows(_LOCATIONS, type=ChoosableLocation, operation="suiteql.locations")


async def accounts(suiteql: SuiteQL) -> list[ChoosableAccount]:
    """Return all accounts of the ledger."""
    return await suiteql.rows(_ACCOUNTS, type=ChoosableAccount, operation="suiteql.accounts")


async def vendors(suiteql: SuiteQL) -> list[Named]:
    """Return the vendors whose name says that they are ShipBob."""
    return await suiteql.rows(
        _VENDORS, ("%SHIPBOB%", "%SHIP BOB%"), type=Named, operation="suiteql.vendors"
    )
