"""Reading an order, what ShipBob knows of it, and which orders there is news of."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import Retryable
from ml_connector.flows.purchase_orders.facts import (
    OrderedLine,
    Products,
    PurchaseOrderFacts,
    VariantFact,
    WroFact,
)
from ml_connector.flows.purchase_orders.products import NAMED, bound_to, holding, shipbob_sku
from ml_connector.flows.purchase_orders.transfers import Transfer, read_transfer
from ml_connector.flows.purchase_orders.whose.reading import owner_of
from ml_connector.flows.purchase_orders.wro_receipts import (
    items_on,
    received_astray,
    received_of_purchase,
    received_of_transfer,
)
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.postings.announcements import WroOutcome
from ml_connector.netsuite.item_names import near_names, spellings
from ml_connector.netsuite.queries.purchase_orders import (
    OrderLine,
    PurchaseOrder,
    ReceiptLine,
)
from ml_connector.netsuite.queries.transfer_orders import TransferOrder
from ml_connector.netsuite.statuses import PURCHASE_ORDER_OPEN
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import read_decided
from ml_connector.rules.external_ids import known_by_memo, received_wros
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.rules.wro_lines import inventory_of
from ml_connector.shipbob.payloads import Variant, Wro
from ml_connector.words import Cause

_READ_AGAIN_SECONDS: Final = 1.0
"""After how long to read an order again that changed while it was read."""


class OrderSource(NamedTuple):
    """What NetSuite says of an order of either kind.

    Attributes:
        units: by line, the units of the lines that do not count in eaches.
        transfer: None for a purchase order.
    """

    order: PurchaseOrder
    units: Mapping[int, LineUnit]
    transfer: Transfer | None

    @property
    def lines(self) -> tuple[OrderedLine, ...]:
        """Its item lines, as the plan sees them."""
        return tuple(_line(line, self.order, self.units) for line in self.order.lines)

    @property
    def unseen(self) -> tuple[OrderedLine, ...]:
        """Its lines of items that the role may not see."""
        return tuple(_line(line, self.order, self.units) for line in self.order.unseen)


async def read(key: str, reads: Reads) -> PurchaseOrderFacts:
    """Gather an order of either kind, ShipBob's products for its lines, WROs and receipts."""
    decisions = await read_decided("purchase-orders", key, reads)
    return msgspec.structs.replace(await _read(key, reads), decisions=decisions)


async def _read(key: str, reads: Reads) -> PurchaseOrderFacts:
    source = await read_source(key, reads)
    read_at = datetime.now(UTC).replace(microsecond=0)
    if source is None:
        return await gone(key, await read_wros(key, "", reads), read_at, reads)
    order, lines = source.order, source.lines
    bindings = await reads.bindings.of_items({line.item for line in lines})
    products = Products({}, bindings, {}, {}, {})
    if order.status in PURCHASE_ORDER_OPEN:
        products = await _products(lines, bindings, reads)
    received = any(line.received for line in lines)
    receipts = await _receipts(source, reads) if received else ()
    also = received_wros(receipts)
    wros = await read_wros(order.id, order.tranid, reads, lines, products.bindings, also=also)
    if wros and not received:
        receipts = await _receipts(source, reads)
    facts = as_source_says(
        PurchaseOrderFacts(
            order_id=order.id,
            number=order.tranid,
            status=order.status,
            lines=lines,
            variants=products.by_sku,
            wros=wros,
            centers=tuple(center.id for center in await reads.centers()),
            read_at=read_at,
            bindings=products.bindings,
            bound=products.bound,
            held_by=products.held_by,
            near_skus=products.near_skus,
            announce_again=await announce_again(order.id, wros, reads),
        ),
        source,
    )
    return with_receipts(facts, source, receipts)


def as_source_says(facts: PurchaseOrderFacts, source: OrderSource) -> PurchaseOrderFacts:
    """Return facts with all that only NetSuite says of an order."""
    order, transfer = source.order, source.transfer
    return msgspec.structs.replace(
        facts,
        number=order.tranid,
        status=order.status,
        lines=source.lines,
        unseen=source.unseen,
        ordered_on=order.trandate,
        subsidiary=order.subsidiary,
        namesakes=order.namesakes,
        moved_from=transfer.source if transfer is not None else None,
        shares_number=transfer is not None and transfer.shares_number,
        unreadable=transfer is not None and transfer.unreadable,
        hidden=False,
    )


async def gone(
    key: str, wros: tuple[WroFact, ...], read_at: datetime, reads: Reads
) -> PurchaseOrderFacts:
    """Return the facts of an order that NetSuite does not show any more."""
    return PurchaseOrderFacts(
        order_id=key,
        number="",
        status="",
        lines=(),
        variants={},
        wros=wros,
        centers=(),
        read_at=read_at,
        hidden=not await reads.purchase_orders.is_deleted(key),
    )


