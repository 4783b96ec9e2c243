"""The months of a connection, and what the newest report of one shows.

A report is made by a worker (an errand), and what it shows is kept with it: nothing is compared
here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.app.views.books.month_deciding import MonthDecision, month_decision
from ml_connector.app.views.books.month_found import (
    MonthDifference,
    counts_named,
    month_difference,
)
from ml_connector.app.views.books.month_money import MonthMoney, month_money
from ml_connector.app.views.books.month_stock import MonthStock, month_stock
from ml_connector.errors import UserError
from ml_connector.ledger import month_reports, month_seals
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.month_seals import Seal
from ml_connector.ledger.people import errands
from ml_connector.ledger.people.errands import Errand
from ml_connector.reconcile.decided import FLOW
from ml_connector.reconcile.month import Month
from ml_connector.storage.database import Connection

KIND: Final = "reconcile"
"""Of the errand that makes a report."""

_MOST_MONTHS: Final = 36
_A_DAY: Final = timedelta(days=1)
_MOST_REMEMBERED: Final = 20


class MonthReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was made.

    Attributes:
        green: nothing was left to explain.
        open: differences that were left to resolve.
        explained: those that it shows with their reason.
        files: names of what was written.
    """

    id: int
    month: str
    made_at: datetime
    person: str
    green: bool
    open: int
    explained: int
    files: tuple[str, ...] = ()


class MonthClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A seal of a month.

    Attributes:
        report: id of the report that it stands on.
        version: of the software that made that report; None in old ones.
        opened_at: when the month was opened again, by whom, and why; None: it is closed.
    """

    by: str
    at: datetime
    report: int
    version: str | None
    head_number: int
    head_hash: str
    opened_at: datetime | None = None
    opened_by: str | None = None
    note: str | None = None


class MonthRow(msgspec.Struct, frozen=True, kw_only=True):
    """A month in the list.

    Attributes:
        month: such as ``2026-11``.
        title: for a person.
        is_over: whether it has ended in the connection's zone.
        report: the newest; None: none was made.
        is_closed: whether a seal of ours stands.
    """

    month: str
    title: str
    is_over: bool
    report: MonthReport | None
    is_closed: bool = False


class MonthPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report: its source lines, each in exactly one place.

    Attributes:
        currency: of money; empty: units.
        totals: the three sides by column, where the part has movements.
    """

    key: str
    title: str
    facts: str
    currency: str
    source: Decimal = Decimal(0)
    posted: Decimal = Decimal(0)
    waiting: Decimal = Decimal(0)
    refused: Decimal = Decimal(0)
    unexplained: Decimal = Decimal(0)
    totals: Mapping[str, Decimal] = {}

    def share(self, name: str) -> float:
        """Return the percentage of the source lines' sum that is in one place; 0 of nothing."""
        return float(abs(getattr(self, name)) * 100 / abs(self.source)) if self.source else 0.0


class ShownMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest report of a month shows.

    Attributes:
        open: differences to resolve.
        explained: those that are shown with their reason, the first thousand.
        accepted: those that people took as they are.
        counts: of those with a reason, by their kind in words.
        order_lines: of purchase orders that were received on.
        stock: both systems place by place; None in reports of earlier versions.
        money: likewise, account by account.
        locations: the names of locations, by internal id.
        provisional: whether the month had not ended.
    """

    zone: str
    green: bool
    head_number: int
    head_hash: str
    journal_rows: int
    documents: int
    asked_shipbob: bool
    parts: tuple[MonthPart, ...]
    open: tuple[MonthDifference, ...]
    explained: tuple[MonthDifference, ...]
    accepted: tuple[MonthDifference, ...]
    counts: Mapping[str, int]
    order_lines: tuple[Mapping[str, Any], ...]
    stock: MonthStock | None = None
    money: MonthMoney | None = None
    locations: Mapping[str, str] = {}
    provisional: bool = False


class MonthPage(msgspec.Struct, frozen=True, kw_only=True):
    """A month.

    Attributes:
        reports: those that were made, the newest first.
        shown: what the newest shows; None where none was made, or before this was kept.
        making: the errand that makes the next, while it is under way.
        failed: the newest errand, where nothing came of it and no report was made since.
        closed: the seal that stands; None: the month is open.
        opened: seals of before, the newest first.
        decisions: about its differences, that stand.
    """

    month: str
    title: str
    is_over: bool
    reports: tuple[MonthReport, ...]
    shown: ShownMonth | None
    making: Errand | None
    failed: Errand | None
    closed: MonthClosed | None = None
    opened: tuple[MonthClosed, ...] = ()
    decisions: tuple[MonthDecision, ...] = ()


def parsed(written: str, applied: AppliedConnection) -> Month:
    """Return the month that an address names.

    Raises:
        UserError: it is none, or has not begun.
    """
    return Month.parse(written, today=datetime.now(_zone(applied)).date())


async def months(on: Connection, applied: AppliedConnection) -> tuple[MonthRow, ...]:
    """Return the months of a connection from its start date to the present, the newest first."""
    made = {
        row["month"]: _report(row) for row in await month_reports.newest_by_month(on, applied.name)
    }
    closed = await month_seals.sealed_months(on, applied.name)
    zone = _zone(applied)
    listed = _months(Month.of(applied.start_date), Month.of(datetime.now(zone).date()))
    known = {str(month) for month in listed}
    older = [
        Month.parse(month, today=datetime.now(zone).date()) for month in made if month not in known
    ]
    return tuple(
        MonthRow(
            month=str(month),
            title=title(month),
            is_over=_is_over(month, zone),
            report=made.get(str(month)),
            is_closed=str(month) in closed,
        )
        for month in sorted([*listed, *older], reverse=True)
    )


async def month_page(on: Connection, applied: AppliedConnection, month: Month) -> MonthPage:
    """Return a month: its reports, what the newest shows, and whether one is being made."""
    made = [_report(row) for row in await month_reports.of_month(on, applied.name, str(month))]
    shown = await month_reports.shown(on, applied.name, made[0].id) if made else None
    asked = [
        one
        for one in await errands.newest(on, applied.name, KIND, most=_MOST_REMEMBERED)
        if one.arguments.get("month") == str(month)
    ]
    newest = asked[0] if asked else None
    seals = [_closed(one) for one in await month_seals.of_month(on, applied.name, str(month))]
    return MonthPage(
        month=str(month),
        title=title(month),
        is_over=_is_over(month, _zone(applied)),
        reports=tuple(made),
        shown=None if shown is None else shown_month(shown),
        making=newest if newest and newest.state in {"waiting", "running"} else None,
        failed=newest if newest and newest.state == "failed" and _is_newer(newest, made) else None,
        closed=seals[0] if seals and seals[0].opened_at is None else None,
        opened=tuple(filter(lambda one: one.opened_at, seals)),
        decisions=tuple(
            map(month_decision, await decisions.of_month(on, applied.name, FLOW, str(month)))
        ),
    )


def _closed(seal: Seal) -> MonthClosed:
    return MonthClosed(
        by=seal.sealed_by,
        at=seal.sealed_at,
        report=seal.report,
        version=seal.version,
        head_number=seal.head_number,
        head_hash=seal.head_hash,
        opened_at=seal.unsealed_at,
        opened_by=seal.unsealed_by,
        note=seal.unseal_note,
    )


async def report_file(
    on: Connection, applied: AppliedConnection, report_id: int, name: str
) -> Path:
    """Return the path of a file of a report.

    Raises:
        UserError: the report has no such file, or it is not on this machine any more.
    """
    written = await month_reports.file(on, applied.name, report_id, name)
    path = Path(written or "")
    if written is None or not await asyncio.to_thread(path.is_file):
        raise UserError(
            f"The file {name} of report {report_id} is not here",
            where=name,
            next_step="Make the report again: its files are then written anew.",
        )
    return path


def title(month: Month) -> str:
    """Return a month for a person, such as October 2026."""
    return f"{month.first:%B %Y}"


def shown_month(shown: Mapping[str, Any]) -> ShownMonth:
    """Return what a report shows, from the document that was kept with it. Pure."""
    sections = {one["key"]: one for one in shown.get("sections", ())}
    parts = {(one["section"], one["currency"]): one for one in shown["equations"]}
    totals = {(one["section"], one["currency"] or ""): one for one in shown["totals"]}
    ordered = sorted(
        {*parts, *totals},
        key=lambda key: ([*sections].index(key[0]) if key[0] in sections else 99, key[1]),
    )
    return ShownMonth(
        zone=shown["timezone"],
        green=shown["green"],
        head_number=shown["head"]["number"],
        head_hash=shown["head"]["hash"],
        journal_rows=shown["journal_rows"],
        documents=shown["documents"],
        asked_shipbob=shown["asked_shipbob"],
        parts=tuple(
            _part(key, sections.get(key[0], {}), parts.get(key, {}), totals.get(key, {}))
            for key in ordered
        ),
        open=tuple(map(month_difference, shown["differences"])),
        explained=tuple(
            month_difference(one) for one in shown.get("explained", ()) if not one.get("accepted")
        ),
        accepted=tuple(map(month_difference, shown.get("accepted", ()))),
        counts=counts_named(shown),
        order_lines=tuple(shown.get("order_lines", ())),
        stock=month_stock(shown),
        money=month_money(shown),
        locations=shown.get("locations", {}),
        provisional=shown.get("provisional", False),
    )


def _part(
    key: tuple[str, str],
    section: Mapping[str, Any],
    equation: Mapping[str, Any],
    totals: Mapping[str, Any],
) -> MonthPart:
    names = ("source", "posted", "waiting", "refused", "unexplained")
    return MonthPart(
        key=key[0],
        title=section.get("title", key[0]),
        facts=section.get("facts", key[0]),
        currency=key[1],
        **{name: Decimal(equation.get(name, 0)) for name in names},
        totals={
            name: Decimal(value)
            for name, value in totals.items()
            if name not in {"section", "currency"}
        },
    )


def _report(row: Mapping[str, Any]) -> MonthReport:
    return MonthReport(
        id=row["id"],
        month=row["month"],
        made_at=row["made_at"],
        person=row["person"],
        green=row["green"],
        open=row["open"],
        explained=row["explained"],
        files=tuple(Path(path).name for path in row.get("files", ())),
    )


def _months(first: Month, last: Month) -> list[Month]:
    """Return the months from the last back to the first, at most three years of them."""
    found = [last]
    while found[-1] > first and len(found) < _MOST_MONTHS:
        found.append(Month.of(found[-1].first - _A_DAY))
    return found


def _is_over(month: Month, zone: ZoneInfo) -> bool:
    return datetime.now(zone).date() >= month.after


def _is_newer(errand: Errand, made: Sequence[MonthReport]) -> bool:
    return not made or errand.asked_at > made[0].made_at


def _zone(applied: AppliedConnection) -> ZoneInfo:
    return applied.schedule.zone
