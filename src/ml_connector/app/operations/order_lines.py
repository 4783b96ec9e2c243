"""What a month end is told of purchase order lines, from NetSuite, ShipBob and our own books."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import Unreadable
from ml_connector.flows.receiving.facts import ReceivingOrder
from ml_connector.ledger.postings import survey
from ml_connector.netsuite.queries.purchase_orders import ReceiptLine
from ml_connector.reconcile.compare.order_lines import LineThen, OrderSide, in_doubt
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.order_lines import doubtful, order_side, receipt_lines
from ml_connector.rules.external_ids import wro_of
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.receiving import ENDED


async def read(
    installation: Installation,
    context: ConnectionContext,
    order_ids: Collection[str],
    month: Month,
    *,
    recent: bool,
) -> OrderSide:
    """Return what is ordered and received on the lines of these orders.

    Where our receipts of the month do not fit their lines, each receipt of the order is read, and
    for those of ours what excuses them: where their goods go, and what the policy was.

    Args:
        installation: where.
        context: of the connection.
        order_ids: internal ids of the purchase orders that were received from in the month.
        month: of the report.
        recent: whether ShipBob is asked what is on its way; of a month long ago nothing is.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    settings, suiteql = context.settings, context.netsuite.query
    side = await order_side(suiteql, order_ids, month, mapped=settings.locations.values())
    if recent:
        side = side._replace(on_its_way=await _on_its_way(context, side))
    doubted = in_doubt(side)
    if not doubted:
        return side
    lines = await receipt_lines(suiteql, doubted)
    return side._replace(
        doubtful=doubtful(
            lines,
            await _goods_at(context, lines),
            may_exceed=await _may_exceed(installation, context, lines),
            then=await _lines_then(installation, context, lines),
        )
    )


async def _on_its_way(context: ConnectionContext, side: OrderSide) -> dict[tuple[str, str], int]:
    """Return the units that WROs of the orders still bring, by order and SKU.

    A WRO that can't be read brings none that are known: its row is told elsewhere.
    """
    if "receiving" in context.settings.flows_off:
        return {}
    numbers = sorted({line.order for line in side.lines if "," not in line.order})
    found = await asyncio.gather(
        *map(context.reads.wros_of_order, numbers), return_exceptions=True
    )
    units: dict[tuple[str, str], int] = defaultdict(int)
    for number, wros in zip(numbers, found, strict=True):
        if isinstance(wros, BaseException):
            if not isinstance(wros, Unreadable):
                raise wros
            continue
        for wro in wros:
            for line in wro.inventory_quantities if wro.status not in ENDED else ():
                left = line.expected_quantity - line.stowed_quantity
                units[number, (line.sku or "").strip()] += max(left, 0)
    return dict(units)


async def _goods_at(context: ConnectionContext, lines: Collection[ReceiptLine]) -> dict[int, str]:
    """Return the locations of the centers that WROs' goods go to: behind a hub, the one there."""
    wros = {wro for line in lines if (wro := wro_of(line.externalid)) is not None}
    found = await _shown(context, sorted(wros))
    centers = {wro.id: wro.behind_hub or wro.fulfillment_center.id for wro in found}
    locations = context.settings.locations
    return {wro: at for wro, center in centers.items() if (at := locations.get(str(center)))}


async def _shown(context: ConnectionContext, wros: Sequence[int]) -> list[Wro]:
    """Return those of these WROs that ShipBob shows and that can be read; the log has the others.

    Where the goods of the others go is not known, as of a WRO that ShipBob does not show.
    """
    try:
        return await context.reads.known_wros(wros)
    except Unreadable:
        each = [await _one_shown(context, wro) for wro in wros]
        return [wro for found in each for wro in found]


async def _one_shown(context: ConnectionContext, wro: int) -> list[Wro]:
    try:
        return await context.reads.known_wros([wro])
    except Unreadable:
        return []


async def _lines_then(
    installation: Installation, context: ConnectionContext, lines: Collection[ReceiptLine]
) -> dict[tuple[str, str, int], LineThen]:
    """Return the lines of orders as the runs saw them that posted receipts of ours on them."""
    ours = {line.externalid for line in lines if wro_of(line.externalid) is not None}
    external_ids = {one for one in ours if one is not None}
    async with installation.database.transaction() as on:
        seen = await survey.orders_when_posted(on, context.settings.name, external_ids)
    return {
        (external_id, order.id, line.line): LineThen(
            item=line.item_id,
            location=line.location,
            left=Decimal(line.open_quantity * line.eaches),
        )
        for external_id, orders in seen.items()
        for order in msgspec.convert(orders, list[ReceivingOrder], str_keys=True)
        for line in order.lines
    }


async def _may_exceed(
    installation: Installation, context: ConnectionContext, lines: Collection[ReceiptLine]
) -> dict[str, bool]:
    """Return of our receipts whether surplus was received on a line when they were posted."""
    settings = context.settings
    named = {line.externalid for line in lines if wro_of(line.externalid) is not None}
    external_ids = {one for one in named if one is not None}
    async with installation.database.transaction() as on:
        then = await survey.policies_when_posted(on, settings.name, "over_receipt", external_ids)
    now = settings.policies.over_receipt
    return {one: (policy or now) == "receive" for one, policy in then.items()}
