"""Units that are booked where their goods do not stay: on their way from a hub. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.ledger.postings.documents import UnitsInTransit
from ml_connector.reconcile.amounts import with_unit
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Row, RowKey
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections


class InTransit(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a source that were booked at another location than where they go.

    Attributes:
        source: such as ``wro 90311``.
        since: the first day on which they were booked there.
    """

    flow: str
    source: str
    units: UnitsInTransit
    since: date


Carried = Mapping[tuple[str, str], Decimal]
"""What others took of items before the month, since units in transit were booked: by item and
location."""

_NOTHING: Final[Carried] = MappingProxyType({})


def places_before(found: Iterable[InTransit], month: Month) -> Mapping[str, tuple[date, set[str]]]:
    """Return where units have been since before a month: by location the first day, and items."""
    places: dict[str, tuple[date, set[str]]] = {}
    for one in found:
        if one.since < month.first:
            since, items = places.get(one.units.location, (one.since, set()))
            places[one.units.location] = (min(since, one.since), items | {one.units.item})
    return places


def judge(
    month: Month,
    found: Sequence[InTransit],
    table: Mapping[RowKey, Row],
    sections: Sections,
    taken_before: Carried = _NOTHING,
) -> Iterator[Difference]:
    """Yield the units that are on their way, until others have moved as many from there.

    Args:
        month: of the report: units that were booked earlier are carried into it.
        found: units that our runs left where they are.
        table: of the report: what others moved, by SKU and location.
        sections: of the report.
        taken_before: what others moved before the month.
    """
    gone = _taken_by_others(table.items())
    for place, item in {
        (one.units.sku, one.units.location): one.units.item for one in found
    }.items():
        gone[place] += taken_before.get((item, place[1]), Decimal(0))
    total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in found:
        total[one.units.sku, one.units.location] += one.units.quantity
    for one in found:
        place = (one.units.sku, one.units.location)
        if gone[place] < total[place]:
            yield _difference(one, sections, carried=one.since < month.first)


def _taken_by_others(rows: Iterable[tuple[RowKey, Row]]) -> dict[tuple[str, str], Decimal]:
    taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for key, row in rows:
        if not key.currency:
            taken[key.what, key.where] -= row.others
    return taken


def _difference(one: InTransit, sections: Sections, *, carried: bool) -> Difference:
    units = one.units
    moved = with_unit(Decimal(units.quantity), "", units.sku or "an unknown SKU")
    goes = f"location {units.bound_for}" if units.bound_for else "a center without location"
    return Difference(
        kind=Kind.IN_TRANSIT,
        section=sections.of_facts(one.flow).key,
        what=units.sku,
        item=units.item,
        where=units.location,
        netsuite=Decimal(units.quantity),
        source=one.source,
        source_line=units.source_line,
        says=(
            f"{one.source}, {units.source_line}: {moved} is booked at location {units.location}"
            f"{f' since {one.since}' if carried else ''} and goes to {goes}; {units.reason}"
        ),
        remedy=(
            "Look at ShipBob's stock. When they have arrived and nothing moves them by itself,"
            " move them with an inventory transfer in NetSuite."
        ),
    )
