"""Accounting periods: which one a date falls in, and whether it takes postings (13.5)."""

import calendar
from datetime import date
from typing import Final, Literal

from ml_connector.sim.netsuite.books.books import Books, Row, whole
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.refusal import Refusal, user_error

Ledger = Literal["stock", "ap", "ar"]
"""Which lock matters: every posting obeys ``alllocked``, bills also ``aplocked`` and customers'
documents ``arlocked``."""

LOCKS: Final = {"all": "alllocked", "ap": "aplocked", "ar": "arlocked"}

_SPAN: Final = 3


def create_years(books: Books, around: int) -> None:
    """Fiscal years (calendar years) with quarters and months, all open."""
    for year in range(around - _SPAN, around + _SPAN + 1):
        year_id = _create(books, f"FY {year}", date(year, 1, 1), date(year, 12, 31), level="year")
        for quarter in range(4):
            first = quarter * 3 + 1
            quarter_id = _create(
                books,
                f"Q{quarter + 1} {year}",
                date(year, first, 1),
                _last_day(year, first + 2),
                level="quarter",
                parent=year_id,
            )
            for month in range(first, first + 3):
                day = date(year, month, 1)
                name = f"{calendar.month_abbr[month]} {year}"
                _create(books, name, day, _last_day(year, month), level="month", parent=quarter_id)


def create_adjusting(books: Books, month: str) -> int:
    """An adjusting period over the last day of a month written ``2026-12``; open.

    Raises:
        ValueError: there is no such month.
    """
    of_month = by_month(books, month)
    last = instants.to_date(str(of_month["enddate"]))
    name = f"Adj {of_month['periodname']}"
    return _create(books, name, last, last, level="adjusting")


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _create(
    books: Books, name: str, start: date, end: date, *, level: str, parent: int | None = None
) -> int:
    return books.insert(
        "accountingperiod",
        {
            "periodname": name,
            "startdate": instants.from_date(start),
            "enddate": instants.from_date(end),
            "isposting": level in {"month", "adjusting"},
            "isadjust": level == "adjusting",
            "isquarter": level == "quarter",
            "isyear": level == "year",
            "isinactive": False,
            "closed": False,
            "alllocked": False,
            "aplocked": False,
            "arlocked": False,
            "allownonglchanges": False,
            "parent": parent,
            "lastmodifieddate": books.now(),
        },
    )


def of_date(books: Books, day: str) -> Row:
    """The posting period of a date; adjusting periods only take what names them (16.14).

    Raises:
        Refusal: no period is set up for it.
    """
    found = books.row(
        "SELECT * FROM accountingperiod WHERE isposting = 'T' AND isadjust = 'F'"
        " AND startdate <= ? AND enddate >= ?",
        (day, instants.from_date(instants.to_date(day))),
    )
    if found is None:
        raise user_error(
            "No accounting period is set up for the date "
            f"{instants.to_date(day).isoformat()}. Set up accounting periods first."
        )
    return found


def by_month(books: Books, month: str) -> Row:
    """The posting period of a month written ``2026-10``.

    Raises:
        ValueError: there is none.
    """
    try:
        day = date.fromisoformat(f"{month}-01")
        return of_date(books, instants.from_date(day))
    except (ValueError, Refusal) as error:
        raise ValueError(f"{month!r} is not a posting period; write 2026-10") from error


def posting_period(books: Books, day: str, chosen: int | None, ledger: Ledger) -> int:
    """The id of the period a posting goes into.

    Args:
        books: where the periods are.
        day: the transaction date.
        chosen: a period the caller named; it must contain the date.
        ledger: whose lock matters.

    Raises:
        Refusal: the period is closed or locked, or date and period don't agree. The real
            wording isn't known (reference 9.2); it names the period.
    """
    row = of_date(books, day)
    if chosen is not None and chosen != row["id"]:
        raise user_error(
            "The transaction date you specified is not within the date range of your "
            "accounting period.",
            path="postingPeriod",
        )
    check_open(row, ledger)
    return whole(row["id"])


def check_open(row: Row, ledger: Ledger) -> None:
    """Refuse a closed or locked period.

    Raises:
        Refusal: see ``posting_period``.
    """
    name = row["periodname"]
    if row["closed"] == "T":
        raise user_error(
            f"The posting period {name} is closed. You cannot create, change or delete a "
            "transaction in a closed posting period."
        )
    if row["alllocked"] == "T" or (ledger != "stock" and row[LOCKS[ledger]] == "T"):
        raise user_error(f"The posting period {name} is locked for this type of transaction.")
