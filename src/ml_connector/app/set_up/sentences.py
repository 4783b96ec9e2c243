"""The policies as sentences: when this happens, we do that. Data, for whatever shows them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.config.order_match import PRESETS, rules_of


class PolicySentence(msgspec.Struct, frozen=True, kw_only=True):
    """A policy: when, and what we do then.

    Attributes:
        when: begins the sentence.
        choices: end it, by the value under ``[policies]``; the first one is what is done unless
            something is chosen.
        flows: whose facts it is about, the first one by name.
    """

    when: str
    choices: Mapping[str, str]
    flows: tuple[str, ...]


_GOODS: Final = ("receiving", "tracking", "returns")

POLICIES: Final[Mapping[str, PolicySentence]] = MappingProxyType(
    {
        "receipts": PolicySentence(
            when="A WRO is stowed bit by bit",
            choices={
                "increments": "Receive each bit as it is stowed",
                "completed": "Receive all once it is completed",
            },
            flows=("receiving",),
        ),
        "over_receipt": PolicySentence(
            when="More is stowed than the order expects",
            choices={
                "adjust": "Book the rest as an inventory adjustment",
                "receive": "Receive it on the order all the same",
                "park": "Wait for a person",
                "refuse": "Leave it off, and say so",
            },
            flows=("receiving",),
        ),
        "unmatched_wro": PolicySentence(
            when="A WRO has the number of no order",
            choices={
                "adjust": "Book it as an inventory adjustment",
                "park": "Wait for a person",
            },
            flows=("receiving",),
        ),
        "unmatched_return": PolicySentence(
            when="A return has neither authorization nor order",
            choices={
                "adjust": "Book it as an inventory adjustment",
                "park": "Wait for a person",
            },
            flows=("returns",),
        ),
        "unmatched_shipment": PolicySentence(
            when="A shipment has no sales order",
            choices={
                "park": "Wait for a person",
                "adjust": "Book it as an inventory adjustment",
                "ignore": "Leave it off, and say so",
            },
            flows=("tracking",),
        ),
        "extra_items": PolicySentence(
            when="A parcel holds inserts or samples that are on no order",
            choices={"park": "Wait for a person", "ignore": "Leave them off, and say so"},
            flows=("tracking",),
        ),
        "fulfillment": PolicySentence(
            when="A parcel has left and NetSuite has no item fulfillment of it",
            choices={
                "create": "Make the item fulfillment",
                "update": "Wait for the one that NetSuite makes",
            },
            flows=("tracking",),
        ),
        "closed_period": PolicySentence(
            when="The period of a fact is closed",
            choices={"next-open": "Post on the next open day", "park": "Wait for a person"},
            flows=_GOODS,
        ),
        "missing_product": PolicySentence(
            when="An ordered SKU has no product at ShipBob",
            choices={"park": "Wait until there is one", "create": "Make the product"},
            flows=("purchase-orders",),
        ),
    }
)

SOURCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "receiving": ("WRO", "WROs"),
        "tracking": ("shipment", "shipments"),
        "returns": ("return", "returns"),
        "purchase-orders": ("purchase order", "purchase orders"),
    }
)
"""What the facts of a flow are called: one of them, several."""

ORDER_MATCH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tranid": "Document number of the sales order",
        "otherrefnum": "PO / check number of the sales order",
        "externalid": "External id of the sales order",
        **{name: f"Preset {name}" for name in PRESETS},
    }
)
"""The ways to find a sales order, for a person."""


def rules_said(way: str) -> str:
    """Return what a way compares, such as ``reference_id = externalid``. Pure."""
    return ", else ".join(
        f"{one.side}{f' without {one.away!r}' if one.away else ''} = {one.field}"
        for one in rules_of(way)
    )
