"""SuiteQL's dialect: rules for our queries (netsuite.md sections 4.2 and 4.4).

Dates are always wrapped, ``TO_CHAR(c, 'YYYY-MM-DD')`` or, with the time in the account's
zone, ``TO_CHAR(c, 'YYYY-MM-DD"T"HH24:MI:SS')``: a bare one comes in the account's own format.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, Literal

MOST_IN_LIST: Final = 1000

NameKind = Literal["column", "table"]

# All texts that may stand in quotes. Values from outside are always bound parameters, so a quoted
# text that is not in this list is a bug of ours, and the query is not sent.
_LITERALS: Final = frozenset(
    {
        "T",
        "F",
        'YYYY-MM-DD"T"HH24:MI:SS',
        "YYYY-MM-DD HH24:MI:SS",
        "YYYY-MM-DD",
        "YYYY-MM",
        *("PurchOrd", "ItemRcpt", "SalesOrd", "ItemShip", "RtnAuth", "InvAdjst", "InvTrnfr"),
        *("VendBill", "VendCred", "TrnfrOrd", "CashSale", "CustInvc"),
        *("A", "B", "C", "D", "E", "G", "H"),
        *("ShipRcpt", "PickPack", "OrdBill"),
    }
)
_QUOTED: Final = re.compile(r"'([^']*)'")
_FORBIDDEN: Final = re.compile(r"['\";{}]|--|/\*")
# SuiteQL has no square brackets, so in our queries they enclose parts that an account may lack.
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")


class Flag(StrEnum):
    """NetSuite's booleans in SuiteQL rows; a missing one is false."""

    T = "T"
    F = "F"

    def __bool__(self) -> bool:
        return self is Flag.T


_COLUMN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def column_name(text: str) -> str:
    """Return a name of a column that may be put into the text of a query.

    Raises:
        ValueError: it has characters other than letters, digits and underscores.
    """
    if not _COLUMN.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a column")
    return text


def in_lists(
    values: Sequence[str], *, most: int = MOST_IN_LIST
) -> Iterator[tuple[str, list[str]]]:
    """Yield IN lists, each as placeholders and the values they stand for.

    Each value comes once. Without values there are no lists.

    Args:
        values: what to look for.
        most: values in one list; NetSuite takes 1,000 (netsuite.md section 4.4).
    """
    once = list(dict.fromkeys(values))
    for start in range(0, len(once), most):
        chunk = once[start : start + most]
        yield ", ".join("?" * len(chunk)), chunk


def check(query: str, parameters: Sequence[object]) -> None:
    """Refuse a query that could carry a value from outside in its text.

    This is the second defence: a test checks that the text of every query is a constant.

    Raises:
        ValueError: a quoted text that is not one of our constants, a comment, a second
            statement, or another number of ``?`` than of parameters. That is a bug of ours.
    """
    for literal in _QUOTED.findall(query):
        if literal not in _LITERALS:
            raise ValueError(f"the text {literal!r} must be a parameter of the query")
    bare = _QUOTED.sub(" ", query)
    if found := _FORBIDDEN.search(bare):
        raise ValueError(f"{found[0]!r} can't stand in a query")
    if bare.count("?") != len(parameters):
        raise ValueError("the query has another number of ? than of parameters")


def optional_parts(query: str) -> list[str]:
    """Return the parts of a query in square brackets, which an account may lack."""
    return _OPTIONAL.findall(query)


def without(query: str, lacking: frozenset[str]) -> str:
    """Return the query with its optional parts, except those that are lacking."""
    return _OPTIONAL.sub(lambda part: "" if part[1] in lacking else part[1], query)


def unknown_of(query: str, said: Sequence[str]) -> tuple[str, NameKind] | None:
    """Return the column or table of a query that a refusal in unknown words names; None: none.

    Args:
        query: as it was sent.
        said: what the refusal quotes.
    """
    for word in said:
        name = word.rpartition(".")[2]
        if re.search(rf"\.{re.escape(name)}\b", query, re.IGNORECASE):
            return name, "column"
        if re.search(rf"\b(FROM|JOIN)\s+{re.escape(name)}\b", query, re.IGNORECASE):
            return name, "table"
    return None


def names(part: str, identifier: str) -> bool:
    """Whether a part of a query names this column or table, in any case."""
    return re.search(rf"\b{re.escape(identifier)}\b", part, re.IGNORECASE) is not None
