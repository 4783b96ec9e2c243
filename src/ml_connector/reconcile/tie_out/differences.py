"""The places that do not tie out, as differences that people decide about. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.reconcile.amounts import shown
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sections import STOCK
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import Side, TieItem, TieLine, TieOut, TiePlace

KINDS: Final[Mapping[OpenKind, Kind]] = MappingProxyType(
    {
        OpenKind.MOVED_AT_SHIPBOB: Kind.STOCK_MOVED_AT_SHIPBOB,
        OpenKind.MOVED_BY_OTHERS: Kind.STOCK_MOVED_BY_OTHERS,
        OpenKind.CORRECTED: Kind.STOCK_CORRECTED,
        OpenKind.INSIDE_SHIPBOB: Kind.STOCK_INSIDE_SHIPBOB,
        OpenKind.INSIDE_NETSUITE: Kind.STOCK_INSIDE_NETSUITE,
    }
)
"""The kind of difference that each red kind of open item is shown as."""

TIED: Final = frozenset({*KINDS.values(), Kind.STOCK_UNEXPLAINED, Kind.STOCK_OPENING})
"""All kinds that the tie-out finds."""

_REMEDIES: Final[Mapping[OpenKind, str]] = MappingProxyType(
    {
        OpenKind.MOVED_AT_SHIPBOB: (
            "If ShipBob counts right, let NetSuite follow: ml-connector month decide ID --as"
            " correct; between two centers, book an inventory transfer in NetSuite. Else ask"
            " ShipBob to take it back, or take it as it is: --as accept."
        ),
        OpenKind.MOVED_BY_OTHERS: (
            "Ask whoever made the document. If it is wrong, delete it in NetSuite; if ShipBob's"
            " stock is, have ShipBob adjust it; or take it as it is: ml-connector month decide ID"
            " --as accept."
        ),
        OpenKind.CORRECTED: (
            "Take the correction back with journal undo if ShipBob's stock was right before it; or"
            " take it as it is: ml-connector month decide ID --as accept."
        ),
        OpenKind.INSIDE_SHIPBOB: (
            "Ask ShipBob which movement is missing from its history. To take it as it is:"
            " ml-connector month decide ID --as accept."
        ),
        OpenKind.INSIDE_NETSUITE: (
            "Look for lines that the role can't see, or that carry another date. To take it as it"
            " is: ml-connector month decide ID --as accept."
        ),
    }
)


def differences(tied: TieOut, items: Mapping[str, str] = MappingProxyType({})) -> list[Difference]:
    """Return what of a tie-out somebody must do something about, or has decided.

    Args:
        tied: the tie-out.
        items: NetSuite's internal ids by SKU; without it no document of ours can correct a place.
    """
    return [
        msgspec.structs.replace(one, item=items.get(one.what, ""))
        for line in tied.lines
        for one in _of_line(line, tied)
    ]


def _of_line(line: TieLine, tied: TieOut) -> Iterator[Difference]:
    red: dict[OpenKind, list[TieItem]] = defaultdict(list)
    for one in line.items:
        if one.kind in KINDS:
            red[one.kind].append(one)
    for kind, items in red.items():
        yield _named(line, tied.location(line.place.where), kind, items)
    if line.unexplained:
        yield _unexplained(line, tied.location(line.place.where))
    if tied.basis != "sealed" and line.shipbob.opened != line.netsuite.opened:
        yield _opening(line, tied)


def _named(line: TieLine, location: str, kind: OpenKind, items: list[TieItem]) -> Difference:
    units = sum((one.quantity for one in items), Decimal(0))
    said = "; ".join(one.says for one in items)
    return Difference(
        kind=KINDS[kind],
        section=STOCK.key,
        what=line.place.what,
        where=line.place.where,
        shipbob=units,
        netsuite=Decimal(0),
        documents=tuple(dict.fromkeys(ref for one in items for ref in one.documents)),
        says=(
            f"{line.place.what} at location {location}: {more(units)}, {kind.rule.words}. {said}"
        ),
        remedy=_REMEDIES[kind],
    )


def _unexplained(line: TieLine, location: str) -> Difference:
    place = line.place
    named = "".join(
        f"; {more(one.quantity)}: {one.says or one.kind.rule.words}" for one in line.items
    )
    hints = "; ".join(dict.fromkeys(one.says for one in line.hints if one.says))
    return Difference(
        kind=Kind.STOCK_UNEXPLAINED,
        section=STOCK.key,
        what=place.what,
        where=place.where,
        shipbob=line.shipbob.moved,
        netsuite=line.netsuite.moved,
        says=(
            f"{place.what} at location {location}: {_moved('ShipBob', line.shipbob)},"
            f" {_moved('NetSuite', line.netsuite)}{named}; {more(line.unexplained)},"
            f" and nothing explains it{_caused(line)}"
        ),
        remedy=(
            f"{_remedy(place)} These do not fit its numbers, but may have to do with it: {hints}."
            if hints
            else _remedy(place)
        ),
    )


def _caused(line: TieLine) -> str:
    """Return what made it, by the histories of both systems; empty where that is not clear."""
    made = "; ".join(f"{one.kind.rule.words}: {one.says}" for one in line.causes)
    return f". Both histories tell what made it: {made}" if made else ""


def _opening(line: TieLine, tied: TieOut) -> Difference:
    location = tied.location(line.place.where)
    counted = "counted back from the stock on hand" if tied.basis == "movements" else "as compared"
    opened = line.shipbob.opened - line.netsuite.opened
    return Difference(
        kind=Kind.STOCK_OPENING,
        section=STOCK.key,
        what=line.place.what,
        where=line.place.where,
        shipbob=line.shipbob.opened,
        netsuite=line.netsuite.opened,
        says=(
            f"{line.place.what} at location {location}: {more(opened)} before the month's"
            f" movements, {counted}"
        ),
        remedy=(
            "To let NetSuite follow ShipBob's count: ml-connector drift decide"
            f" {line.place.where} {line.place.what} --as correct"
        ),
    )


def _remedy(place: TiePlace) -> str:
    return (
        "The report's part on stock shows both systems' opening, movements and closing of it. To"
        " let NetSuite follow ShipBob's count: ml-connector drift decide"
        f" {place.where} {place.what} --as correct. To take it as it is: ml-connector month decide"
        " ID --as accept."
    )


def _moved(system: str, side: Side) -> str:
    return f"{system} moved {signed(side.moved)}"


def more(units: Decimal) -> str:
    """Return how many units ShipBob has more, or NetSuite, in words."""
    side = "ShipBob has" if units > 0 else "NetSuite has"
    return f"{side} {shown(abs(units))} more"


def signed(units: Decimal) -> str:
    """Return a number of units with its sign, such as ``+40``."""
    return f"{'+' if units > 0 else ''}{shown(units)}"
