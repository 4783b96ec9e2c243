"""Webhook topics, and finding the resource that a webhook is about. Pure.

ShipBob documents only one body. So a body is only searched, leniently, for the id of its
resource; the resource is then read through the API. Source: ShipBob reference, section 7.2.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ml_connector.transport.http.byte_order_mark import unmarked

Kind = Literal["order", "shipment", "return", "wro", "transaction"]

_ORDER: Final = ("order.shipped", "order.delivered")
_SHIPMENT: Final = (
    "order.shipment.delivered",
    "order.shipment.exception",
    "order.shipment.on_hold",
    "order.shipment.cancelled",
    "order.shipment.tracking.updated",
    "order.shipment.address.updated",
    "order.shipment.line_item.added",
    "order.shipment.line_item.removed",
    "order.shipment.line_item.updated",
    "order.shipment.shipping_service.updated",
)
_TRACKING_RECEIVED: Final = "order.shipment.tracking_received"
_RETURN: Final = ("return.created", "return.updated", "return.completed")
_WRO: Final = ("wro.created", "wro.updated", "wro.completed")
_WRO_BOX: Final = ("wro.box.arrived", "wro.box.scanned", "wro.box.stowed")
_BILLING: Final = ("billing.charge.created", "billing.refund.created", "billing.credit.created")

TOPIC_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **dict.fromkeys(_ORDER, "order"),
        **dict.fromkeys(_SHIPMENT, "shipment"),
        # The one documented body: it names the order and no shipment.
        _TRACKING_RECEIVED: "order",
        **dict.fromkeys(_RETURN, "return"),
        **dict.fromkeys((*_WRO, *_WRO_BOX), "wro"),
        **dict.fromkeys(_BILLING, "transaction"),
    }
)
"""The kind of resource that each of the 25 topics is about."""

TOPIC_GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # The eleven topics of the official 2026-01 document. The others may not exist for an
        # account, and ShipBob refuses the whole subscription for an unknown one (section 1.4).
        "shipments": (
            "order.shipped",
            "order.shipment.delivered",
            "order.shipment.exception",
            "order.shipment.on_hold",
            "order.shipment.cancelled",
        ),
        "tracking": ("order.delivered", "order.shipment.tracking.updated"),
        "shipment edits": (
            "order.shipment.address.updated",
            "order.shipment.line_item.added",
            "order.shipment.line_item.removed",
            "order.shipment.line_item.updated",
            "order.shipment.shipping_service.updated",
        ),
        "tracking of 3PL accounts": (_TRACKING_RECEIVED,),
        "returns": _RETURN,
        "receiving": (*_WRO, *_WRO_BOX),
        "billing": _BILLING,
    }
)
"""One subscription for each group, so that a refused topic affects only its own group."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """The resource that a webhook is about: a kind and ShipBob's id, as a text."""

    kind: Kind
    id: str


def subject_id(topic: str, body: bytes) -> str | None:
    """Return the id of the resource that a webhook is about, of the topic's own kind.

    The kind is ``TOPIC_KINDS[topic]``: order, shipment, return, wro (box events too) or
    transaction. None when the topic is none of the 25 or the body has no such id. Such an event
    is stored all the same, and a sweep finds the change. Never raises.
    """
    found = resource(topic, body)
    return found.id if found and found.kind == TOPIC_KINDS[topic] else None


def resource(topic: str, body: bytes) -> Resource | None:
    """Return the resource that a webhook is about, as precisely as its body tells.

    The kind may differ from the topic's: an order topic whose body is a bare shipment
    without its order's id gives that shipment, and a shipment topic whose body is a
    whole order gives the order. Never raises.
    """
    kind = TOPIC_KINDS.get(topic)
    if kind is None:
        return None
    fields = _fields(body)
    if fields is None:
        return None
    for named, value in _candidates(kind, topic, fields):
        text = _id_text(named, value)
        if text is not None:
            return Resource(kind=named, id=text)
    return None


@dataclass(frozen=True, kw_only=True)
class NamedParcel:
    """The shipment that a webhook names, or the order when it names no single one.

    Attributes:
        within: id of the order of the shipment, if the body has it.
    """

    kind: Literal["order", "shipment"]
    id: str
    within: str | None = None


