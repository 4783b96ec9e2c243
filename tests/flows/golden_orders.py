"""How a golden case finds its sales orders: the real search over the case's own answers."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ml_connector.config.order_match import OrderRules, rules_of
from ml_connector.netsuite.queries.sales_orders.orders import OtherSale, SalesOrder
from ml_connector.reads.sales_orders.keys import key_of
from ml_connector.reads.sales_orders.search import MatchedOrders, OrderSearch
from ml_connector.shipbob.resources.shipments import Order


class GoldenOrders:
    """Sales orders of a case, by the rules of its ``settings.json``.

    ``channels.json`` is what ShipBob says of channels: ``listed`` are all of the account,
    ``having`` those with an order, by its reference, ``foreign`` those that we may not write to.
    """

    def __init__(self, folder: Path, orders: Callable[[str, str], Sequence[SalesOrder]]) -> None:
        self._orders = orders
        self._others = _read(folder / "netsuite.json").get("others", [])
        self._channels = _read(folder / "channels.json")
        policies = _read(folder / "settings.json").get("policies", {})
        own = policies.get("order_match_by_channel", {})
        self._search = OrderSearch(
            OrderRules(
                rules_of(policies.get("order_match", "tranid")),
                {int(channel): rules_of(rules) for channel, rules in own.items()},
            ),
            self._find,
            self._having,
            self._listed,
        )

    def order_name(self, order: Order, *, belongs: str | None = None) -> str | None:
        return self._search.name(key_of(order)._replace(belongs=belongs))

    async def sales_order(self, order_id: str) -> SalesOrder | None:
        return next(iter(self._orders("id", order_id)), None)

    async def find_orders(self, name: str) -> MatchedOrders:
        return await self._search.found(name)

    async def rival_channels(self, order: Order, found: MatchedOrders) -> tuple[int, ...]:
        return await self._search.rivals(key_of(order), found.rule)

    async def other_sales(self, name: str) -> tuple[OtherSale, ...]:
        """Those of ``others`` in ``netsuite.json`` with a value that is looked for."""
        values = {value for _, value in self._search.sought(name)}
        every = msgspec.convert(self._others, tuple[OtherSale, ...])
        return tuple(one for one in every if one.matched in values)

    async def takes_marks(self, order: Order) -> bool:
        return order.channel is None or order.channel.id not in self._channels.get("foreign", ())

    async def _find(self, field: str, value: str) -> Sequence[SalesOrder]:
        return self._orders(field, value)

    async def _having(self, reference: str) -> Collection[int]:
        having: Collection[int] = self._channels.get("having", {}).get(reference, ())
        return having

    async def _listed(self) -> Collection[int]:
        listed: Collection[int] = self._channels.get("listed", ())
        return listed


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}
