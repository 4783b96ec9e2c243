"""What is asked about an account itself: its periods, its locations, its clock."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.errors import Retryable
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

_PERIODS: Final = """
SELECT p.id, p.periodname, p.closed, p.alllocked, p.aplocked, p.isadjust,
    TO_CHAR(p.startdate, 'YYYY-MM-DD') AS startdate, TO_CHAR(p.enddate, 'YYYY-MM-DD') AS enddate
FROM accountingperiod p
WHERE p.isquarter = 'F' AND p.isyear = 'F' AND (p.isinactive = 'F' OR p.isinactive IS NULL)
    AND p.enddate >= TO_DATE(?, 'YYYY-MM-DD')
ORDER BY p.startdate, p.id
"""

_LOCATIONS: Final = """
SELECT c.id, c.name, c.isinactive[, c.fullname][, c.subsidiary][, c.usebins]
FROM location c WHERE c.id IN ({list}) ORDER BY c.id
"""

_CLOCK: Final = "SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS now FROM DUAL"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A posting period, neither a quarter nor a year (section 13.5).

    Attributes:
        closed: nothing posts any more.
        alllocked: no transaction of any kind posts.
        aplocked: no vendor bill posts.
    """

    id: str
    periodname: str
    startdate: date
    enddate: date
    closed: Flag = Flag.F
    alllocked: Flag = Flag.F
    aplocked: Flag = Flag.F
    isadjust: Flag = Flag.F

    @property
    def open_for_stock(self) -> bool:
        """Whether receipts and adjustments may be dated into it."""
        return not self.closed and not self.alllocked

    @property
    def open_for_bills(self) -> bool:
        """Whether vendor bills may be dated into it."""
        return self.open_for_stock and not self.aplocked


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A location (sections 5.4 and 13.1).

    Attributes:
        subsidiary: None outside OneWorld.
        usebins: whether stock lies in bins, which receipts over REST can't fill (7.4).
    """

    id: str
    name: str
    fullname: str | None = None
    subsidiary: str | None = None
    isinactive: Flag = Flag.F
    usebins: Flag = Flag.F


class _Now(msgspec.Struct, frozen=True, kw_only=True):
    now: str


async def periods(
    suiteql: SuiteQL, around: date, *, priority: Priority = Priority.LIVE
) -> list[Period]:
    """Return the period that a date lies in and all later ones, by start date (section 13.5).

    Adjustment periods are among them; nothing is dated into those by itself.

    Raises:
        UnknownIdentifier: the role may not read accounting periods.
    """
    return await suiteql.rows(
        _PERIODS,
        (around.isoformat(),),
        type=Period,
        operation="suiteql.periods",
        priority=priority,
    )


async def locations(
    suiteql: SuiteQL, location_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, Location]:
    """Return the locations with these internal ids; those that don't exist are left out."""
    rows = await suiteql.rows_in(
        _LOCATIONS,
        location_ids,
        type=Location,
        operation="suiteql.locations",
        priority=priority,
    )
    return {row.id: row for row in rows}


async def account_clock(suiteql: SuiteQL, *, priority: Priority = Priority.LIVE) -> str:
    """Return the account's own time as ``2026-11-20 09:00:00``, in its time zone.

    What ``lastmodifieddate`` is compared with must come from this clock (section 4.2); the
    form is that of ``TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')``.

    Raises:
        Retryable: no row came.
    """
    rows = await suiteql.rows(
        _CLOCK,
        type=_Now,
        operation="suiteql.account_clock",
        priority=priority,
    )
    if not rows:
        raise Retryable("NetSuite did not say what time it is")
    return rows[0].now
