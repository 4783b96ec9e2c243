"""How queries show tables in one world: signs of quantities and amounts, lines of links.

The books keep one sign and one numbering; a query reads a table through a SELECT of its own where
the world shows it otherwise.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ml_connector.sim.netsuite.books.tables import tables
from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.netsuite_queries import (
    BILL_AMOUNTS,
    CREDIT_AMOUNTS,
    LINKED_LINES,
    PURCHASE_QUANTITIES,
    PURCHASE_TOTALS,
    RETURN_QUANTITIES,
    SALES_QUANTITIES,
)

Faces = tuple[tuple[str, str], ...]
"""Table names with the SELECT that queries read in their place."""

_OF_QUANTITIES: Final[Mapping[Switch[Any], tuple[str, ...]]] = {
    PURCHASE_QUANTITIES: ("PurchOrd",),
    SALES_QUANTITIES: ("SalesOrd", "ItemShip"),
    RETURN_QUANTITIES: ("RtnAuth",),
}
_OF_AMOUNTS: Final[Mapping[Switch[Any], tuple[str, ...]]] = {
    BILL_AMOUNTS: ("VendBill",),
    CREDIT_AMOUNTS: ("VendCred",),
}
_AMOUNTS: Final = ("amount", "netamount", "foreignamount")
_LINKS: Final = ("previoustransactionlinelink", "nexttransactionlinelink")
_TOTALS: Final = ("PurchOrd", "VendBill")


@cache
def faces(readings: Readings) -> Faces:
    """Return the tables that are shown otherwise than they are kept."""
    turned = _turned(readings, _OF_QUANTITIES)
    columns: dict[str, str] = {}
    if turned:
        columns["quantity"] = _negated("quantity", turned)
    if turned := _turned(readings, _OF_AMOUNTS):
        columns |= {name: _negated(name, turned) for name in _AMOUNTS}
    found = [("transactionline", _select("transactionline", columns))] if columns else []
    if readings[PURCHASE_TOTALS] != PURCHASE_TOTALS.default:
        totals = {
            name: f"CASE WHEN type IN ({_listed(_TOTALS)}) THEN -{name} ELSE {name} END"
            for name in ("foreigntotal", "total")
        }
        found.append(("transaction", _select("transaction", totals)))
    if readings[LINKED_LINES] == "places":
        places = {f"{side}line": _place(side) for side in ("previous", "next")}
        found += [(name, _select(name, places)) for name in _LINKS]
    return tuple(found)


def _turned(readings: Readings, switches: Mapping[Switch[Any], tuple[str, ...]]) -> list[str]:
    return [
        code
        for switch, codes in switches.items()
        if readings[switch] != switch.default
        for code in codes
    ]


def _negated(name: str, types: list[str]) -> str:
    of_line = 'SELECT t.type FROM "transaction" t WHERE t.id = "transactionline"."transaction"'
    return f"CASE WHEN ({of_line}) IN ({_listed(types)}) THEN -{name} ELSE {name} END"


def _place(side: str) -> str:
    return (
        f"(SELECT p.linesequencenumber FROM transactionline p "  # noqa: S608 - own names only
        f'WHERE p."transaction" = {side}doc AND p.id = {side}line)'
    )


def _listed(types: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"'{one}'" for one in types)


def _select(table: str, changed: Mapping[str, str]) -> str:
    columns = (
        f'{changed[name]} AS "{name}"' if name in changed else f'"{name}"'
        for name in tables()[table].columns
    )
    return f'SELECT {", ".join(columns)} FROM "{table}"'  # noqa: S608 - own names only
