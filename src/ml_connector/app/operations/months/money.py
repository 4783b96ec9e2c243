"""Money of a month end: reads both systems' own word on it, and ties it out.

Both are read before the journal's snapshot and, where anything is red, NetSuite once more after
it: a bill that is posted meanwhile shows in one of the two only.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.ledger.sources import charge_sums
from ml_connector.reconcile.compare.compare import Gathered
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report, identified, ordered
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.money.charges import FeeChart, chart
from ml_connector.reconcile.money.differences import differences
from ml_connector.reconcile.money.judge import MoneySides, tie_money
from ml_connector.reconcile.money.rows import MoneyTie, OpenInvoice
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.money import (
    NOT_ASKED,
    NetSuiteMoney,
    ShipBobMoney,
    charged,
    named_invoices,
    netsuite_money,
    shipbob_money,
    without_accounts,
)
from ml_connector.transport.spoiled import gathering

_INVOICE: Final = "invoice "
_HIDDEN: Final = (
    "NetSuite does not show the connection's role which accounts bills go to: money is tied out by"
    " currency only."
)
_FORGOTTEN: Final = (
    "The month is too long ago to ask ShipBob's lists: its invoices and charges are those kept."
)


class MoneyOfBoth(NamedTuple):
    """What both systems say of money, as it was read at one time."""

    shipbob: ShipBobMoney
    netsuite: NetSuiteMoney


Money = MoneyOfBoth | str
"""Both systems' money, or why it was not read."""


async def measured(context: ConnectionContext, month: Month, *, recent: bool) -> Money:
    """Read both systems' money, or say why a month's money is not tied out.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    if "billing" in context.settings.flows_off:
        return "Money is not tied out: the flow billing is off under [flows]."
    if context.settings.billing.vendor is None:
        return "Money is not tied out: no vendor is set under [billing]."
    shipbob = await shipbob_money(context.shipbob.billing, month) if recent else NOT_ASKED
    return MoneyOfBoth(shipbob, await _netsuite(context, month))


async def _netsuite(context: ConnectionContext, month: Month) -> NetSuiteMoney:
    billing = context.settings.billing
    return await netsuite_money(
        context.netsuite.query, billing.vendor or "", month, billing.currencies
    )


async def added(
    installation: Installation,
    report: Report,
    context: ConnectionContext,
    month: Month,
    gathered: Gathered,
    *,
    resting: Sequence[HandlingDocument],
    money: Money,
) -> Report:
    """Return a report with its money tied out, and with what of it is to be resolved.

    Args:
        installation: where charges are kept.
        report: of the month, three ways.
        context: of the connection.
        month: which month.
        gathered: the sides of the report.
        resting: documents of others because of which facts are refused: they must be there.
        money: as it was measured before.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    if isinstance(money, str):
        return msgspec.structs.replace(report, money_not_tied=money)
    known = _known(report, gathered, {one.source for one in resting})
    done = await _tied(installation, context, month, money, known)
    if any(one.red for one in done.lines):
        with gathering([]):  # what can't be read was told by the first reading
            again = MoneyOfBoth(money.shipbob, await _netsuite(context, month))
        done = _better(done, await _tied(installation, context, month, again, known))
    found = identified(str(month), ordered(differences(done)))
    return msgspec.structs.replace(
        report, money=done, differences=ordered([*report.differences, *found])
    )


async def _tied(
    installation: Installation,
    context: ConnectionContext,
    month: Month,
    money: MoneyOfBoth,
    known: MoneySides,
) -> MoneyTie:
    settings = context.settings
    fees: FeeChart = chart(settings.billing)
    bills = money.netsuite
    named = named_invoices(bills, known.taken)
    found = await charged(
        installation.database, settings.name, month, money.shipbob, fees, named=named
    )
    if bills.hidden:
        found = without_accounts(found)
    unknown = sorted(named - set(found.invoices))
    return tie_money(
        month,
        msgspec.structs.replace(
            known,
            vendor=settings.billing.vendor or "",
            start=settings.start_date,
            invoices=found.invoices,
            uninvoiced=found.uninvoiced,
            fees=found.fees,
            no_cost=found.no_cost,
            bills=bills.bills,
            accounts=bills.accounts,
            of_fees=fees.of_fees,
            subsidiary=settings.billing.subsidiary or "",
            elsewhere=frozenset(
                await charge_sums.invoices_of_others(installation.database, settings.name, unknown)
                if unknown
                else ()
            ),
            notes=(
                *((_HIDDEN,) if bills.hidden else ()),
                *((_FORGOTTEN,) if money.shipbob is NOT_ASKED else ()),
            ),
        ),
    )


