"""The body of a webhook, in the variants that receivers must all understand.

No webhook body but one is published (reference shipbob.md, 1 and 7.2), so the simulator sends
what was seen or can be expected: a receiver that only passes with one variant is not finished.
"""

from collections.abc import Mapping
from random import Random
from typing import Final

VARIANTS: Final = ("bare", "renamed-id", "envelope", "sparse", "extended")
"""``bare``: the resource itself. ``renamed-id``: ``shipment_id`` (``wro_id``, ...) instead of
``id``. ``envelope``: ``{topic, data}``. ``sparse``: keys missing and explicit nulls.
``extended``: unknown extra fields and an unknown status. ``mixed`` takes one by chance."""

_ID_NAMES: Final = {
    "order.shipment.": "shipment_id",
    "order.": "order_id",
    "wro.box.": "box_id",
    "wro.": "wro_id",
    "return.": "return_id",
    "billing.": "transaction_id",
}
_ALWAYS_KEPT: Final = {"id", "order_id", "wro_id", "box_id", "transaction_id", "reference_id"}


def dress(
    topic: str, resource: Mapping[str, object], variant: str, random: Random
) -> dict[str, object]:
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
        case _:
            return {**resource, "status": "SomethingNew", "x_new": {"nested": [1, None, "ü"]}}


def checked_variant(variant: str) -> str:
    """The variant itself.

    Raises:
        ValueError: there is no such variant.
    """
    if variant not in {*VARIANTS, "mixed"}:
        raise ValueError(f"{variant!r} is no variant: use one of {VARIANTS} or 'mixed'.")
    return variant


def _renamed(topic: str, resource: Mapping[str, object]) -> dict[str, object]:
    name = next((name for start, name in _ID_NAMES.items() if topic.startswith(start)), "id")
    body = dict(resource)
    if "id" in body:
        body[name] = body.pop("id")
    return body


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
