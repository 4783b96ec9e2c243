"""Exact numbers: Decimal in the simulator, SQLite's numeric affinity in the books.

A NUMERIC column keeps a decimal of up to 15 significant digits so that it comes back as the
very same decimal; sums are made with Decimal. No float takes part in a business rule.
"""

from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)
LARGEST: Final = Decimal(10) ** 15
"""What the books keep exactly; a body's number must be smaller."""
CENT: Final = Decimal("0.01")


def exact(value: object) -> Decimal:
    """A database or JSON number as Decimal. ``None`` counts as zero.

    Raises:
        TypeError: no kind of number at all.
        ValueError: a text that isn't one, or not a finite one.
    """
    if value is None:
        return ZERO
    if isinstance(value, float):
        value = f"{value:.15g}"
    if not isinstance(value, int | str | Decimal):
        raise TypeError(f"{value!r} is not a number")
    try:
        number = Decimal(value)
    except ArithmeticError as error:
        raise ValueError(f"{value!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a number")
    return number


def bounded(value: object) -> Decimal:
    """A number of a request, small enough for the books.

    Raises:
        ValueError: not a number, or ``LARGEST`` and above.
    """
    number = exact(value)
    if abs(number) >= LARGEST:
        raise ValueError(f"{value!r} is too large")
    return number


def stored(value: Decimal) -> int | float:
    """What to hand to SQLite."""
    whole = int(value)
    return whole if whole == value else float(value)


def plain(value: float) -> str:
    """A number as SuiteQL answers it: digits, no exponent, no trailing zeros."""
    if isinstance(value, int):
        return str(value)
    return text(Decimal(f"{value:.15g}"))


def text(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def money(value: Decimal) -> Decimal:
    """Rounded to cents, half away from zero as ledgers do."""
    return value.quantize(CENT, rounding="ROUND_HALF_UP")
