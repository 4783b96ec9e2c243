"""Which date a document carries: the fact's own while its period is open."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.rules.facts import PeriodFact
from ml_connector.words import Cause


def posting_date(
    fact_date: date,
    periods: Sequence[PeriodFact],
    policy: Literal["next-open", "park"],
    *,
    document: str,
    awaited: AwaitedKind = AwaitedKind.PERIOD,
) -> date:
    """Return the fact's date, or by policy the first open day after it.

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
    own = [period for period in periods if period.start <= fact_date <= period.end]
    if not own or own[0].open:
        return fact_date
    later = sorted(
        (period for period in periods if period.open and period.start > fact_date),
        key=lambda period: period.start,
    )
    if policy == "next-open" and later:
        return later[0].start
    raise NeedsHuman(
        f"Posting period {own[0].name} is closed in NetSuite: {document} of {fact_date} waits",
        cause=Cause.PERIOD_CLOSED,
        remedy=(
            'Reopen the period, or set closed_period = "next-open" to post on the first open'
            " day with the true date in the memo."
        ),
        waiting_for=[
            awaited.named(f"{fact_date:%Y-%m}"),
            AwaitedKind.POLICY.named("closed_period"),
        ],
    )
