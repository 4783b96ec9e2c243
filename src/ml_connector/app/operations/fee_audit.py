"""The fee audit and the accruals of a connection."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.fee_audit.accruals import Accrual, accruals, in_order, of_invoices
from ml_connector.fee_audit.fees import Audit, audit
from ml_connector.fee_audit.gathering import gather
from ml_connector.fee_audit.rates import LOOK_BACK
from ml_connector.flows.billing.invoice_lines import grouped
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.sources import charges, unposted
from ml_connector.storage.database import Database
from ml_connector.transport.call import Priority, working_at


async def audit_fees(
    installation: Installation,
    applied: AppliedConnection,
    *,
    first: date | None,
    last: date | None,
) -> tuple[Audit, date, date]:
    """Hold the kept charges of a period against what caused them.

    Args:
        installation: where.
        applied: the connection.
        first: day of the period; None: 90 days ago, so that everything can still be claimed.
        last: day of the period; None: today in the merchant's zone.

    Raises:
        ConnectorError: ShipBob can't be asked.
    """
    context = await ConnectionContexts(installation).open(applied.name)
    end = last or datetime.now(context.settings.schedule.zone).date()
    begin = first or end - LOOK_BACK
    known = [
        charge
        async for charge in charges.charged_between(
            installation.database, applied.name, begin - LOOK_BACK, end
        )
    ]
    period = (one for one in known if one.charged_on is not None and one.charged_on >= begin)
    with working_at(Priority.REPORT):
        evidence = await gather(context.shipbob, period, first=begin, last=end)
    return audit(known, evidence, first=begin, last=end), begin, end


async def accrue(
    installation: Installation, applied: AppliedConnection, *, at: date | None
) -> tuple[Sequence[Accrual], date]:
    """Return the charges that were not posted yet at the end of a day, by account.

    These are charges on no invoice dated by then, and the lines of invoices dated by then that
    waited, or whose bill is dated later.

    Args:
        installation: where.
        applied: the connection.
        at: the day; None: today in the merchant's zone.
    """
    return await accrued(installation.database, applied, at=at)


async def accrued(
    database: Database, applied: AppliedConnection, *, at: date | None
) -> tuple[Sequence[Accrual], date]:
    """Return the same from the books alone: no system is asked."""
    settings = applied.settings({})
    day = at or datetime.now(UTC).astimezone(settings.schedule.zone).date()
    open_charges = [
        charges.summed(charge)
        async for charge in charges.not_invoiced_at(database, applied.name, day)
    ]
    lines = await unposted.unposted_at(database, applied.name, day)
    groups = {
        number: grouped(await charges.sums(database, applied.name, number))
        for number in dict.fromkeys(line.invoice_id for line in lines)
    }
    found = [
        *accruals(grouped(open_charges), settings.billing),
        *of_invoices(lines, groups, settings.billing),
    ]
    return in_order(found), day
