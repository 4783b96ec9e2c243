"""What tells an order at ShipBob from others, and how it is written in one text. Pure."""

import re
from typing import Final, NamedTuple

from ml_connector.shipbob.resources.shipments import Order

_NAME: Final = re.compile(
    r"reference (?P<reference>.*), order number (?P<number>.*),"
    r" channel (?P<channel>\d+|unknown)(?:, belongs to (?P<belongs>\d+))?",
    re.DOTALL,
)


class ShopOrderKey(NamedTuple):
    """What tells an order at ShipBob from others: a reference is unique in its channel only.

    Attributes:
        belongs: internal id of its sales order, where a person decided that.
    """

    reference: str | None = None
    number: str | None = None
    channel: int | None = None
    belongs: str | None = None

    @property
    def text(self) -> str:
        """All of it, for people and for what is stored; ``key_named`` reads it again."""
        return (
            f"reference {self.reference or ''}, order number {self.number or ''},"
            f" channel {self.channel or 'unknown'}"
            + (f", belongs to {self.belongs}" if self.belongs else "")
        )


def key_of(order: Order) -> ShopOrderKey:
    """Return the key of an order, with the reference of its shipments where it has none."""
    references = (order.reference_id, *(one.reference_id for one in order.shipments))
    reference = next((text.strip() for text in references if text and text.strip()), None)
    number = (order.order_number or "").strip() or None
    return ShopOrderKey(reference, number, order.channel.id if order.channel else None)


def key_named(name: str) -> ShopOrderKey:
    """Return the key that a name stands for; any other text is a reference alone."""
    found = _NAME.fullmatch(name)
    if found is None:
        return ShopOrderKey(reference=name)
    channel = found["channel"]
    return ShopOrderKey(
        found["reference"] or None,
        found["number"] or None,
        None if channel == "unknown" else int(channel),
        found["belongs"],
    )
