"""Whether the line numbers that documents wait for can be proved by now."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import islice
from random import sample
from typing import Final, cast

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.ledger.connections.line_proofs import OrderKey
from ml_connector.netsuite.item_types import is_fulfilled
from ml_connector.netsuite.queries.purchase_orders import OrderLine
from ml_connector.netsuite.records.order_lines import OrderType
from ml_connector.reads.reads import Reads
from ml_connector.rules.line_numbers.compare import LineNumbers
from ml_connector.rules.line_numbers.proof import prove_lines
from ml_connector.rules.line_numbers.refusal import ALL

_AT_A_TIME: Final = 25


async def proved_orders(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the names whose orders' lines can be proved now.

    A name is ``<record type>:<internal id>``; with ``:all`` at its end, queries must show every
    open line as well. Each order costs a read of its record. So only some are looked at, drawn by
    lot, and the next as long as any of them can be proved: what hides one order's lines mostly
    hides all.
    """
    waiting = iter(sample(sorted(names), len(names)))
    proved: set[str] = set()
    while some := list(islice(waiting, _AT_A_TIME)):
        found = await _proved(reads, some)
        proved |= found
        if not found:
            break
    return proved


async def _proved(reads: Reads, names: Collection[str]) -> set[str]:
    orders = {name: OrderKey(*name.split(":")[:2]) for name in names}
    lines = await reads.order_lines.queried({order.order_id for order in orders.values()})
    answers = await asyncio.gather(
        *(_look(reads, order, lines.get(order.order_id, ())) for order in orders.values())
    )
    return {
        name
        for name, numbers in zip(orders, answers, strict=True)
        if not numbers.problem and not (numbers.unseen and name.endswith(f":{ALL}"))
    }


async def _look(reads: Reads, order: OrderKey, lines: Sequence[OrderLine]) -> LineNumbers:
    """Prove an order's line numbers as the flows that read this type of order do."""
    # A receipt from a purchase order names lines of hidden items too; other documents can't.
    seen = [one for one in lines if one.itemid or order.record_type == "purchaseOrder"]
    sold = order.record_type == "salesOrder"
    others = [one.line for one in seen if sold and not _is_sold(one)]
    return await prove_lines(
        cast("OrderType", order.record_type),
        order.order_id,
        [one for one in seen if one.line not in others],
        reads,
        others=others,
    )


def _is_sold(line: OrderLine) -> bool:
    """Whether a fulfilment names a line of a sales order."""
    marked = None if line.isfulfillable is None else bool(line.isfulfillable)
    return is_fulfilled(line.itemtype, marked)


LINE_NUMBERS: Final = Waking(
    kind=AwaitedKind.ORDER_LINES, appeared=proved_orders, apart=timedelta(minutes=1)
)
