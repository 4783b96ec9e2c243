"""What may make the two systems' stock differ, from all that is known of a month. Pure.

The amounts of what waits, is refused or cut off come from stored facts and the journal. They are
names for a difference that was measured elsewhere: ``judge`` takes none whose number does not fit.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from ml_connector.reconcile.amounts import with_unit
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import (
    Difference,
    Report,
    Row,
    RowKey,
)
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import TieItem, TiePlace
from ml_connector.shipbob.resources.inventory_history import StockMovement

_NAMED: Final = 3
_SOURCED: Final = ("wro", "receiving", "return")


class OpenStock(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source that is not posted in full, with the center whose stock it moved.

    Attributes:
        rest: units that are neither posted nor refused.
        refused: units that are not posted on purpose, and that no document handles.
        handled: units that a document of others, or a changed one of ours, handles by decision.
        sentence: why the rest is not posted.
        by_person: a person decided about its source, or took a document of it back.
        founded: something beside the flow shows why units are refused.
    """

    source: str
    name: str
    fact_date: date
    sku: str | None
    center: str | None
    rest: int
    refused: int
    handled: int = 0
    reason: str = ""
    sentence: str = ""
    by_person: bool = False
    founded: bool = True


class QuarantinedStock(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU at a center that NetSuite has at its location for what can't be sold."""

    sku: str
    center: str
    quantity: int


class KnownOpen(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a month, as far as it may make a difference of stock.

    Attributes:
        names: what people call NetSuite's items.
        locations: NetSuite's location by fulfillment center.
        quarantine: the location for what can't be sold; empty for none.
        since: the first day that counts.
        open_stock: what is not posted of the month's sources.
        resting: documents of others because of which facts are refused: they must hold them, so
            such a refusal explains nothing.
        quarantined: by the journal.
        in_transit: units that are booked elsewhere than where they go.
        hides_kits: what kits are made of can't be seen in NetSuite, so that what left in them is
            only known as a document of ours that does not list what was posted.
    """

    names: SkuNames
    locations: Mapping[str, str]
    quarantine: str = ""
    since: date = date.min
    open_stock: Sequence[OpenStock] = ()
    resting: Sequence[HandlingDocument] = ()
    quarantined: Sequence[QuarantinedStock] = ()
    in_transit: Sequence[InTransit] = ()
    hides_kits: bool = False


def open_items(report: Report, known: KnownOpen) -> list[TieItem]:
    """Return what may explain a difference, of all places.

    Args:
        report: of the same month, three ways.
        known: of the month.
    """
    return [
        *_of_sources(known),
        *_of_rows(report, known),
        *_of_documents(report.differences, known),
        *_of_quarantine(known),
        *_of_transit(_in_transit(report, known)),
    ]


def _of_sources(known: KnownOpen) -> Iterator[TieItem]:
    held = _held(known)
    for one in known.open_stock:
        location = known.locations.get(one.center or "")
        if location is None:
            continue
        place = TiePlace(one.sku or "", location)
        for kind, units, why in (
            (OpenKind.WAITING, one.rest, one.sentence),
            (
                OpenKind.REFUSED if one.founded else OpenKind.UNFOUNDED,
                one.refused,
                one.reason,
            ),
            (OpenKind.HANDLED, one.handled, one.reason),
        ):
            if units and not (kind is OpenKind.REFUSED and (one.source, place) in held):
                yield TieItem(
                    kind=kind,
                    place=place,
                    quantity=Decimal(units),
                    says=f"{one.source}, {one.name}" + (f": {why}" if why else ""),
                    reason=why,
                    source=one.source,
                    day=one.fact_date,
                )


def _held(known: KnownOpen) -> Collection[tuple[str, TiePlace]]:
    """Return the sources whose refused units documents of others must hold, and where."""
    return {
        (one.source, TiePlace(known.names.of_item(units.item), units.location or ""))
        for one in known.resting
        for units in one.then.units
    }


# Column of the three-way table, the kind that it stands for, and the sign with which ShipBob has
# more: source - open - refused - later + earlier + decided = journal, and NetSuite like it.
_COLUMNS: Final = (
    ("later", OpenKind.POSTED_LATER, 1),
    ("earlier", OpenKind.POSTED_FROM_EARLIER, -1),
    ("decided", OpenKind.DECIDED, -1),
    ("difference", OpenKind.DOCUMENT_DIFFERS, -1),
)

_SHOWN_AS: Final[Mapping[OpenKind, frozenset[Kind]]] = {
    OpenKind.POSTED_LATER: frozenset({Kind.POSTED_LATER}),
    OpenKind.POSTED_FROM_EARLIER: frozenset({Kind.POSTED_FROM_EARLIER}),
    OpenKind.DECIDED: frozenset(Kind),
    OpenKind.DOCUMENT_DIFFERS: frozenset(
        {
            *(Kind.DOCUMENT_DELETED, Kind.DOCUMENT_VOIDED, Kind.DOCUMENT_CHANGED),
            *(Kind.LOCATION_CHANGED, Kind.DATE_CHANGED, Kind.PERIOD_CHANGED),
            Kind.DOCUMENT_NOT_NEEDED,
            *(Kind.DOCUMENT_CORRECTED, Kind.DOCUMENT_REENTERED),
        }
    ),
}


_DIFFERING: Final = _SHOWN_AS[OpenKind.DOCUMENT_DIFFERS] - {
    Kind.DATE_CHANGED,
    Kind.PERIOD_CHANGED,
    Kind.DOCUMENT_CORRECTED,
    Kind.DOCUMENT_REENTERED,
}
"""How a document of ours may differ so that its units are not where they were posted."""


def _of_rows(report: Report, known: KnownOpen) -> Iterator[TieItem]:
    shown: dict[tuple[str, str, str], list[Difference]] = defaultdict(list)
    for one in report.differences:
        if not one.currency:
            shown[one.section, one.what, one.where].append(one)
    for key, row in report.rows:
        if key.currency or not key.where:
            continue
        if key.section in CORRECTING and row.journal:
            yield _corrected(key, row)
        about = shown.get((key.section, key.what, key.where), ())
        of_documents = shown.get((key.section, "", ""), ())
        yield from _of_row(key, row, [*about, *of_documents], known)


CORRECTING: Final = frozenset({"corrections", "month-end"})
"""Parts of the report whose documents no fact of ShipBob's has led to, but a decision."""


def _corrected(key: RowKey, row: Row) -> TieItem:
    return TieItem(
        kind=OpenKind.CORRECTED,
        place=TiePlace(key.what, key.where),
        quantity=-row.journal,
        says=f"corrections of {with_unit(row.journal, '', key.what)} by decision",
    )


def _of_row(
    key: RowKey, row: Row, shown: Sequence[Difference], known: KnownOpen
) -> Iterator[TieItem]:
    for column, kind, sign in _COLUMNS:
        units: Decimal = getattr(row, column)
        if units:
            kinds = _SHOWN_AS[kind]
            about = [
                one
                for one in shown
                if one.kind in kinds and (kind is not OpenKind.DECIDED or one.decided)
            ]
            if kind is OpenKind.DOCUMENT_DIFFERS and not (about or known.hides_kits):
                continue  # such as of a kit, whose members the document does not list
            yield TieItem(
                kind=kind,
                place=TiePlace(key.what, key.where),
                quantity=units * sign,
                says=_listed(one.says for one in about),
                source=about[0].source if len(about) == 1 else "",
                documents=_documents(about),
            )


def _of_documents(found: Iterable[Difference], known: KnownOpen) -> Iterator[TieItem]:
    """Yield what documents beside ours moved, and what only went into or out of quarantine."""
    by_document: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for one in found:
        if one.kind in {Kind.DOCUMENT_DOUBLED, Kind.DOCUMENT_UNKNOWN} and one.where:
            yield _of_document(one, OpenKind.DOCUMENT_DIFFERS)
        elif _is_of_others(one, known):
            by_document[one.documents[-1].id, one.what].append(one)
    for some in by_document.values():
        places = {one.where for one in some}
        total = sum((one.netsuite or Decimal(0) for one in some), Decimal(0))
        held = known.quarantine in places and not total
        for one in some:
            item = _of_document(one, OpenKind.QUARANTINED if held else OpenKind.MOVED_BY_OTHERS)
            yield replace(item, certain=held and one.where == known.quarantine)


def _is_of_others(one: Difference, known: KnownOpen) -> bool:
    if one.kind is not Kind.MOVED_BY_OTHERS or not one.where or not one.documents:
        return False
    return one.documents[-1].date >= known.since.isoformat()


def _of_document(one: Difference, kind: OpenKind) -> TieItem:
    return TieItem(
        kind=kind,
        place=TiePlace(one.what, one.where),
        quantity=-(one.netsuite or Decimal(0)),
        says=one.says,
        source=one.source,
        documents=one.documents,
        day=date.fromisoformat(one.documents[-1].date) if one.documents[-1].date else None,
    )


def _of_quarantine(known: KnownOpen) -> Iterator[TieItem]:
    for one in known.quarantined:
        location = known.locations.get(one.center)
        if location is not None and location != known.quarantine:
            units = Decimal(one.quantity)
            says = (
                f"{with_unit(abs(units), '', one.sku)} of center {one.center} at location"
                f" {known.quarantine}"
            )
            for where, quantity in ((location, units), (known.quarantine, -units)):
                # ShipBob may count them at the center or not; NetSuite has them in quarantine.
                yield TieItem(
                    kind=OpenKind.QUARANTINED,
                    place=TiePlace(one.sku, where),
                    quantity=quantity,
                    says=says,
                    certain=where == known.quarantine,
                )


def _in_transit(report: Report, known: KnownOpen) -> Iterator[InTransit]:
    """Yield what is in transit of the month, where our document of it stands as it was posted."""
    differs = {one.source for one in report.differences if one.kind in _DIFFERING and one.source}
    for one in known.in_transit:
        if one.since >= known.since and one.source not in differs:
            yield one


def _of_transit(found: Iterable[InTransit]) -> Iterator[TieItem]:
    for one in found:
        units = one.units
        pair = f"{one.source}, {units.source_line}" if units.location and units.bound_for else ""
        for where, quantity in (
            (units.location, -units.quantity),
            (units.bound_for, units.quantity),
        ):
            if where:
                yield TieItem(
                    kind=OpenKind.IN_TRANSIT,
                    place=TiePlace(units.sku, where),
                    quantity=Decimal(quantity),
                    says=f"{one.source}, {units.source_line}: {units.reason}",
                    source=one.source,
                    pair=pair,
                )


def is_alone(movement: StockMovement) -> bool:
    """Whether a movement names neither an order nor a WRO or a return: ShipBob made it alone."""
    if movement.shipbob_order_id:
        return False
    return not any(
        word in note.key.lower() and note.value.strip().isdigit()
        for note in movement.additional_reference
        for word in _SOURCED
    )


def moved_alone(movement: StockMovement, place: TiePlace, day: date) -> TieItem:
    """Return a movement that ShipBob made alone, as an open item.

    Args:
        movement: of the history.
        place: of the SKU that it moved.
        day: the merchant's local date.
    """
    category = movement.event_category or "movement"
    reason = f" ({movement.reason})" if movement.reason else ""
    return TieItem(
        kind=OpenKind.MOVED_AT_SHIPBOB,
        place=place,
        quantity=Decimal(movement.change),
        says=f"{category}{reason} of {day}, audit event {movement.inventory_audit_event_id}",
        documents=(
            DocumentRef(
                type=f"ShipBob {category}",
                id=str(movement.inventory_audit_event_id),
                date=day.isoformat(),
            ),
        ),
        day=day,
    )


def _documents(found: Sequence[Difference]) -> tuple[DocumentRef, ...]:
    return tuple(dict.fromkeys(ref for one in found for ref in one.documents))[:_NAMED]


def _listed(sentences: Iterable[str]) -> str:
    every = list(dict.fromkeys(sentences))
    more = f"; and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return "; ".join(every[:_NAMED]) + more
