"""What is asked about an account itself: its periods, its locations, its clock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from ml_connector.errors import Retryable
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Answer, Priority

PERIODS: Final = """
SELECT p.id, p.periodname, p.closed, p.alllocked, p.aplocked[, p.isadjust][, p.allownonglchanges],
    TO_CHAR(p.startdate, 'YYYY-MM-DD') AS startdate, TO_CHAR(p.enddate, 'YYYY-MM-DD') AS enddate
FROM accountingperiod p
WHERE p.isquarter = 'F' AND p.isyear = 'F' AND (p.isinactive = 'F' OR p.isinactive IS NULL)
    AND p.enddate >= TO_DATE(?, 'YYYY-MM-DD')
ORDER BY p.startdate, p.id
"""

LOCATIONS: Final = """
SELECT c.id, c.name, c.isinactive[, c.fullname][, c.subsidiary][, c.usebins]
FROM location c WHERE c.id IN ({list}) ORDER BY c.id
"""

CLOCK: Final = "SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS now FROM DUAL"


_SEALED: Final = " (sealed)"
_DAY: Final = timedelta(days=1)
_A_YEAR: Final = timedelta(days=366)


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A posting period, neither a quarter nor a year (section 13.5).

    Attributes:
        closed: nothing can be posted any more.
        alllocked: no transaction of any kind can be posted.
        aplocked: no vendor bill can be posted.
        isadjust: for corrections of the accountants, over days that lie in another period.
        allownonglchanges: what does not touch the ledger may be changed although it is closed.
    """

    id: str
    periodname: str
    startdate: date
    enddate: date
    closed: Flag = Flag.F
    alllocked: Flag = Flag.F
    aplocked: Flag = Flag.F
    isadjust: Flag = Flag.F
    allownonglchanges: Flag = Flag.F

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
        usebins: whether stock lies in bins; receipts over REST can't fill those (section 7.4).
    """

    id: str
    name: str
    fullname: str | None = None
    subsidiary: str | None = None
    isinactive: Flag = Flag.F
    usebins: Flag = Flag.F


_ACCOUNTS: Final = """
SELECT a.id, a.acctnumber, a.fullname AS name, a.isinactive
FROM account a WHERE a.id IN ({list}) ORDER BY a.id
"""

_VENDORS: Final = """
SELECT v.id, v.entityid AS name[, v.isinactive]
FROM vendor v WHERE v.id IN ({list}) ORDER BY v.id
"""

_FEATURES: Final = "SELECT f.id, f.name, f.isactive FROM companyfeaturesetup f ORDER BY f.id"

_SUBSIDIARIES: Final = "SELECT s.id, s.name FROM subsidiary s ORDER BY s.id"

_OPEN_ORDERS: Final = "SELECT COUNT(*) AS n FROM transaction t WHERE t.type = 'PurchOrd'"


_ONE_ROW: Final = "SELECT r.id FROM {table} r WHERE ROWNUM <= 1"

ListTable = Literal["department", "classification", "currency"]
"""A list that the role may but need not see."""

_LISTED: Final[Mapping[ListTable, str]] = MappingProxyType(
    {
        "department": "SELECT r.id FROM department r WHERE r.id IN ({list}) ORDER BY r.id",
        "classification": "SELECT r.id FROM classification r WHERE r.id IN ({list}) ORDER BY r.id",
        "currency": "SELECT r.id FROM currency r WHERE r.id IN ({list}) ORDER BY r.id",
    }
)

Table = Literal[
    "accountingperiod", "item", "location", "account", "vendor", "subsidiary", "transaction"
]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An account, a vendor or a subsidiary (schemas/suiteql-tables.json)."""

    id: str
    name: str = ""
    acctnumber: str | None = None
    isinactive: Flag = Flag.F


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A feature of the account, where the role may see them."""

    id: str
    name: str = ""
    isactive: Flag = Flag.F


class _Count(msgspec.Struct, frozen=True, kw_only=True):
    n: int


class _Clocks(msgspec.Struct, frozen=True, kw_only=True):
    items: list[dict[str, Any]] = []


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class _Now(msgspec.Struct, frozen=True, kw_only=True):
    now: str


async def periods(
    suiteql: SuiteQL, around: date, *, priority: Priority = Priority.LIVE
) -> list[Period]:
    """Return the period that a date lies in and all later ones, by start date (section 13.5).

    Adjusting periods are left out: see ``daily_periods``.

    Raises:
        UnknownIdentifier: the role may not read accounting periods.
    """
    found = await suiteql.rows(
        PERIODS,
        (around.isoformat(),),
        type=Period,
        operation="suiteql.periods",
        priority=priority,
    )
    return daily_periods(found)


def daily_periods(periods: Sequence[Period]) -> list[Period]:
    """Return the periods that daily documents may be dated into.

    Adjusting periods are open beside closed months, and are never a posting date (section
    16.14). Where the account does not show which they are, one that lies within another, such
    as the last day of a year, is taken for one: months do not overlap. Pure.
    """
    return [
        one
        for one in periods
        if not one.isadjust and not any(_lies_within(one, other) for other in periods)
    ]


def _lies_within(one: Period, other: Period) -> bool:
    days, others = (one.startdate, one.enddate), (other.startdate, other.enddate)
    return days != others and others[0] <= days[0] and days[1] <= others[1]


def is_sealed(period_name: str) -> bool:
    """Whether a period of this name is a month that we have closed."""
    return period_name.endswith(_SEALED)


def with_sealed(periods: Sequence[Period], first_days: Iterable[date]) -> list[Period]:
    """Return the periods, of which those days are closed that lie in a month with a seal.

    A period that is not a month, as in a calendar of weeks, is cut where the month begins and
    ends. Where the account's periods can't be seen, the days after a sealed month are open.

    Args:
        periods: of the account, by start; empty where they can't be seen.
        first_days: of the sealed months.
    """
    months = sorted(first_days)
    found = list(periods)
    for first in months:
        last = (first + timedelta(days=32)).replace(day=1) - _DAY
        found = list(_cut(found, first, last))
    if months and not periods:
        begin = max(period.enddate for period in found) + _DAY
        found.append(
            Period(id="", periodname="all later days", startdate=begin, enddate=begin + _A_YEAR)
        )
    return sorted(found, key=lambda one: one.startdate)


def _cut(periods: Sequence[Period], first: date, last: date) -> Iterator[Period]:
    takes_news = True
    for one in periods:
        if one.enddate < first or one.startdate > last:
            yield one
            continue
        takes_news &= one.open_for_bills or bool(one.allownonglchanges)
        if one.startdate < first:
            yield msgspec.structs.replace(one, enddate=first - _DAY)
        if one.enddate > last:
            yield msgspec.structs.replace(one, startdate=last + _DAY)
    yield Period(
        id="",
        periodname=f"{first:%Y-%m}{_SEALED}",
        startdate=first,
        enddate=last,
        closed=Flag.T,
        allownonglchanges=Flag.T if takes_news else Flag.F,
    )


async def locations(
    suiteql: SuiteQL, location_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, Location]:
    """Return the locations with these internal ids; those that don't exist are left out."""
    rows = await suiteql.rows_in(
        LOCATIONS,
        location_ids,
        type=Location,
        operation="suiteql.locations",
        priority=priority,
    )
    return {row.id: row for row in rows}


