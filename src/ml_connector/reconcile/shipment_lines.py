"""Lines of shipments that are not wholly ours: who has them, and by which document. Pure.

shipped = fulfilled by us + by others + waiting + refused. What others have fulfilled is refused
here because of documents that a run named; those must hold as many units as were refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from ml_connector.reconcile.amounts import with_unit
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, ShipmentLineRow
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections

_SHIPMENTS = "ItemShip"


def rows(
    month: Month,
    states: Iterable[SourceState],
    resting: Sequence[HandlingDocument],
    sections: Sections,
) -> tuple[ShipmentLineRow, ...]:
    """Return the month's lines of shipments that a document of ours does not simply hold."""
    held = _by_source(resting)
    key = sections.of_movement(_SHIPMENTS, None).key
    found = [
        _row(state, held.get(state.fact.source, ()))
        for state in states
        if state.section == key
        and state.fact.quantity is not None
        and state.fact.fact_date in month
    ]
    shown = [row for row in found if row.shipped != row.ours]
    return tuple(sorted(shown, key=lambda row: (not row.waiting, row.source, row.line)))


def judge(
    states: Iterable[SourceState],
    resting: Sequence[HandlingDocument],
    names: SkuNames,
    sections: Sections,
) -> Iterator[Difference]:
    """Yield a difference where documents hold fewer units than were refused because of them.

    A document of which another name is known, such as of a kit's members, is not looked at here:
    what it holds is tied out with all stock.
    """
    refused: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    key = sections.of_movement(_SHIPMENTS, None).key
    for state in states:
        if state.section == key and state.fact.sku and state.fact.quantity is not None:
            refused[state.fact.source][state.fact.sku] += abs(state.refused)
    for documents in _together(resting):
        sources = sorted({one.source for one in documents})
        there: dict[str, Decimal] = defaultdict(Decimal)
        for one in {one.then.id: one for one in documents}.values():
            for held in (one.now or one.then).units:
                there[names.of_item(held.item)] += abs(held.quantity)
        for sku, units in sorted(_sums(refused, sources).items()):
            if sku in there and units > there[sku]:
                yield _short(documents, sources, sku, (units, there[sku]), sections)


def _by_source(resting: Iterable[HandlingDocument]) -> Mapping[str, list[HandlingDocument]]:
    found: dict[str, list[HandlingDocument]] = defaultdict(list)
    for one in resting:
        found[one.source].append(one)
    return found


def _row(state: SourceState, held: Sequence[HandlingDocument]) -> ShipmentLineRow:
    fact = state.fact
    out = -1 if state.source.value < 0 else 1  # units that leave are negative in the journal
    by_others = fact.handled + (state.refused if held else Decimal(0))
    return ShipmentLineRow(
        source=fact.source,
        line=fact.source_line,
        day=fact.fact_date,
        what=fact.sku or "",
        shipped=out * state.source.value,
        ours=out * state.posted,
        others=out * by_others,
        waiting=out * state.rest,
        refused=out * (fact.refused - by_others),
        documents=tuple(dict.fromkeys([*state.documents, *(one.ref for one in held)])),
        says=fact.waiting.sentence if fact.waiting and state.rest else fact.reason,
    )


def _together(resting: Iterable[HandlingDocument]) -> list[list[HandlingDocument]]:
    """Return the documents in groups of which no two have a document or a source in common."""
    groups: list[list[HandlingDocument]] = []
    for one in resting:
        if not one.then.units:
            continue
        met = [
            group
            for group in groups
            if any(one.then.id == other.then.id or one.source == other.source for other in group)
        ]
        groups = [group for group in groups if group not in met]
        groups.append([one, *(other for group in met for other in group)])
    return groups


def _sums(
    refused: Mapping[str, Mapping[str, Decimal]], sources: Iterable[str]
) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for source in sources:
        for sku, units in refused.get(source, {}).items():
            sums[sku] += units
    return sums


def _short(
    documents: Sequence[HandlingDocument],
    sources: Sequence[str],
    sku: str,
    units: tuple[Decimal, Decimal],
    sections: Sections,
) -> Difference:
    wanted, there = units
    refs = tuple(sorted({one.ref for one in documents}))
    named = ", ".join(f"{ref.type} {ref.number or ref.id}" for ref in refs)
    return Difference(
        kind=Kind.REFUSAL_NOT_HELD,
        section=sections.of_facts(documents[0].flow).key,
        what=sku,
        shipbob=wanted,
        netsuite=there,
        source=sources[0],
        documents=refs,
        says=(
            f"{', '.join(sources)}: {with_unit(wanted, '', sku)} is not posted because of {named},"
            f" which holds {with_unit(there, '', sku)}"
        ),
        remedy=(
            "Look which of them the document is of. If it lacks units, correct it in NetSuite, or"
            f" delete it and run: ml-connector sync {documents[0].flow} --id"
            f" {sources[0].rpartition(' ')[2]}. To take it as it is: ml-connector month decide ID"
            " --as accept."
        ),
    )
