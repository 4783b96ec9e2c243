"""Every call that our ShipBob client has, and a transport that records them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from ml_connector.errors import ConnectorError
from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.new_payloads import (
    Freight,
    FulfillmentCenterChoice,
    NewBox,
    NewBoxItem,
    NewProduct,
    NewVariant,
    NewWro,
)
from ml_connector.shipbob.session import Request
from ml_connector.shipbob.sign_in.access import PersonalAccess
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS
from ml_connector.transport.call import Answer, Call, Classify
from ml_connector.transport.http.client import Transport

T = TypeVar("T")

CHANNEL: Final = 100102
SINCE: Final = datetime(2026, 11, 1, 6, tzinfo=UTC)
ARRIVAL: Final = datetime(2036, 11, 1, 6, tzinfo=UTC)

WRO: Final = NewWro(
    fulfillment_center=FulfillmentCenterChoice(id=10),
    package_type="Package",
    box_packaging_type="MultipleSkuPerBox",
    expected_arrival_date=ARRIVAL,
    purchase_order_number="PO-1",
    boxes=(
        NewBox(
            tracking_number="PO-1-1",
            box_items=(
                NewBoxItem(sku="TEE-S", quantity=3),
                NewBoxItem(inventory_id=5, quantity=1, lot_number="L1", lot_date=ARRIVAL),
            ),
        ),
    ),
    freight=Freight(carrier="ACME", notes="by the back door"),
    final_destination_fulfillment_center_id=228,
)


@dataclass(frozen=True)
class Exchange:
    """A call that was sent and what came back."""

    call: Call
    answer: Answer


class Recorder:
    """The real transport, with a record of all that went through it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.exchanges: list[Exchange] = []

    async def send(self, call: Call, classify: Classify) -> Answer:
        def noting(answer: Answer) -> ConnectorError | None:
            self.exchanges.append(Exchange(call, answer))
            return classify(answer)

        return await self._transport.send(call, noting)


def shipbob(recorder: Recorder, url: str, *, token: str = "PAT-1") -> ShipBob:
    return ShipBob(
        recorder,
        "acme",
        api_url=url,
        version="2026-07",
        channel_id=CHANNEL,
        auth=PersonalAccess(Secret(token), api_url=url, auth_url=url),
        limit_key="",
    )


async def listed(rows: AsyncIterator[T]) -> list[T]:
    return [row async for row in rows]


async def _wros(client: ShipBob) -> object:
    by_filters = client.wros(
        statuses=["Awaiting", "PartiallyArrived", "Completed"],
        inserted_since=SINCE,
        completed_since=SINCE,
        external_sync=False,
    )
    by_ids = client.wros(ids=[1, 2])
    by_numbers = client.wros(purchase_order_numbers=["string", "PO-2"])
    return [*await listed(by_filters), *await listed(by_ids), *await listed(by_numbers)]


async def _create_webhook(client: ShipBob) -> object:
    topics = [topic for group in TOPIC_GROUPS.values() for topic in group]
    return await client.subscriptions.create("https://x.example/hook", topics, description="acme")


async def _channel_id(client: ShipBob) -> object:
    return await client.channel_id()


CALLS: Final[Mapping[str, Callable[[ShipBob], Awaitable[object]]]] = {
    "channels": lambda client: client.channels(),
    "channel_id": _channel_id,
    "listed_channels": lambda client: client.listed_channels(),
    "known_channels": lambda client: client.known_channels(),
    "look_at": lambda client: client.look_at(
        Request(
            operation="fulfillment_center.list",
            doing="looking at the fulfillment centers",
            path="/fulfillment-center",
            scope="receiving_read",
        )
    ),
    "centers.listed": lambda client: client.centers.listed(),
    "centers.addressed": lambda client: client.centers.addressed(),
    "centers.every_place": lambda client: client.centers.every_place(),
    "wro": lambda client: client.wro(1),
    "wro_boxes": lambda client: client.wro_boxes(1),
    "wros": _wros,
    "wro_page": lambda client: client.wro_page(
        1, inserted_since=SINCE, inserted_until=ARRIVAL, external_sync=False
    ),
    "create_wro": lambda client: client.create_wro(WRO),
    "cancel_wro": lambda client: client.cancel_wro(1),
    "set_external_sync": lambda client: client.set_external_sync([1, 2], True),  # noqa: FBT003 - as the client has it
    "products": lambda client: listed(client.products(skus=["TEE-S", "A/1", "B+2"])),
    "create_product": lambda client: client.create_product(
        NewProduct(name="Tee", variants=(NewVariant(name="Tee S", sku="TEE-S"),))
    ),
    "inventory_item": lambda client: client.inventory_item(5),
    "subscriptions.every": lambda client: client.subscriptions.every(),
    "subscriptions.create": _create_webhook,
    "subscriptions.delete": lambda client: client.subscriptions.delete("7"),
    "stock.levels": lambda client: listed(client.stock.levels()),
    "history.adjustments": lambda client: listed(
        client.history.adjustments(1, since=SINCE, until=SINCE + timedelta(days=1))
    ),
    "history.every": lambda client: listed(
        client.history.every(1, since=SINCE, until=SINCE + timedelta(days=1))
    ),
    "history.of_items": lambda client: listed(
        client.history.of_items(1, [5, 6], since=SINCE, until=SINCE + timedelta(days=1))
    ),
}
"""By the names of the client's methods, and of those of its parts."""