async def either_order(key: str, reads: Reads) -> PurchaseOrder | TransferOrder | None:
    """Return the purchase or transfer order with an internal id; None when there is none."""
    return await reads.order(key) or await reads.transfers.order(key)


async def read_source(
    key: str, reads: Reads, *, known: Sequence[OrderedLine] = ()
) -> OrderSource | None:
    """Read what NetSuite says of an order; None when it shows none.

    Args:
        key: its internal id.
        reads: of the connection.
        known: its lines as they were read before; their units need no second proof.
    """
    order = await reads.order(key)
    if order is None:
        transfer = await read_transfer(key, reads)
        return OrderSource(transfer.order, transfer.units, transfer) if transfer else None
    proven = {
        (line.line, line.item, line.unit.unit): line.unit
        for line in known
        if line.unit is not None and not line.unit.problem
    }
    units = {
        line.line: proven[line.line, line.item, line.units or ""]
        for line in order.lines
        if (line.line, line.item, line.units or "") in proven
    }
    rest = [line for line in order.lines if line.line not in units]
    return OrderSource(order, units | await read_units(rest, "purchaseOrder", key, reads), None)


async def _receipts(source: OrderSource, reads: Reads) -> Sequence[ReceiptLine]:
    """Return the receipts of an order; none of a transfer order, whose receipts say nothing.

    Raises:
        Retryable: the order has changed since it was read.
    """
    if source.transfer is not None:
        return ()
    receipts = await reads.receipts(source.order.id)
    await _refuse_newer_receipts(source.order, receipts, reads)
    return receipts


def with_receipts(
    facts: PurchaseOrderFacts, source: OrderSource, receipts: Sequence[ReceiptLine]
) -> PurchaseOrderFacts:
    """Return facts with what was received of each WRO, and what of it astray. Pure."""
    receipts = known_by_memo(receipts)
    if source.transfer is not None:
        return msgspec.structs.replace(
            facts, wros=received_of_transfer(facts.wros, source.order), astray=()
        )
    return msgspec.structs.replace(
        facts,
        wros=received_of_purchase(facts.wros, receipts),
        astray=received_astray(source.lines, receipts, facts.wros),
    )


async def _refuse_newer_receipts(
    order: PurchaseOrder, receipts: Sequence[ReceiptLine], reads: Reads
) -> None:
    """Stop where a receipt was made between the reading of the order and that of its receipts.

    Its units would be open and received at the same time, and would be announced once more.

    Raises:
        Retryable: the order has changed meanwhile.
    """
    received: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in receipts:
        received[receipt.item] += receipt.quantity
    for line in order.lines:
        received[line.item] -= line.quantityshiprecv
    if any(units > 0 for units in received.values()) and await reads.order(order.id) != order:
        raise Retryable(
            f"Purchase order {order.tranid} changed in NetSuite while it was read",
            cause=Cause.UPSTREAM_UNAVAILABLE,
            retry_after_seconds=_READ_AGAIN_SECONDS,
        )


async def read_wros(
    order_id: str,
    number: str,
    reads: Reads,
    lines: Sequence[OrderedLine] = (),
    bindings: Mapping[str, Sequence[Binding]] = MappingProxyType({}),
    *,
    numbered: Sequence[Wro] | None = None,
    also: Collection[int] = (),
) -> tuple[WroFact, ...]:
    """Read the WROs of an order: by its numbers, by our books and receipts, and by decisions.

    Args:
        order_id: the order.
        number: its number; empty when it is not to be seen any more.
        reads: of the connection.
        lines: of the order.
        bindings: which products its items are.
        numbered: the WROs with its numbers, where they were read already.
        also: WROs that it has received units of.
    """
    if numbered is None:
        numbered = await reads.wros_of_order(number) if number else ()
    found = [*numbered]
    listed = {wro.id for wro in found}
    ours, belonging = await asyncio.gather(
        reads.announcements.made(order_id), reads.announcements.belonging(order_id)
    )
    known = dict.fromkeys((*ours, *belonging, *also))
    found += await reads.known_wros([wro_id for wro_id in known if wro_id not in listed])
    outcomes = await asyncio.gather(*(reads.announcements.outcome(wro.id) for wro in found))
    owners = await asyncio.gather(*(owner_of(wro, order_id, number, reads) for wro in found))
    return tuple(
        msgspec.structs.replace(
            with_outcome(_wro(wro, items_on(wro, lines, bindings, reads.skus)), outcome, order_id),
            of_other=owner.of_other,
            may_be_of=owner.may_be_of,
            belongs=wro.id in belonging,
        )
        for wro, outcome, owner in zip(found, outcomes, owners, strict=True)
    )


