"""The body of a webhook, in the variants that receivers must all understand.

No webhook body but one is published (reference shipbob.md, 1 and 7.2), so the simulator sends
what was seen or can be expected: a receiver that only passes with one variant is not finished.
"""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

VARIANTS: Final = ("bare", "renamed-id", "envelope", "sparse", "extended")
"""``bare``: the resource itself. ``renamed-id``: ``shipment_id`` (``wro_id``, ...) instead of
``id``. ``envelope``: ``{topic, data}``. ``sparse``: keys missing and explicit nulls.
``extended``: unknown extra fields and an unknown status. ``mixed`` takes one by chance."""

OTHER_VARIANTS: Final = ("texts", "list", "nothing")
"""``texts``: numbers are texts. ``list``: the resource is in a list. ``nothing``: no keys at all,
so that only the topic tells anything."""

_ID_NAMES: Final = {
    "order.shipment.": "shipment_id",
    "order.": "order_id",
    "wro.box.": "box_id",
    "wro.": "wro_id",
    "return.": "return_id",
    "billing.": "transaction_id",
}
_ALWAYS_KEPT: Final = {"id", "order_id", "wro_id", "box_id", "transaction_id", "reference_id"}


def dress(topic: str, resource: Mapping[str, object], variant: str, random: Random) -> object:
    """The body for one topic in one variant.

    Raises:
        ValueError: there is no such variant.
    """
    match random.choice(VARIANTS) if variant == "mixed" else checked_variant(variant):
        case "bare":
            return dict(resource)
        case "renamed-id":
            return _renamed(topic, resource)
        case "envelope":
            return {"topic": topic, "data": dict(resource)}
        case "sparse":
            return _sparse(resource, random)
        case "extended":
            return {**resource, "status": "SomethingNew", "x_new": {"nested": [1, None, "ü"]}}
        case other:
            return _otherwise(resource, other)


def checked_variant(variant: str) -> str:
    """The variant itself.

    Raises:
        ValueError: there is no such variant.
    """
    known = (*VARIANTS, *OTHER_VARIANTS, "mixed")
    if variant not in known:
        raise ValueError(f"{variant!r} is no variant: use one of {known}.")
    return variant


def _renamed(topic: str, resource: Mapping[str, object]) -> dict[str, object]:
    name = next((name for start, name in _ID_NAMES.items() if topic.startswith(start)), "id")
    body = dict(resource)
    if "id" in body:
        body[name] = body.pop("id")
    return body


def _otherwise(resource: Mapping[str, object], variant: str) -> object:
    """The body in one of ``OTHER_VARIANTS``."""
    return {"texts": _with_texts(resource), "list": [dict(resource)]}.get(variant, {})


def _with_texts(value: object) -> Any:
    """The value with all numbers in it as texts."""
    if isinstance(value, Mapping):
        return {name: _with_texts(of) for name, of in value.items()}
    if isinstance(value, list):
        return [_with_texts(one) for one in value]
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else value


def _sparse(resource: Mapping[str, object], random: Random) -> dict[str, object]:
    """Every field that is no id is kept, null or missing, by chance."""
    body: dict[str, object] = {}
    for name, value in resource.items():
        fate = 0 if name in _ALWAYS_KEPT else random.randrange(3)
        if fate == 0:
            body[name] = value
        elif fate == 1:
            body[name] = None
    return body
