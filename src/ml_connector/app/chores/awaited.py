"""What is looked at from time to time: things that subjects wait for."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import subjects
from ml_connector.reads.reads import Reads

_log = structlog.get_logger("watch")

_NEW: Final = timedelta(minutes=10)
_OLD_EVERY: Final = timedelta(minutes=1)


class Awaited:
    """Looks whether what stopped subjects wait for has appeared in NetSuite.

    What began to wait lately is looked for at every turn; what waits for long, once a
    minute. One query asks for all of a kind.
    """

    def __init__(self, installation: Installation, contexts: ConnectionContexts) -> None:
        self._installation = installation
        self._contexts = contexts
        self._looked: dict[str, datetime] = {}

    async def look(self) -> None:
        """Look once, for all connections."""
        async with self._installation.database.transaction() as connection:
            known = await connections.every(connection)
        for applied in known:
            if applied.paused:
                continue
            try:
                await self._look(applied)
            except ConnectorError as error:
                _log.info("can_not_look", connection=applied.name, reason=str(error))

    async def _look(self, applied: AppliedConnection) -> None:
        async with self._installation.database.transaction() as connection:
            things = await subjects.waiting(connection, applied.name)
        if not things:
            return
        now = datetime.now(UTC)
        lately = any(now - since < _NEW for since in things.values())
        if not lately and now - self._looked.get(applied.name, now - _OLD_EVERY) < _OLD_EVERY:
            return
        self._looked[applied.name] = now
        context = await self._contexts.open(applied.name)
        appeared = await find_appeared(context.reads, things)
        if appeared:
            async with self._installation.database.transaction() as connection:
                woken = await wake(
                    connection,
                    self._installation.lanes,
                    applied.name,
                    appeared,
                    because=f"appeared: {', '.join(sorted(appeared))[:200]}",
                )
            _log.info("woke", connection=applied.name, things=sorted(appeared), count=len(woken))


async def find_appeared(reads: Reads, things: Collection[str]) -> set[str]:
    """Return those of the awaited things that are there now."""
    wanted: dict[str, dict[str, str]] = {}
    for thing in things:
        kind, _, name = thing.partition(":")
        wanted.setdefault(kind, {})[name] = thing
    appeared: set[str] = set()
    if items := wanted.get("sku"):
        matching = await reads.items(items)
        appeared |= {
            items[name]
            for name, matches in matching.items()
            if sum(not item.isinactive for item in matches) == 1
        }
    appeared |= await _active_items(reads, wanted.get("item", {}))
    appeared |= await _linked_uros(reads, wanted.get("uro", {}))
    appeared |= await _what_returns_wait_for(reads, wanted)
    for number, thing in wanted.get("purchase_order", {}).items():
        if any(order.status in "BDEFG" for order in await reads.orders(number)):
            appeared.add(thing)
    appeared |= await _appeared_for_shipments(reads, wanted)
    if products := wanted.get("product"):
        variants = await reads.variants(products)
        appeared |= {
            products[sku]
            for sku, found in variants.items()
            if any(variant.inventory and variant.status in {"Active", ""} for variant in found)
        }
    for kind in ("period", "bill_period"):
        for month, thing in wanted.get(kind, {}).items():
            if await _period_is_open(reads, month, for_bills=kind == "bill_period"):
                appeared.add(thing)
    return appeared


async def _active_items(reads: Reads, wanted: Mapping[str, str]) -> set[str]:
    there = await reads.items_by_id(wanted)
    return {wanted[item] for item, found in there.items() if not found.isinactive}


async def _linked_uros(reads: Reads, wanted: Mapping[str, str]) -> set[str]:
    """Return the unidentified receiving orders that have a WRO now, or are no more."""
    appeared: set[str] = set()
    for number, thing in wanted.items():
        uro = await reads.unidentified.get(int(number))
        if uro is None or uro.linked_wro_id:
            appeared.add(thing)
    return appeared


async def _period_is_open(reads: Reads, month: str, *, for_bills: bool) -> bool:
    day = datetime.strptime(f"{month}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
    reads.forget_periods()
    return any(
        (period.open_for_bills if for_bills else period.open_for_stock)
        and period.startdate <= day <= period.enddate
        for period in await reads.periods(day)
    )


async def _what_returns_wait_for(
    reads: Reads, wanted: Mapping[str, Mapping[str, str]]
) -> set[str]:
    """Return the authorizations that can be received from, and orders that were fulfilled."""
    appeared: set[str] = set()
    for name, thing in wanted.get("return_authorization", {}).items():
        found = await reads.returns.authorizations(name)
        if any(one.status in "BDEFG" for one in found):
            appeared.add(thing)
    for state, thing in wanted.get("fulfilled_units", {}).items():
        key, _, units = state.rpartition(">")
        orders = await reads.shipments.sales_orders(key)
        fulfilled = (line.fulfilled_quantity for order in orders for line in order.lines)
        if sum(fulfilled) > int(units):
            appeared.add(thing)
    return appeared


async def _appeared_for_shipments(
    reads: Reads, wanted: Mapping[str, Mapping[str, str]]
) -> set[str]:
    """Return those of the sales orders and fulfilments waited for that are there now.

    ``sales_order:<reference>`` is there when exactly one matches that is not cancelled,
    ``open_sales_order:<reference>`` when that one can be fulfilled too, and
    ``fulfillment:<count>:<reference>`` when it has more fulfilments than that.
    """
    orders = wanted.get("sales_order", {})
    open_orders = wanted.get("open_sales_order", {})
    more = {
        thing: (reference, int(count))
        for name, thing in wanted.get("fulfillment", {}).items()
        for count, _, reference in [name.partition(":")]
    }
    references = sorted({*orders, *open_orders, *(reference for reference, _ in more.values())})
    answers = await asyncio.gather(*map(reads.shipments.sales_orders, references))
    found = {
        reference: [order for order in matches if order.status != "C"]
        for reference, matches in zip(references, answers, strict=True)
    }
    appeared = {thing for reference, thing in orders.items() if len(found[reference]) == 1}
    appeared |= {
        thing
        for reference, thing in open_orders.items()
        if [order.status in "BDE" for order in found[reference]] == [True]
    }
    appeared |= {
        thing
        for thing, (reference, count) in more.items()
        if sum(len(order.fulfillments) for order in found[reference]) > count
    }
    return appeared