async def announce_again(order_id: str, wros: Sequence[WroFact], reads: Reads) -> tuple[int, ...]:
    """Return the cancelled WROs whose units a person has said to announce again."""
    cancelled = {
        AwaitedKind.CANCELLED_WRO.named(wro.id): wro.id for wro in wros if wro.is_cancelled
    }
    if not cancelled:
        return ()
    answered = await reads.announcements.answers(order_id)
    return tuple(cancelled[thing] for thing in sorted(answered) if thing in cancelled)


async def _products(
    lines: Sequence[OrderedLine], bindings: dict[str, tuple[Binding, ...]], reads: Reads
) -> Products:
    """Read the products of ordered items: by inventory id where matched before, else by SKU."""
    items = {line.ordered_item for line in lines}
    held = {
        one.inventory_id
        for item in items
        for one in holding(item, bindings.get(item.id, ()), reads.skus)
    }
    by_id = await reads.variants_by_inventory(held)
    bound = Products(
        {}, bindings, {one: tuple(map(_variant, by_id[one])) for one in by_id}, {}, {}
    )
    found = await reads.variants(
        {
            shipbob_sku(item.names, reads.skus)
            for item in items
            if not bound_to(item, bound, reads.skus)
        }
    )
    by_sku = {sku: tuple(map(_variant, found[sku])) for sku in found}
    ids = {one.inventory_id for variants in by_sku.values() for one in variants}
    return bound._replace(
        by_sku=by_sku,
        held_by=await reads.bindings.of_inventory(ids) if ids else {},
        near_skus=await _near_skus([sku for sku, some in by_sku.items() if not some], reads),
    )


async def _near_skus(missing: Sequence[str], reads: Reads) -> dict[str, tuple[str, ...]]:
    """Return ShipBob's SKUs that differ from these only by what is easily overlooked.

    It costs nothing where no product is missing. Only the first few are looked for, as many as
    a message names.
    """
    asked = {spelling for sku in sorted(missing)[:NAMED] for spelling in spellings(sku)}
    if not asked:
        return {}
    there = [sku for sku, some in (await reads.variants(asked)).items() if some]
    near = {sku: tuple(near_names(sku, there)) for sku in sorted(missing)[:NAMED]}
    return {sku: others for sku, others in near.items() if others}


def _line(line: OrderLine, order: PurchaseOrder, units: Mapping[int, LineUnit]) -> OrderedLine:
    return OrderedLine(
        line=line.line,
        item_name=line.itemid,
        item_type=line.itemtype,
        open_quantity=int(line.open_quantity),
        received=int(line.quantityshiprecv),
        closed=bool(line.isclosed),
        fraction=line.open_quantity != int(line.open_quantity),
        location=line.location or order.location,
        expected=line.expectedreceiptdate,
        item=line.item,
        full_name=line.fullname if line.fullname != line.itemid else "",
        unit=units.get(line.line),
    )


def _variant(variant: Variant) -> VariantFact:
    inventory = variant.inventory
    return VariantFact(
        inventory_id=(inventory.inventory_id or 0) if inventory else 0,
        active=variant.status in {"Active", ""}
        and inventory is not None
        and inventory.inventory_id is not None,
        lot_tracked=variant.lot_information is not None and variant.lot_information.is_lot,
    )


def _wro(wro: Wro, items: dict[str, int]) -> WroFact:
    return WroFact(
        id=wro.id,
        number=wro.purchase_order_number or "",
        status=wro.status,
        fulfillment_center_id=wro.behind_hub or wro.fulfillment_center.id,
        expected=wro.expected,
        stowed=wro.stowed,
        booked={},
        items=items,
        via_hub=wro.behind_hub is not None,
    )


def with_outcome(wro: WroFact, outcome: WroOutcome, order_id: str) -> WroFact:
    """Return a WRO of an order with what our books say of it."""
    others = [lines for order, lines in outcome.handled.items() if order != order_id]
    return msgspec.structs.replace(
        wro,
        adjusted=_by_inventory(outcome.units, *others),
        handled=_by_inventory(outcome.handled.get(order_id, {})),
        left_to_people=outcome.left_to_people,
    )


def _by_inventory(*lines: Mapping[str, int]) -> dict[int, int]:
    """Return the units of lines of a WRO by inventory id."""
    found: dict[int, int] = defaultdict(int)
    for name, units in chain.from_iterable(some.items() for some in lines):
        inventory_id = inventory_of(name)
        if inventory_id is not None:
            found[inventory_id] += units
    return dict(found)