async def account_clock(suiteql: SuiteQL, *, priority: Priority = Priority.LIVE) -> str:
    """Return the account's own time as ``2026-11-20 09:00:00``, in its time zone.

    Times to compare ``lastmodifieddate`` with must come from this clock (section 4.2). The form
    is that of ``TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')``.

    Raises:
        Retryable: no row came.
    """
    rows = await suiteql.rows(
        CLOCK,
        type=_Now,
        operation="suiteql.account_clock",
        priority=priority,
    )
    if not rows:
        raise Retryable("NetSuite did not say what time it is")
    return rows[0].now


def read_clock(answer: Answer) -> datetime:
    """Read the account's time from an answer to ``CLOCK``; it has no zone.

    Raises:
        Retryable: there is none in it.
    """
    try:
        [row] = msgspec.json.decode(answer.body, type=_Clocks).items
        return datetime.fromisoformat({key.lower(): row[key] for key in row}["now"])
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, RecursionError):
        raise Retryable("NetSuite did not say what time it is") from None


async def accounts(suiteql: SuiteQL, account_ids: Sequence[str]) -> Mapping[str, Named]:
    """Return the accounts with these internal ids; those that don't exist are left out."""
    rows = await suiteql.rows_in(_ACCOUNTS, account_ids, type=Named, operation="suiteql.accounts")
    return {row.id: row for row in rows}


async def vendors(suiteql: SuiteQL, vendor_ids: Sequence[str]) -> Mapping[str, Named]:
    """Return the vendors with these internal ids; those that don't exist are left out."""
    rows = await suiteql.rows_in(_VENDORS, vendor_ids, type=Named, operation="suiteql.vendors")
    return {row.id: row for row in rows}


async def subsidiaries(suiteql: SuiteQL) -> list[Named]:
    """Return the subsidiaries.

    Raises:
        UnknownIdentifier: the account has none (section 13.1), or the role may not see them.
    """
    return await suiteql.rows(_SUBSIDIARIES, type=Named, operation="suiteql.subsidiaries")


async def listed(suiteql: SuiteQL, table: ListTable, ids: Sequence[str]) -> set[str]:
    """Return which of these internal ids are in a list.

    Raises:
        UnknownIdentifier: the role may not read it, or the account has none.
    """
    operation = f"suiteql.{table}"
    rows = await suiteql.rows_in(_LISTED[table], ids, type=_Row, operation=operation)
    return {row.id for row in rows}


async def features(suiteql: SuiteQL) -> list[Feature]:
    """Return the account's features.

    Raises:
        UnknownIdentifier: the role may not see them.
    """
    return await suiteql.rows(_FEATURES, type=Feature, operation="suiteql.features")


async def count_purchase_orders(suiteql: SuiteQL) -> int:
    """Return how many purchase orders the role sees (section 12.4)."""
    [row] = await suiteql.rows(_OPEN_ORDERS, type=_Count, operation="suiteql.count") or [
        _Count(n=0)
    ]
    return row.n


async def look_at(suiteql: SuiteQL, table: Table) -> None:
    """Check that the role may read a table, by asking for one row of it (section 4.5).

    Raises:
        UnknownIdentifier: the role may not, or the account has no such table.
    """
    match table:
        case "accountingperiod":
            await suiteql.rows(_ONE_ROW.replace("{table}", "accountingperiod"), type=_Row)
        case "item":
            await suiteql.rows(_ONE_ROW.replace("{table}", "item"), type=_Row)
        case "location":
            await suiteql.rows(_ONE_ROW.replace("{table}", "location"), type=_Row)
        case "account":
            await suiteql.rows(_ONE_ROW.replace("{table}", "account"), type=_Row)
        case "vendor":
            await suiteql.rows(_ONE_ROW.replace("{table}", "vendor"), type=_Row)
        case "subsidiary":
            await suiteql.rows(_ONE_ROW.replace("{table}", "subsidiary"), type=_Row)
        case "transaction":
            await suiteql.rows(_ONE_ROW.replace("{table}", "transaction"), type=_Row)
