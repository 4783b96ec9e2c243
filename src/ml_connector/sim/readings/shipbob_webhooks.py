"""What is open about ShipBob's webhooks: no body but one is published (shipbob.md 1, 7.2)."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

WEBHOOK_BODY: Final = Switch[
    Literal[
        "bare", "renamed-id", "envelope", "sparse", "extended", "texts", "list", "nothing", "mixed"
    ]
](
    name="webhook_body",
    system="shipbob",
    about="The body of a webhook",
    readings={
        "bare": "is the resource itself",
        "renamed-id": "is the resource with shipment_id, wro_id and so on in place of id",
        "envelope": "is {topic, data}, the resource within",
        "sparse": "leaves keys out, and says null of others, by chance",
        "extended": "has keys and a status that nobody knows",
        "texts": "writes all numbers as texts",
        "list": "is a list with the resource in it",
        "nothing": "is an empty object",
        "mixed": "is one of the first five of these, by chance",
    },
    default="bare",
    reference="shipbob.md 7.2",
)

SHIPPED_BODY: Final = Switch[Literal["order", "shipment"]](
    name="shipped_body",
    system="shipbob",
    about="What order.shipped tells",
    readings={"order": "is the order with all its shipments", "shipment": "is the shipment"},
    default="order",
    reference="shipbob.md 7.2",
)

TOPICS_OFFERED: Final = Switch[Literal["all", "without-wro", "of-2026-01"]](
    name="topics_offered",
    system="shipbob",
    about="Of the topics that are listed,",
    readings={
        "all": "each may be subscribed",
        "without-wro": "those about WROs are refused",
        "of-2026-01": "only the eleven of the official file may be subscribed",
    },
    default="all",
    reference="shipbob.md 12",
)

TOPIC_NAMES: Final = Switch[Literal["subscribed", "older", "other"]](
    name="topic_names",
    system="shipbob",
    about="A webhook names its topic",
    readings={
        "subscribed": "as it was subscribed",
        "older": "as versions 1.0 and 2.0 did, such as order_shipped",
        "other": "in a way that nobody has published",
    },
    default="subscribed",
    reference="shipbob.md 10",
)

DELIVERED_TOPICS: Final = Switch[Literal["sent", "never"]](
    name="delivered_topics",
    system="shipbob",
    about="Of a delivery a webhook",
    readings={"sent": "tells", "never": "never tells"},
    default="sent",
    reference="shipbob.md 10",
)

WEBHOOK_HEADERS: Final = Switch[Literal["webhook", "svix"]](
    name="webhook_headers",
    system="shipbob",
    about="The headers that sign a webhook",
    readings={"webhook": "begin with webhook-", "svix": "begin with svix-"},
    default="webhook",
    reference="shipbob.md 7.3",
)

WEBHOOK_DELIVERY: Final = Switch[Literal["orderly", "doubled", "disorderly", "lost"]](
    name="webhook_delivery",
    system="shipbob",
    about="Webhooks",
    readings={
        "orderly": "come once, in the order of what happened",
        "doubled": "come twice, each second one",
        "disorderly": "overtake each other, each second one",
        "lost": "never come, two of three",
    },
    default="orderly",
    reference="shipbob.md 7.5",
)

SUBSCRIPTION_STATUS: Final = Switch[Literal["201", "200"]](
    name="subscription_status",
    system="shipbob",
    about="A subscription that was made is answered",
    readings={"201": "with 201", "200": "with 200"},
    default="201",
    reference="shipbob.md 7.1",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    WEBHOOK_BODY,
    SHIPPED_BODY,
    TOPICS_OFFERED,
    TOPIC_NAMES,
    DELIVERED_TOPICS,
    WEBHOOK_HEADERS,
    WEBHOOK_DELIVERY,
    SUBSCRIPTION_STATUS,
)
