"""Numbers as text: whole units, and money with the digits of its currency."""

from decimal import Decimal

from ml_connector.ledger.currencies import digits_of


def digits(currency: str) -> int:
    """Return how many digits a currency has after the point; 0 for units."""
    return digits_of(currency) if currency else 0


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