def _better(first: MoneyTie, second: MoneyTie) -> MoneyTie:
    """Return the second reading, with what tied out in the first: it moves just now."""
    before = {one.place: one for one in first.lines if not one.red}
    lines = [before.get(one.place, one) if one.red else one for one in second.lines]
    return msgspec.structs.replace(
        second, lines=tuple(sorted(lines, key=lambda one: (not one.red, one.place)))
    )


def _known(report: Report, gathered: Gathered, resting: Collection[str]) -> MoneySides:
    """Return what is known of a month, as far as it may explain a difference of money. Pure."""
    told, bills = _told(report.differences)
    return MoneySides(
        open=_with_decided(_open(gathered.states, resting), report.differences),
        told=told,
        told_bills=bills,
        taken={
            one: number
            for one, source in gathered.taken.items()
            if (number := _number(source.partition(",")[0])) is not None
        },
        separate=gathered.separate,
    )


def _open(states: Sequence[SourceState], resting: Collection[str]) -> Mapping[int, OpenInvoice]:
    found: dict[int, OpenInvoice] = {}
    for state in states:
        fact = state.fact
        number = _number(fact.source)
        if number is None:
            continue
        before = found.get(number, OpenInvoice())
        why = fact.waiting.sentence if fact.waiting and state.rest else fact.reason
        stands = fact.by_person and fact.source not in resting
        found[number] = OpenInvoice(
            waiting=before.waiting + state.rest,
            refused=before.refused + (state.refused if stands else 0),
            says=before.says or why,
            lines=before.lines + bool(state.rest),
        )
    return found


def _with_decided(
    known: Mapping[int, OpenInvoice], found: Sequence[Difference]
) -> Mapping[int, OpenInvoice]:
    """Return what is known of invoices, with what people took as it is of their bills."""
    decided = dict(known)
    for one in found:
        number = _number(one.source)
        if number is not None and one.kind is Kind.FACT_ACCEPTED and one.journal is not None:
            before = decided.get(number, OpenInvoice())
            decided[number] = msgspec.structs.replace(before, decided=before.decided - one.journal)
    return decided


_OF_LINES: Final = frozenset(
    {Kind.AMOUNT_CHANGED, Kind.ACCOUNT_CHANGED, Kind.DOCUMENT_DELETED, Kind.DOCUMENT_VOIDED}
)
_OF_COPIES: Final = frozenset({Kind.DOCUMENT_DOUBLED, Kind.DOCUMENT_UNKNOWN})


def _told(
    found: Sequence[Difference],
) -> tuple[Mapping[tuple[int, str, str], Decimal], frozenset[str]]:
    """Return what differences of bills come to, and the bills that some are of whole."""
    told: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    bills: set[str] = set()
    for one in found:
        if not one.currency:
            continue
        number = _number(one.source)
        if one.kind in _OF_COPIES:
            bills.update(ref.id for ref in one.documents[-1:])
        elif number is not None and one.kind is Kind.CURRENCY_CHANGED:
            told[number, "", one.currency] += Decimal(0)
            bills.update(ref.id for ref in one.documents)
        elif number is not None and one.kind in _OF_LINES:
            gap = (one.journal or Decimal(0)) - (one.netsuite or Decimal(0))
            told[number, one.item, one.currency] += gap
    return dict(told), frozenset(bills)


def _number(source: str) -> int | None:
    """Return the number of the invoice that a source is; None for any other."""
    key = source.removeprefix(_INVOICE)
    return int(key) if key != source and key.isdecimal() else None
