"""Numbers as text: whole units, and money with the digits of its currency."""

from decimal import Decimal
from typing import Final

# ISO 4217 minor units; every other currency has two digits.
_NO_DIGITS: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_THREE_DIGITS: Final = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def digits(currency: str) -> int:
    """Return how many digits a currency has after the point; 0 for units."""
    if not currency or currency in _NO_DIGITS:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def plain(value: Decimal, currency: str = "") -> str:
    """Return a number as text for a machine, without thousands: ``-1234.50``.

    More digits than the currency has are kept: nothing is ever rounded.
    """
    least = digits(currency)
    exponent = value.normalize().as_tuple().exponent
    most = max(least, -exponent if isinstance(exponent, int) and exponent < 0 else 0)
    return f"{value or Decimal(0):.{most}f}"


def shown(value: Decimal | None, currency: str = "") -> str:
    """Return a number as text for a person: ``1,234.50``; a dash for none."""
    if value is None:
        return "–"  # noqa: RUF001 - an en dash is what stands for nothing in a table
    whole, point, rest = plain(value, currency).partition(".")
    return f"{int(whole):,}{point}{rest}" if whole != "-0" else f"-0{point}{rest}"


def with_unit(value: Decimal, currency: str, what: str) -> str:
    """Return ``60 x TEE-BLK-M``, or ``12.50 USD``."""
    if currency:
        return f"{shown(value, currency)} {currency}"
    return f"{shown(value)} x {what}"
