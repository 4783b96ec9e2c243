"""Currencies: how many digits an amount has after the point (ISO 4217, minor units). Pure."""

from typing import Final

_USUAL: Final = 2
_DIGITS: Final = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"], 0),
    **dict.fromkeys(["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def digits_of(currency: str) -> int:
    """Return how many digits a currency has after the point: 0 for JPY, 3 for KWD, mostly 2."""
    return _DIGITS.get(currency.upper(), _USUAL)
