"""``reconcile``: read both systems, compare, write the report, and record that it was made."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector import __version__
from ml_connector.app.alarms.sentences import month_not_explained
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import month_documents, month_json, order_lines
from ml_connector.app.operations.months import fulfilled_orders
from ml_connector.app.operations.months import money as month_money
from ml_connector.app.operations.months import seal as month_seal
from ml_connector.app.operations.months.money import Money
from ml_connector.app.operations.months.netsuite_side import read_netsuite, refuse_before_start
from ml_connector.app.operations.months.shipbob_side import read_shipbob
from ml_connector.app.operations.tie_out import measured as tie_out
from ml_connector.app.operations.tie_out.measured import Stock
from ml_connector.app.views.desk.addresses import transactions_at
from ml_connector.engine.context import ConnectionContext
from ml_connector.flows import FLOWS, month_end
from ml_connector.ledger import month_reports, month_seals
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.decisions import booked, decisions
from ml_connector.ledger.month_reports import MadeReport
from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile import files
from ml_connector.reconcile.compare.compare import judge
from ml_connector.reconcile.compare.order_lines import OrderSide
from ml_connector.reconcile.compare.report import Report, ordered
from ml_connector.reconcile.decided import with_decisions
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.report.page import MadePage
from ml_connector.reconcile.sides import netsuite
from ml_connector.reconcile.stored import stored
from ml_connector.reconcile.stored.stored import StoredMonth
from ml_connector.reconcile.tie_out.openings import Openings
from ml_connector.reconcile.unread_rows import unread_rows
from ml_connector.storage.database import Connection
from ml_connector.transport.call import Priority, working_at
from ml_connector.transport.spoiled import SpoiledRow, gathering
from ml_connector.words import AlarmKind

STILL_KNOWN: Final = timedelta(days=45)
"""This long after a month's end ShipBob's lists are still read for it, beside stored lines."""

Progress = Callable[[str, int], object]
"""Called with the name of the current step and the number of lines it has read so far."""


@dataclass(frozen=True, kw_only=True)
class MonthEnd:
    """A report that was made.

    Attributes:
        id: of the record that it was made.
        files: what was written.
        asked_shipbob: whether ShipBob's lists were read, beside what is stored.
        shown: the report for a program.
        seal: of its month; None where that is open.
        closed_now: whether it was closed with this report.
    """

    id: int
    report: Report
    files: Sequence[Path]
    asked_shipbob: bool
    shown: Mapping[str, Any]
    seal: Seal | None = None
    closed_now: bool = False


async def reconcile(
    installation: Installation,
    applied: AppliedConnection,
    month: Month,
    *,
    out: Path | None,
    person: str,
    close: bool = False,
    progress: Progress = lambda _what, _count: None,
) -> MonthEnd:
    """Make the report of a month.

    Args:
        installation: where.
        applied: the connection.
        month: which month.
        out: the folder for the files; None: a fresh one in the data folder.
        person: who asks for it, for the record of people's acts.
        close: close the month where nothing is left to explain.
        progress: called while it reads; see ``Progress``.

    Raises:
        ConnectorError: one of the systems can't be read.
        UserError: the files can't be written, or a month is to be closed that has not ended.
    """
    if close:
        month_seal.check_over(month, today=datetime.now(applied.schedule.zone).date())
    async with _compared(installation, applied, month, progress) as done:
        report, recent = done.report, done.asked_shipbob
        report_id = await month_reports.next_id(installation.database)
        folder = out or _folder(installation, applied.name, month, report_id)
        progress("Writing the report", 0)
        written = await files.write(
            done.stored,
            report,
            month,
            folder,
            keep_owner=out is None,
            made=_made_page(report_id, applied, person),
        )
    shown = month_json.as_json(report_id, report, files=written, asked_shipbob=recent)
    made = MonthEnd(id=report_id, report=report, files=written, asked_shipbob=recent, shown=shown)
    await _record(installation, made, person)
    seal, closed_now = await _sealed(installation, made, person, close=close)
    return replace(
        made,
        seal=seal,
        closed_now=closed_now,
        shown={**made.shown, "closed": month_json.seal_as_json(seal), "closed_now": closed_now},
    )


async def _sealed(
    installation: Installation, made: MonthEnd, person: str, *, close: bool
) -> tuple[Seal | None, bool]:
    if close:
        return await month_seal.close(installation, made.report, made.id, person=person)
    async with installation.database.transaction() as on:
        report = made.report
        return await month_seals.standing(on, report.connection, report.month), False


async def compared(
    installation: Installation,
    applied: AppliedConnection,
    month: Month,
    *,
    progress: Progress = lambda _what, _count: None,
) -> Report:
    """Compare a month as ``reconcile`` does, without files and without a record of it.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    async with _compared(installation, applied, month, progress) as done:
        return done.report


class _Compared(NamedTuple):
    """A month that was compared, while what is stored of it is at hand."""

    stored: StoredMonth
    report: Report
    asked_shipbob: bool


