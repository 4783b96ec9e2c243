"""Which date a document carries: the fact's own while its period is open."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.queries.setup import is_sealed
from ml_connector.rules.facts import PeriodFact
from ml_connector.words import Cause


def local_day(moment: datetime | None, settings: ConnectionSettings) -> date | None:
    """Return the merchant's local date of a moment; None for none."""
    return None if moment is None else moment.astimezone(settings.schedule.zone).date()


def needed_day(moment: datetime | None, settings: ConnectionSettings, *, of: str) -> date:
    """Return the merchant's local date of a moment that a document is to be dated by.

    Args:
        moment: None where the source names none that can be read.
        settings: of the connection.
        of: what happened then, for the message, such as ``WRO 90311 was stowed``.

    Raises:
        NeedsHuman: there is no such moment. Another date is never put in its place.
    """
    day = local_day(moment, settings)
    if day is None:
        raise NeedsHuman(
            f"ShipBob does not say when {of}: the date is missing or can't be read",
            cause=Cause.DATE_MISSING,
            remedy=(
                "Have ShipBob correct the date: it then goes on by itself. Or enter the document"
                " by hand in NetSuite, with the date that is right."
            ),
        )
    return day


def posting_date(
    fact_date: date,
    periods: Sequence[PeriodFact],
    policy: Literal["next-open", "park"],
    *,
    document: str,
    awaited: AwaitedKind = AwaitedKind.PERIOD,
) -> date:
    """Return the fact's date, or by policy the first open day after it.

    A month that the connection has closed itself is closed like a period of the account.

    Where the role can't read the account's periods (netsuite.md section 5), the fact's date is
    taken, and NetSuite refuses the document if the period is closed.

    Args:
        fact_date: the merchant's local date of the fact.
        periods: the posting periods around it, as far as they are known.
        policy: what to do when the fact's period is closed.
        document: what is to be posted, for the message.
        awaited: the kind of thing that a parked subject waits for: ``period``, or
            ``bill_period`` where the lock of payables counts too.

    Raises:
        NeedsHuman: the period is closed and the policy is to park, or nothing later is open.
    """
    closed = [period for period in _of_day(fact_date, periods) if not period.open]
    if not closed:
        return fact_date
    later = sorted(
        period.start
        for period in periods
        if period.start > fact_date and all(one.open for one in _of_day(period.start, periods))
    )
    if policy == "next-open" and later:
        return later[0]
    sealed = next((period.name for period in closed if is_sealed(period.name)), None)
    what = (
        f"Posting period {closed[0].name} is closed in NetSuite"
        if sealed is None
        else f"Month {fact_date:%Y-%m} is closed (ml-connector reconcile --close)"
    )
    reopen = (
        "Reopen the period"
        if sealed is None
        else f"Open it again with ml-connector reconcile {fact_date:%Y-%m} --unseal --note TEXT"
    )
    raise NeedsHuman(
        f"{what}: {document} of {fact_date} waits",
        cause=Cause.PERIOD_CLOSED,
        remedy=(
            f'{reopen}, or set closed_period = "next-open" to post on the first open'
            " day with the true date in the memo."
        ),
        waiting_for=[
            awaited.named(f"{fact_date:%Y-%m}"),
            AwaitedKind.POLICY.named("closed_period"),
        ],
    )


def closed_to_news(day: date | None, periods: Sequence[PeriodFact]) -> PeriodFact | None:
    """Return the period that keeps a document of a day from any change; None where none does.

    Where the account allows changes that don't touch the ledger, a closed period takes them
    (netsuite.md section 13.5, ``allownonglchanges``). One that isn't known keeps nothing.
    """
    own = [] if day is None else _of_day(day, periods)
    return next((one for one in own if not (one.open or one.takes_news)), None)


def _of_day(day: date, periods: Sequence[PeriodFact]) -> list[PeriodFact]:
    """Return the period of a day; several only where they are of the same days.

    A period within another is an adjusting one, such as the last day of a year: it does not
    decide whether the month is open (netsuite.md section 16.14).
    """
    own = [period for period in periods if period.start <= day <= period.end]
    longest = max((period.end - period.start for period in own), default=None)
    return [period for period in own if period.end - period.start == longest]
