"""What is asked about units of measure (netsuite.md section 13.3).

Neither table nor columns are certain. If they can't be read, no unit's rate is known.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

UNITS: Final = """
SELECT u.internalid, u.conversionrate FROM unitstypeuom u
WHERE u.internalid IN ({list}) ORDER BY u.internalid
"""


class _Unit(msgspec.Struct, frozen=True, kw_only=True):
    internalid: str
    conversionrate: Decimal | None = None


async def unit_rates(
    suiteql: SuiteQL, unit_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, Decimal]:
    """Return the base units in one of each unit; units that can't be read are left out."""
    try:
        rows = await suiteql.rows_in(
            UNITS,
            unit_ids,
            type=_Unit,
            operation="suiteql.unit_rates",
            priority=priority,
        )
    except UnknownIdentifier:
        return {}
    return {row.internalid: row.conversionrate for row in rows if row.conversionrate is not None}
