"""Finding the sales order of ShipBob's order: the rules of its channel, tried in turn."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

from ml_connector.config.order_match import REFERENCE, OrderRule, OrderRules
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.reads.sales_orders.keys import ShopOrderKey, key_named

FindOrders = Callable[[str, str], Awaitable[Sequence[SalesOrder]]]
"""Returns the sales orders of which a field, named first, has a value."""

ChannelsOfReference = Callable[[str], Awaitable[Collection[int]]]
"""Returns the channels at ShipBob that have an order of this reference."""

ListedChannels = Callable[[], Awaitable[Collection[int]]]
"""Returns the channels of the ShipBob account."""


class MatchedOrders(NamedTuple):
    """The sales orders that fit.

    Attributes:
        orders: of the first rule that found any that are not cancelled; else all that any found;
            or the one that a person decided on.
        rule: that rule.
    """

    orders: tuple[SalesOrder, ...] = ()
    rule: OrderRule | None = None


class OrderSearch:
    """Finds sales orders by the rules of a connection.

    Args:
        rules: of the connection.
        find: looks orders up by one field.
        of_reference: looks up which channels have an order of a reference.
        channels: looks up which channels there are.
    """

    def __init__(
        self,
        rules: OrderRules,
        find: FindOrders,
        of_reference: ChannelsOfReference,
        channels: ListedChannels,
    ) -> None:
        self._rules = rules
        self._find = find
        self._of_reference = of_reference
        self._channels = channels

    def name(self, key: ShopOrderKey) -> str | None:
        """Return the name under which an order's sales order is looked for and awaited.

        A person's decision comes first. It is the reference alone where nothing else counts;
        None where the order has no text that any rule compares.
        """
        if key.belongs is not None:
            return key.text
        rules = self._rules.of(key.channel)
        if not any(rule.value(key.reference, key.number) for rule in rules):
            return None
        return key.reference if self._rules.needs_reference_only else key.text

    async def found(self, name: str) -> MatchedOrders:
        """Return the sales orders that the rules find: one that finds none leaves it to the next.

        One rule that finds several ends the search: which of them is not guessed by another one.
        """
        key = key_named(name)
        if key.belongs is not None:
            return MatchedOrders(tuple(await self._find("id", key.belongs)))
        cancelled: dict[str, SalesOrder] = {}
        for rule in self._rules.of(key.channel):
            value = rule.value(key.reference, key.number)
            orders = await self._find(rule.field, value) if value else ()
            if any(order.status != SALES_ORDER_CANCELLED for order in orders):
                return MatchedOrders(tuple(orders), rule)
            cancelled |= {order.id: order for order in orders}
        return MatchedOrders(tuple(cancelled.values()))

    def sought(self, name: str) -> list[tuple[str, str]]:
        """Return the fields that are looked into for an order, each with the value, in order."""
        key = key_named(name)
        if key.belongs is not None:
            return [("id", key.belongs)]
        values = [
            (rule.field, rule.value(key.reference, key.number))
            for rule in self._rules.of(key.channel)
        ]
        return [(field, value) for field, value in values if value]

    async def rivals(
        self,
        key: ShopOrderKey,
        rule: OrderRule | None,
        *,
        having: Collection[int] | None = None,
    ) -> tuple[int, ...]:
        """Return other channels whose order would lead to the same sales order; mostly none.

        They are channels whose rules look into the same field, and which have an order of the same
        reference. Order numbers can't be looked up at ShipBob, so there all such channels count;
        a channel with rules of its own competes only with those that have some too.

        Args:
            key: of the order.
            rule: the one that found its sales order.
            having: the channels that have an order of its reference, where that was read already.
        """
        if rule is None:
            return ()
        if rule.side == REFERENCE and key.reference:
            if having is None and not self._competing(key, rule, await self._channels()):
                return ()
            if having is None:
                having = await self._of_reference(key.reference)
            return _besides(key, self._competing(key, rule, having))
        named = self._rules.by_channel
        every = self._competing(key, rule, await self._channels())
        return _besides(key, [one for one in every if key.channel not in named or one in named])

    def _competing(
        self, key: ShopOrderKey, rule: OrderRule, channels: Collection[int]
    ) -> list[int]:
        """Return the other channels of these whose rules look into the same field."""
        return [
            one
            for one in sorted(set(channels) - {key.channel})
            if any(
                (own.field, own.before) == (rule.field, rule.before) for own in self._rules.of(one)
            )
        ]


def _besides(key: ShopOrderKey, channels: Sequence[int]) -> tuple[int, ...]:
    """Return channels as rivals: of an order without a channel, one of them may be its own."""
    return tuple(channels) if key.channel is not None or len(channels) > 1 else ()
