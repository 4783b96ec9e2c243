"""ShipBob's words for money: which are known, and which are no cost (shipbob.md section 9.7)."""

from typing import Final

TYPES: Final = frozenset({"charge", "refund", "credit"})
"""Types of transactions that are costs, documented or seen."""

REFERENCES: Final = frozenset(
    {
        "",
        "shipment",
        "return",
        "wro",
        "uro",
        "ticketnumber",
        "fc",
        "lpnreference",
        "transferplan",
        "order",
    }
)
"""Types of things that a charge may name, documented or seen."""


def plain(word: str | None) -> str:
    """Return one of ShipBob's words without spaces and case, so that spellings compare equal."""
    return "".join((word or "").split()).casefold()


def is_no_cost(kind: str | None) -> bool:
    """Whether an invoice or a transaction of this type is a payment or a balance.

    Documented are ``Payment`` and ``BalanceAdjustment`` (shipbob.md section 9.7). Every type
    that begins with ``Balance`` counts: what is carried over is no charge by any name.
    """
    word = plain(kind)
    return word == "payment" or word.startswith("balance")
