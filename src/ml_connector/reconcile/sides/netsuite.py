"""NetSuite's side of a month: our documents, and others' movements at our locations."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import (
    MoneyLine,
    StockLine,
    bill_pages,
    bills_of,
    others_of_items,
    others_stock,
    our_stock,
    stock_of,
)
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.currency import currency_shown
from ml_connector.reconcile.stored.rows import Missing
from ml_connector.reconcile.transaction_types import BILLS, TYPES

_NONE_NAMED: Final[Mapping[str, str]] = MappingProxyType({})


async def movements(
    suiteql: SuiteQL,
    month: Month,
    *,
    locations: Sequence[str],
    vendor: str | None,
    currencies: Mapping[str, str] = _NONE_NAMED,
) -> AsyncIterator[list[Movement]]:
    """Yield NetSuite's lines dated in the month.

    Args:
        suiteql: the account.
        month: which month.
        locations: internal ids of the locations whose stock ShipBob holds.
        vendor: ShipBob's vendor; None where bills are not kept.
        currencies: NetSuite's internal ids of currencies by their codes.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    first, after = month.first, month.after
    async for stock in our_stock(suiteql, first, after):
        yield [of_stock(line) for line in stock]
    async for stock in others_stock(suiteql, locations, first, after):
        yield [of_stock(line) for line in stock if _affects_stock(line)]
    pending: list[MoneyLine] = []
    async for page in bill_pages(suiteql, vendor, first, after):
        pending += page
        # The lines of a bill may lie on two pages: the last bill waits for the next one.
        last = pending[-1].id
        yield of_bills((line for line in pending if line.id != last), currencies)
        pending = [line for line in pending if line.id == last]
    yield of_bills(pending, currencies)


async def look_up(
    suiteql: SuiteQL, missing: Sequence[Missing], *, currencies: Mapping[str, str] = _NONE_NAMED
) -> list[Movement]:
    """Return the lines of documents of ours, whatever their date.

    They are looked up by external id, then by internal id: a person who removes the one leaves
    the other.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    bills = [one for one in missing if TYPES.get(one.kind) in BILLS]
    stock = [one for one in missing if TYPES.get(one.kind) not in BILLS]
    found: list[Movement] = []
    external_ids = [one.external_id for one in stock]
    found += map(of_stock, await stock_of(suiteql, external_ids=external_ids))
    external_ids = [one.external_id for one in bills]
    found += of_bills(await bills_of(suiteql, external_ids=external_ids), currencies)
    known = {line.external_id for line in found}
    ids = [one.remote_id for one in stock if one.external_id not in known]
    found += map(of_stock, await stock_of(suiteql, ids=ids))
    ids = [one.remote_id for one in bills if one.external_id not in known]
    found += of_bills(await bills_of(suiteql, ids=ids), currencies)
    return found


async def taken_by_others(
    suiteql: SuiteQL, items: Sequence[str], location: str, *, first: date, before: date
) -> dict[tuple[str, str], Decimal]:
    """Return what others took of these items from a location, by item and location.

    Args:
        suiteql: the account.
        items: internal ids, at most 1,000.
        location: its internal id.
        first: the first day.
        before: the day after the last one.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    async for page in others_of_items(suiteql, items, location, first):
        for line in page:
            counts = line.posting and not line.voided and _affects_stock(line)
            if counts and line.trandate < before:
                taken[line.item, location] -= line.quantity
    return taken


def of_stock(line: StockLine) -> Movement:
    """Return a line of stock as it is compared."""
    return Movement(
        id=line.id,
        line=line.line,
        type=line.type,
        date=line.trandate,
        number=line.tranid,
        external_id=line.externalid,
        memo=line.memo,
        entity=line.entity,
        created_from=line.createdfrom,
        order_type=line.ordertype,
        item=line.item,
        item_name=line.itemid,
        location=line.location,
        quantity=line.quantity,
        voided=bool(line.voided),
        posted=bool(line.posting),
        kit=line.itemtype == "Kit",
    )


def of_bills(
    lines: Iterable[MoneyLine], currencies: Mapping[str, str] = _NONE_NAMED
) -> list[Movement]:
    """Return the lines of bills as they are compared: money owed is positive.

    Each line counts once, though an account with several accounting books lists it in each.
    It is not documented whether a credit's lines are negative (NS-033): here they become so.
    """
    codes = {internal_id: code.upper() for code, internal_id in currencies.items()}
    by_id: dict[str, dict[int, MoneyLine]] = defaultdict(dict)
    for line in lines:
        by_id[line.id].setdefault(line.line, line)
    found: list[Movement] = []
    for bill in by_id.values():
        total = sum((line.foreignamount for line in bill.values()), Decimal(0))
        is_credit = next(iter(bill.values())).type == "VendCred"
        sign = -1 if (total > 0 if is_credit else total < 0) else 1
        found += [_money(line, sign, codes) for _, line in sorted(bill.items())]
    return found


def _money(line: MoneyLine, sign: int, codes: Mapping[str, str]) -> Movement:
    return Movement(
        id=line.id,
        line=line.line,
        type=line.type,
        date=line.trandate,
        number=line.tranid,
        external_id=line.externalid,
        memo=line.memo,
        entity=line.entity,
        location=line.location,
        amount=line.foreignamount * sign,
        account=line.account,
        currency=currency_shown(line.currency, line.currencyname, codes),
        voided=bool(line.voided),
        posted=bool(line.posting),
    )


def _affects_stock(line: StockLine) -> bool:
    """Return whether a line moves stock; where the account does not say, it counts as one."""
    return line.isinventoryaffecting is not Flag.F
