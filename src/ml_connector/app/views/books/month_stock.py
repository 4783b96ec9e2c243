"""The part on stock of a month's report: both systems, place by place."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

_PARTS: Final = ("opening", "moved", "closing")


class StockItem(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of a difference is made of.

    Attributes:
        words: its kind, for a person.
        quantity: units that ShipBob has more because of it.
        says: what it is; empty where its kind says it all.
    """

    words: str
    quantity: Decimal
    says: str


class TiedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU at a location.

    Attributes:
        location_name: empty where it is not known.
        shipbob, netsuite: the opening balance, what moved, and the closing one.
        gap: what ShipBob has more than NetSuite; of that, ``carried`` differed at the opening
            already, and ``unexplained`` is made of nothing that is known.
        red: whether it keeps the month open.
    """

    sku: str
    location: str
    location_name: str
    shipbob: tuple[Decimal, ...]
    netsuite: tuple[Decimal, ...]
    gap: Decimal
    carried: Decimal
    unexplained: Decimal
    red: bool
    items: tuple[StockItem, ...]


class MonthStock(msgspec.Struct, frozen=True, kw_only=True):
    """Stock at month end.

    Attributes:
        is_tied: whether both systems were compared place by place; else ``notes`` say why not.
        has_openings: whether the balances at the month's begin are known; else they are counted
            back, and only movements are compared.
        places: those that differ and keep the month open first; the first thousand.
    """

    is_tied: bool
    has_openings: bool
    notes: tuple[str, ...]
    places: tuple[TiedPlace, ...]
    totals: TiedPlace | None


def month_stock(shown: Mapping[str, Any]) -> MonthStock | None:
    """Return the part on stock from the report that was kept; None in older ones. Pure."""
    tied = shown.get("tie_out")
    if tied is None:
        return None
    return MonthStock(
        is_tied=tied["basis"] is not None,
        has_openings=tied["basis"] in {"sealed", "snapshots"},
        notes=tuple(tied["notes"]),
        places=tuple(map(_place, tied["lines"])),
        totals=_place({**tied["totals"], "sku": ""}) if tied["totals"] else None,
    )


def _place(line: Mapping[str, Any]) -> TiedPlace:
    return TiedPlace(
        sku=line["sku"],
        location=line.get("location", ""),
        location_name=line.get("location_name", ""),
        shipbob=tuple(Decimal(line[f"shipbob_{part}"]) for part in _PARTS),
        netsuite=tuple(Decimal(line[f"netsuite_{part}"]) for part in _PARTS),
        gap=Decimal(line["gap"]),
        carried=Decimal(line["carried"]),
        unexplained=Decimal(line["unexplained"]),
        red=line.get("red", False),
        items=tuple(
            StockItem(words=one["words"], quantity=Decimal(one["quantity"]), says=one["says"])
            for one in line.get("items", ())
        ),
    )
