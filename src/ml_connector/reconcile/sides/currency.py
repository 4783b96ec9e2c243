"""Which currency a bill in NetSuite is in, as far as it is known. Pure."""

from collections.abc import Mapping

from ml_connector.ledger.currencies import code_of


def currency_shown(internal_id: str | None, text: str | None, codes: Mapping[str, str]) -> str:
    """Return the code of a currency; where none is known, what NetSuite shows of it.

    A currency is known by its internal id where the settings name that, else by its display text.
    What is not known is never taken for another one: its own text differs from every code.

    Args:
        internal_id: in NetSuite; None in accounts with one currency (netsuite.md section 5.1).
        text: that NetSuite displays of it, which people may have changed.
        codes: by internal id, as the settings name them.

    Returns:
        Empty where the account shows no currencies: there is one only.
    """
    own = codes.get(internal_id or "") or code_of(text)
    return own or (text or "").strip() or internal_id or ""


def currency_named(currency: str) -> str:
    """Return how a currency is named for a person, with a word where it is not known."""
    known = not currency or code_of(currency) == currency
    return currency if known else f'a currency that is not known ("{currency}")'


def name_it(currency: str) -> str:
    """Return what a person can do about a currency that is not known; empty where it is."""
    if currency_named(currency) == currency:
        return ""
    return (
        f' If "{currency}" is another name of it, add the code and NetSuite\'s id of the currency'
        " under [billing.currencies], and apply the connection again."
    )
