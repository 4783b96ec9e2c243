"""Closing a month, and opening it again."""

from datetime import date, timedelta

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.awaited import AwaitedKind
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.errors import UserError
from ml_connector.ledger import month_seals
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile.after_close import after_close, figures
from ml_connector.reconcile.compare.report import Report, identified, ordered
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.tie_out.openings import Openings, closing, sealed


def check_over(month: Month, *, today: date) -> None:
    """See that a month can be closed.

    Args:
        month: which.
        today: the merchant's local date.

    Raises:
        UserError: it has not ended.
    """
    if today <= month.last:
        raise UserError(
            f"{month} has not ended, so it can't be closed",
            where="--close",
            next_step=f"Close it from {month.after} on; until then make its report.",
        )


async def with_seal(installation: Installation, report: Report) -> Report:
    """Return a report with what changed since its month was closed, where it is."""
    async with installation.database.transaction() as on:
        seal = await month_seals.standing(on, report.connection, report.month)
    if seal is None:
        return report
    changed = identified(report.month, after_close(report, seal))
    return msgspec.structs.replace(report, differences=ordered([*report.differences, *changed]))


async def openings(installation: Installation, name: str, month: Month) -> Openings:
    """Return with what stock a month begins: as the one before was closed, if it is.

    Args:
        installation: where.
        name: of the connection.
        month: which.
    """
    before = Month.of(month.first - timedelta(days=1))
    async with installation.database.transaction() as on:
        return sealed(await month_seals.closing_of(on, name, str(before)))


async def close(
    installation: Installation, report: Report, report_id: int, *, person: str
) -> tuple[Seal | None, bool]:
    """Close the month of a report that was recorded, where nothing of it is left to explain.

    Args:
        installation: where.
        report: of the month.
        report_id: of its record.
        person: who closes it.

    Returns:
        The seal that stands, and whether it was made now. A month that is closed stays as it is.
    """
    async with installation.database.transaction() as on:
        known = await month_seals.standing(on, report.connection, report.month)
        if known is not None or not report.green:
            return known, False
        await month_seals.seal(
            on,
            report.connection,
            report.month,
            report=report_id,
            figures=figures(report),
            closing=None if report.tie_out is None else closing(report.tie_out),
            person=person,
        )
        return await month_seals.standing(on, report.connection, report.month), True


async def unseal(
    installation: Installation, applied: AppliedConnection, month: Month, *, person: str, note: str
) -> int:
    """Open a month again, and wake what waited for it; return how many subjects that are.

    Args:
        installation: where.
        applied: the connection.
        month: which.
        person: who opens it.
        note: why; kept with the seal.

    Raises:
        UserError: there is no note, or the month is not closed.
    """
    if not note.strip():
        raise UserError(
            "It is not said why the month is opened again",
            where="--note",
            next_step="Add --note with the reason: it is kept with the seal.",
            usage=True,
        )
    things = [kind.named(str(month)) for kind in (AwaitedKind.PERIOD, AwaitedKind.BILL_PERIOD)]
    async with installation.database.transaction() as on:
        if not await month_seals.unseal(
            on, applied.name, str(month), person=person, note=note.strip()
        ):
            raise UserError(
                f"{month} is not closed",
                where=f"connection {applied.name}",
                next_step="See which are: ml-connector reconcile --list",
            )
        woken = await wake(
            on, installation.lanes, applied.name, things, because=f"{month} was opened again"
        )
    return len(woken)
