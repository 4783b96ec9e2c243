"""A bill of ours that is gone, and the one that somebody entered in its place."""

from datetime import date
from decimal import Decimal

import msgspec

from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import DecidedAbout, KeptDecision
from ml_connector.ledger.decisions.differences import DecidedDifference, DecidedMove
from ml_connector.reconcile.compare.report import Difference, Report
from ml_connector.rules.decisions.bills import GoneBill, bill_instead
from ml_connector.rules.decisions.decided import document_name


async def bill_handled(
    found: Difference,
    about: DecidedDifference,
    number: str,
    context: ConnectionContext,
    report: Report,
) -> DecidedAbout:
    """Return what is decided about a bill that is gone, whole: all its accounts at once.

    Args:
        found: the difference of one of its accounts.
        about: the same, as a decision keeps it.
        number: of the bill that stands for ours.
        context: of the connection.
        report: of the month, which shows the other accounts.

    Raises:
        UserError: the bill that is named does not stand for ours.
    """
    day = date.fromisoformat(found.documents[0].date)
    accounts = [
        one
        for one in report.open
        if (one.kind, one.external_id) == (found.kind, found.external_id)
    ]
    billing = context.settings.billing
    gone = GoneBill(
        name=found.external_id,
        total=-sum((_missing(one) for one in accounts), Decimal(0)),
        currency=found.currency,
        vendor=billing.vendor,
        currencies=billing.currencies,
    )
    document = await bill_instead(number, gone, context.reads)
    moves = tuple(
        DecidedMove(
            day=day, value=_missing(one), account=one.item or None, currency=found.currency
        )
        for one in accounts
    )
    whole = msgspec.structs.replace(
        about, taken=Decimal(0), account=None, currency=None, moves=moves
    )
    return DecidedAbout(difference=whole, document=document)


def refuse_taken(about: DecidedAbout, others: list[KeptDecision], key: str) -> None:
    """Stop where a bill stands for another one of ours already.

    Args:
        about: what is decided.
        others: decisions that name the same document.
        key: of the difference.

    Raises:
        UserError: so it is.
    """
    if about.document is None or about.difference is None or not about.difference.moves:
        return
    for one in others:
        if one.key != key:
            raise UserError(
                f"{document_name(about.document)} stands for {one.flow} {one.key} already:"
                f" decision {one.id}",
                where="--document",
                next_step="Nothing was decided. Name the bill that was entered for this one.",
            )


def _missing(one: Difference) -> Decimal:
    """Return what NetSuite has beyond what was posted on one account: less than nothing."""
    return (one.netsuite or Decimal(0)) - (one.journal or Decimal(0))
