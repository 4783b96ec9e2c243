"""What is stowed of a WRO, line by line, and what of it is not booked yet. All pure.

A line is an inventory id or, of an item that NetSuite keeps by lot, one lot of it. Facts,
journal, refusals and what is found in NetSuite name it alike (``wro_lines.source_line``).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.ledger.postings.documents import SourceLine
from ml_connector.rules.posting_dates import local_day
from ml_connector.rules.wro_lines import inventory_of, source_line
from ml_connector.shipbob.payloads import Box


def name_of(line: StowedLine) -> str:
    """Return how facts and journal name a line."""
    return source_line(line.inventory_id, line.lot)


def merged(lines: Iterable[StowedLine]) -> tuple[StowedLine, ...]:
    """Return each line once, with the units of all rows of that name.

    A WRO may name an inventory id in several rows, as merged variants share one (shipbob.md
    section 9.2), and a lot may lie in several boxes. A lot keeps its expiry date where all rows
    that name one agree; else it has none, and ``lot_dates`` holds what they say.
    """
    rows: dict[str, list[StowedLine]] = defaultdict(list)
    for line in lines:
        rows[name_of(line)].append(line)
    return tuple(_one(same) if len(same) > 1 else same[0] for same in rows.values())


def source_lines(facts: ReceivingFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return what is stowed, one entry for each inventory id and lot.

    ShipBob has it at the center that the goods go to, also where the WRO shows a hub: that is
    where the two systems' stock differs by what is not booked.
    """
    fact_date = local_day(facts.stowed_at, settings)
    return tuple(
        SourceLine(
            source_line=name_of(line),
            fact_date=fact_date,
            sku=line.sku,
            quantity=line.stowed,
            center=facts.destination,
        )
        for line in merged(facts.lines)
        if line.stowed
    )


def by_lot(
    lines: Iterable[StowedLine], boxes: Iterable[Box], lot_tracked: Collection[int]
) -> tuple[StowedLine, ...]:
    """Split the lines of a WRO by the lots that its boxes hold.

    Units that the boxes do not account for stay without a lot, and no lot takes more than the
    WRO says (shipbob.md section 9.4: the counters of WRO and boxes can disagree while work goes
    on).

    Args:
        lines: one for each inventory id.
        boxes: of the WRO.
        lot_tracked: inventory ids of items that NetSuite keeps by lot; others are not split.
    """
    lots: dict[int, list[StowedLine]] = defaultdict(list)
    whole = {line.inventory_id: line for line in lines}
    for box in boxes:
        for item in box.box_items:
            line = whole.get(item.inventory_id)
            if line is None or not item.lot_number or not item.stowed_quantity:
                continue
            lots[line.inventory_id].append(
                msgspec.structs.replace(
                    line,
                    stowed=item.stowed_quantity,
                    lot=item.lot_number,
                    lot_date=item.expires_on,
                )
            )
    split: list[StowedLine] = []
    for line in whole.values():
        if line.inventory_id in lot_tracked:
            split += _parts(line, merged(lots[line.inventory_id]))
        else:
            split.append(line)
    return tuple(split)


def unbooked(
    lines: Iterable[StowedLine], booked: Mapping[str, int]
) -> list[tuple[StowedLine, int]]:
    """Return the lines with more stowed than booked, and how much more.

    Args:
        lines: what is stowed.
        booked: units that are booked, by name of the line.
    """
    return [
        (line, line.stowed - booked.get(name_of(line), 0))
        for line in merged(lines)
        if line.stowed > booked.get(name_of(line), 0)
    ]


def fewer(lines: Iterable[StowedLine], booked: Mapping[str, int]) -> frozenset[str]:
    """Return the names of lines of which less is stowed than is booked."""
    stowed = stowed_units(lines)
    return frozenset(name for name, units in booked.items() if stowed.get(name, 0) < units)


def booked_otherwise(lines: Iterable[StowedLine], booked: Mapping[str, int]) -> dict[str, int]:
    """Return the units that are booked by lot, of what is told of without lots, or vice versa.

    They are the same units by another name: what of the line is left to book can't be told.
    """
    lots: dict[int, set[bool]] = defaultdict(set)
    for line in lines:
        lots[line.inventory_id].add(line.lot is not None)
    found: dict[str, int] = {}
    for name, units in booked.items():
        inventory_id = inventory_of(name)
        if inventory_id is not None and units:
            is_lot = name != source_line(inventory_id, None)
            if lots[inventory_id] == {not is_lot}:
                found[name] = units
    return found


def stowed_units(lines: Iterable[StowedLine]) -> dict[str, int]:
    """Return the stowed units by name of the line."""
    return {name_of(line): line.stowed for line in merged(lines)}


def _one(rows: Sequence[StowedLine]) -> StowedLine:
    dates = {day for row in rows for day in (row.lot_date, *row.lot_dates) if day is not None}
    return msgspec.structs.replace(
        rows[0],
        expected=sum(row.expected for row in rows),
        stowed=sum(row.stowed for row in rows),
        lot_date=min(dates) if len(dates) == 1 else None,
        lot_dates=tuple(sorted(dates)) if len(dates) > 1 else (),
    )


def _parts(line: StowedLine, lots: Sequence[StowedLine]) -> list[StowedLine]:
    """Return a line by its lots, and what of it is in none."""
    split: list[StowedLine] = []
    rest = line.stowed
    for lot in sorted(lots, key=lambda one: one.lot or ""):
        units = min(rest, lot.stowed)
        if units:
            split.append(msgspec.structs.replace(lot, expected=line.expected, stowed=units))
            rest -= units
    if rest or not split:
        split.append(msgspec.structs.replace(line, stowed=rest))
    return split