def parcel_named(topic: str, body: bytes) -> NamedParcel | None:
    """Return which shipment, or else which order, a webhook about parcels is about.

    An order with one shipment means that shipment. An order with several, or with no list of
    them (such as the documented body, of ``order.shipment.tracking_received``), means the order.
    Never raises.
    """
    kind = TOPIC_KINDS.get(topic)
    fields = _fields(body) if kind in {"order", "shipment"} else None
    if kind is None or fields is None:
        return None
    for named, value in _candidates(kind, topic, fields):
        text = _id_text(named, value)
        if text is None or named not in {"order", "shipment"}:
            continue
        if named == "shipment":
            return NamedParcel(
                kind="shipment", id=text, within=_id_text("order", fields.get("orderid"))
            )
        only = _only_shipment(fields)
        if only is not None:
            return NamedParcel(kind="shipment", id=only, within=text)
        return NamedParcel(kind="order", id=text)
    return None


def _only_shipment(fields: Mapping[str, object]) -> str | None:
    listed = fields.get("shipments")
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    return _id_text("shipment", listed[0].get("id", listed[0].get("shipment_id")))


_DEEPEST_ENVELOPE: Final = 3


def _fields(body: bytes) -> dict[str, object] | None:
    """Return the fields of the resource itself, with names in lower case without underscores."""
    try:
        value = msgspec.json.decode(unmarked(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for _ in range(_DEEPEST_ENVELOPE):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return None
        fields = {_plain(name): inner for name, inner in value.items()}
        inner = fields.get("data")
        if not isinstance(inner, dict | list):
            return fields
        value = inner
    return None


def _plain(name: str) -> str:
    # ShipBob writes wro_id, and wroId in older and a few other payloads.
    return name.replace("_", "").lower()


def _candidates(
    kind: Kind, topic: str, fields: Mapping[str, object]
) -> Iterator[tuple[Kind, object]]:
    if kind == "wro":
        yield from _wro_ids(fields, of_a_box=topic in _WRO_BOX)
    elif kind == "return":
        yield from _named("return", fields, "returnid", "returnorderid", within="return")
        yield "return", fields.get("id")
    elif kind == "transaction":
        yield "transaction", fields.get("transactionid")
        yield "transaction", fields.get("id")
    elif kind == "order":
        yield from _named("order", fields, "orderid", within="order")
        yield "shipment", fields.get("shipmentid")
        yield "shipment" if _is_shipment(fields) else "order", fields.get("id")
    else:
        yield from _shipment_ids(fields)


def _wro_ids(fields: Mapping[str, object], *, of_a_box: bool) -> Iterator[tuple[Kind, object]]:
    names = ("wroid", "receivingid", "receivingorderid", "warehousereceivingorderid")
    yield from _named("wro", fields, *names, within="wro")
    yield from _named("wro", fields, within="receiving")
    yield from _named("wro", fields, within="receivingorder")
    yield from _named("wro", fields, within="warehousereceivingorder")
    # A bare id in a box event is the box's own id, unless the box has another one.
    if not of_a_box or any(name in fields for name in ("boxid", "inventoryquantities", "boxes")):
        yield "wro", fields.get("id")


def _is_shipment(fields: Mapping[str, object]) -> bool:
    """Whether the fields include one that only a shipment has (section 9.5)."""
    marks = ("tracking", "statusdetails", "shipoption", "actualfulfillmentdate")
    return "shipments" not in fields and any(mark in fields for mark in marks)


def _shipment_ids(fields: Mapping[str, object]) -> Iterator[tuple[Kind, object]]:
    yield from _named("shipment", fields, "shipmentid", within="shipment")
    if isinstance(fields.get("shipments"), list):
        yield "order", fields.get("id")
    else:
        yield "shipment", fields.get("id")
    yield "order", fields.get("orderid")


def _named(
    kind: Kind, fields: Mapping[str, object], *names: str, within: str
) -> Iterator[tuple[Kind, object]]:
    """Yield the id under these names, and the id of an object of this name."""
    for name in names:
        yield kind, fields.get(name)
    inner = fields.get(within)
    if isinstance(inner, dict):
        yield kind, inner.get("id")


_NUMBER: Final = re.compile(r"0*([1-9][0-9]{0,18})")
_TRANSACTION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _id_text(kind: Kind, value: object) -> str | None:
    """Return an id as text; None when the value can't be an id.

    The ids of all kinds but transactions (ULIDs) are positive whole numbers of up to 64 bits.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, int):
        if not 0 < value < 2**63:
            return None
        value = str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if kind == "transaction":
        return text if _TRANSACTION.fullmatch(text) else None
    number = _NUMBER.fullmatch(text)
    return number[1] if number and int(number[1]) < 2**63 else None