@asynccontextmanager
async def _compared(
    installation: Installation, applied: AppliedConnection, month: Month, progress: Progress
) -> AsyncGenerator[_Compared]:
    context = await ConnectionContexts(installation).open(applied.name)
    refuse_before_start(month, context.settings.start_date)
    recent = datetime.now(UTC) < month.ends(context.settings.schedule.zone) + STILL_KNOWN
    url = installation.server.report_url
    with working_at(Priority.REPORT):
        async with stored.opened(url, applied.name, month, FLOWS) as stored_month:
            spoiled: list[SpoiledRow] = []
            with gathering(spoiled):
                orders = await read_netsuite(installation, stored_month, context, month, progress)
                stock = await tie_out.measured(
                    context, month, installation.database, recent=recent, progress=progress
                )
                money = await month_money.measured(context, month, recent=recent)
            listed = fulfilled_orders.ListedOrders(orders.fulfillments.values())
            if recent:
                spoiled += await read_shipbob(
                    installation, stored_month, context, month, progress=progress, orders=listed
                )
            with gathering(spoiled):
                side = await order_lines.read(
                    installation, context, orders.received, month, recent=recent
                )
                report = await _compare(
                    installation,
                    stored_month,
                    context,
                    month,
                    side,
                    progress=progress,
                    stock=stock,
                    money=money,
                    openings=await month_seal.openings(installation, applied.name, month),
                    spoiled=spoiled,
                )
                if recent and "tracking" not in context.settings.flows_off:
                    report = await fulfilled_orders.added(
                        installation, report, context, orders.fulfillments, listed
                    )
            report = await month_seal.with_seal(installation, report)
            report = await _with_decisions(installation, report, context)
            over = datetime.now(UTC) >= month.ends(context.settings.schedule.zone)
            report = msgspec.structs.replace(report, provisional=not over)
            yield _Compared(stored_month, report, recent)


async def _compare(
    installation: Installation,
    stored_month: StoredMonth,
    context: ConnectionContext,
    month: Month,
    orders: OrderSide,
    *,
    progress: Progress,
    stock: Stock,
    money: Money,
    openings: Openings,
    spoiled: Sequence[SpoiledRow],
) -> Report:
    """Compare the sides.

    Args:
        installation: where charges are kept.
        stored_month: the stored side, with the lines of both systems beside it.
        context: of the connection.
        month: which month.
        orders: the purchase orders that were received from in the month.
        progress: called while it reads.
        stock: of both systems, as it was read before.
        money: likewise.
        openings: with what stock the month begins.
        spoiled: rows that can't be read; whoever calls gathers them there as long as this runs.
    """
    progress("Comparing", 0)
    head, missing = await stored_month.freeze()
    if missing:
        progress("Looking for documents in NetSuite", len(missing))
        await stored_month.add_looked_up(
            await netsuite.look_up(
                context.netsuite.query, missing, currencies=context.settings.billing.currencies
            )
        )
    progress("Comparing", 0)
    gathered = await month_documents.with_what_was_taken(
        await stored_month.gather(context.settings.skus), month, context
    )
    handling = await month_documents.as_they_are(await stored_month.handling(), context)
    resting = await month_documents.resting(await stored_month.resting(), context)
    report = judge(
        month,
        gathered,
        connection=context.settings.name,
        zone=context.settings.schedule.timezone,
        head=head,
        handling=handling,
        resting=resting,
        orders=orders,
        decided=await stored_month.decided(),
        unread=unread_rows(spoiled),
    )
    report = await month_money.added(
        installation, report, context, month, gathered, resting=resting, money=money
    )
    return await tie_out.added(
        report,
        context,
        month,
        stored_month,
        gathered,
        resting=resting,
        stock=stock,
        openings=openings,
    )


async def _with_decisions(
    installation: Installation, report: Report, context: ConnectionContext
) -> Report:
    """Return a report with what people decided about its differences."""
    async with installation.database.transaction() as on:
        about = (report.connection, month_end.FLOW.name, report.month)
        made = await decisions.of_month(on, *about)
        in_journal = await booked.of_month(on, *about, {one.key for one in made})
    known = await month_documents.of_decisions(made, context)
    return msgspec.structs.replace(
        report, differences=ordered(with_decisions(report.differences, known, in_journal))
    )


def _made_page(report_id: int, applied: AppliedConnection, person: str) -> MadePage:
    """Return who makes a report now, for its page."""
    now = datetime.now(applied.schedule.zone)
    return MadePage(
        report=report_id,
        by=person,
        at=f"{now:%Y-%m-%d %H:%M}",
        version=__version__,
        netsuite=transactions_at(applied),
    )


def _folder(installation: Installation, name: str, month: Month, report_id: int) -> Path:
    return installation.settings.data_dir / "reports" / name / f"{month}-{report_id}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _record(installation: Installation, done: MonthEnd, person: str) -> None:
    report = done.report
    kept = MadeReport(
        id=done.id,
        connection=report.connection,
        month=report.month,
        is_green=report.green,
        differences=report.open,
        explained=len(report.explained),
        head_number=report.head.number,
        head_hash=report.head.hash,
        files={str(path.resolve()): await asyncio.to_thread(_digest, path) for path in done.files},
        shown=month_json.kept(done.shown),
        version=__version__,
    )
    async with installation.database.transaction() as connection:
        await month_reports.record(connection, kept, person=person)
        await _alarm(connection, report)
        await month_documents.tell_unread(connection, installation.lanes, report)


async def _alarm(connection: Connection, report: Report) -> None:
    """Raise an alarm about a month that is not explained; a later green report ends it."""
    if report.green:
        await end_alarms(connection, report.connection, AlarmKind.RECONCILIATION, [report.month])
        return
    sentence, remedy = month_not_explained(report.month, len(report.open))
    await raise_alarm(
        connection,
        report.connection,
        AlarmKind.RECONCILIATION,
        report.month,
        sentence=sentence,
        remedy=remedy,
    )
