"""Which sales orders the shipments of a month's fulfilments are of, by both systems' own word."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.config.order_match import OrderRule, OrderRules
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import SweepResult
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.ledger.postings import survey
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrderHeader, headers_by
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reads.sales_orders.keys import ShopOrderKey, key_of
from ml_connector.reconcile.compare.report import Report, identified, ordered
from ml_connector.reconcile.fulfilled_orders import OurFulfillment, RightOrder, judge
from ml_connector.transport.call import Priority


class ListedOrders:
    """What ShipBob's lists say of the orders of shipments, as far as they are wanted.

    Args:
        fulfillments: of the shipments that are wanted.

    Attributes:
        shipments: that are wanted.
        keys: of their orders, by shipment.
    """

    def __init__(self, fulfillments: Iterable[OurFulfillment]) -> None:
        self.shipments = frozenset(one.shipment for one in fulfillments)
        self.keys: dict[int, ShopOrderKey] = {}

    def see(self, found: Iterable[SweepResult]) -> None:
        """Take what is wanted of rows of a list."""
        for one in found:
            facts = one.shown
            if isinstance(facts, TrackingFacts) and facts.shipment_id in self.shipments:
                key = ShopOrderKey(facts.reference, facts.order_number, facts.channel)
                self.keys[facts.shipment_id or 0] = key


async def added(
    installation: Installation,
    report: Report,
    context: ConnectionContext,
    fulfillments: Mapping[str, OurFulfillment],
    listed: ListedOrders,
) -> Report:
    """Return a report with the fulfilments that are made from another order than they must be.

    Args:
        installation: where.
        report: of the month.
        context: of the connection.
        fulfillments: of ours in the month, by internal id.
        listed: what ShipBob's lists said of the orders of their shipments.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    if not fulfillments:
        return report
    name = context.settings.name
    shipments = listed.shipments
    async with installation.database.transaction() as on:
        decided = await survey.orders_by_decision(on, name, "tracking", map(str, shipments))
        undone = await survey.undone(
            on, name, [one.ref.external_id for one in fulfillments.values()]
        )
    keys = await _keys(context, shipments - {int(key) for key in decided}, listed.keys)
    right = await _right(context.netsuite.query, keys, context.settings.policies.order_rules) | {
        int(key): RightOrder(ids=frozenset({order}), says=f"the order {order}, by decision")
        for key, order in decided.items()
    }
    found = judge(fulfillments.values(), right, report.sections, undone=undone)
    return msgspec.structs.replace(
        report,
        differences=ordered([*report.differences, *identified(report.month, ordered(found))]),
    )


async def _keys(
    context: ConnectionContext, shipments: frozenset[int], listed: Mapping[int, ShopOrderKey]
) -> Mapping[int, ShopOrderKey]:
    """Return what ShipBob says of the orders of shipments; those it does not list are asked for.

    A shipment that ShipBob does not show any more is left out.
    """
    rest = sorted(shipments - listed.keys())
    answers = await asyncio.gather(
        *map(context.reads.shipments.order_with, rest), return_exceptions=True
    )
    found = {shipment: listed[shipment] for shipment in shipments if shipment in listed}
    for shipment, order in zip(rest, answers, strict=True):
        if not isinstance(order, BaseException):
            found[shipment] = key_of(order)
        elif not isinstance(order, NeedsData | NeedsHuman):
            raise order
    return found


class _Sought(NamedTuple):
    """A sales order, as one rule looks for it."""

    rule: OrderRule
    value: str


async def _right(
    suiteql: SuiteQL, keys: Mapping[int, ShopOrderKey], rules: OrderRules
) -> dict[int, RightOrder]:
    """Return the sales orders that the first rule finds which finds any that is not cancelled."""
    found: dict[int, RightOrder] = {}
    wanted = {shipment: _sought(key, rules) for shipment, key in keys.items()}
    while wanted := {shipment: sought for shipment, sought in wanted.items() if sought}:
        headers = await _headers(suiteql, {sought[0] for sought in wanted.values()})
        for shipment, sought in wanted.items():
            orders = headers.get((sought[0].rule.field, sought[0].value), ())
            if (right := _right_order(sought[0], orders)) is not None:
                found[shipment] = right
        wanted = {one: sought[1:] for one, sought in wanted.items() if one not in found}
    return found


def _sought(key: ShopOrderKey, rules: OrderRules) -> list[_Sought]:
    """Return how a sales order is looked for, in order."""
    values = [(rule, rule.value(key.reference, key.number)) for rule in rules.of(key.channel)]
    return [_Sought(rule, value) for rule, value in values if value]


def _right_order(sought: _Sought, orders: Sequence[SalesOrderHeader]) -> RightOrder | None:
    """Return the orders that a rule finds; None where all of them are cancelled."""
    if all(one.status == SALES_ORDER_CANCELLED for one in orders):
        return None
    named = ", ".join(one.tranid or one.id for one in orders)
    return RightOrder(
        ids=frozenset(one.id for one in orders),
        says=f"{named}, which has the {sought.rule.field} {sought.value}",
    )


async def _headers(
    suiteql: SuiteQL, sought: Collection[_Sought]
) -> Mapping[tuple[str, str], tuple[SalesOrderHeader, ...]]:
    found: dict[tuple[str, str], tuple[SalesOrderHeader, ...]] = {}
    for field in sorted({one.rule.field for one in sought}):
        values = sorted({one.value for one in sought if one.rule.field == field})
        answer = await headers_by(suiteql, field, values, priority=Priority.REPORT)
        found |= {(field, value): orders for value, orders in answer.items()}
    return found
