"""What made the differences of a month's stock, by the histories of both systems."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.reads.stock.histories import MOST_ITEMS, ItemHistories
from ml_connector.reconcile.sides.stock import Window
from ml_connector.reconcile.tie_out.rows import TieLine, TieOut, TiePlace
from ml_connector.rules.stock_causes.evidence import evidence
from ml_connector.rules.stock_causes.histories import Thing, Times, history_of
from ml_connector.rules.stock_causes.named import findings
from ml_connector.rules.stock_causes.rows import StockFinding


async def with_causes(
    context: ConnectionContext,
    window: Window,
    done: TieOut,
    *,
    items: Mapping[str, str],
    skus: Mapping[int, str],
) -> TieOut:
    """Return a tie-out whose red places say what made them, where the numbers fit exactly.

    Args:
        context: of the connection.
        window: the days that are tied.
        done: the tie-out.
        items: NetSuite's internal ids by SKU.
        skus: by ShipBob's inventory id.

    Raises:
        Retryable: one of the systems can't be read just now.
    """
    red = _red(done, items)
    numbers = _numbers(skus)
    wanted = sorted(sku for sku in red if numbers[sku])[:MOST_ITEMS]
    if not wanted:
        return done
    try:
        read = await context.reads.stock.histories.of_items(
            {items[sku] for sku in wanted},
            {number for sku in wanted for number in numbers[sku]},
            since=window.begins,
            until=min(window.ends, datetime.now(UTC)),
            first=window.first,
        )
    except (NeedsData, NeedsHuman):
        return done  # a difference without its cause is shown all the same
    if read.too_many:
        return done
    found = {
        TiePlace(sku, where): one
        for sku in wanted
        for where, one in _of_sku(
            Thing(sku, sku, items[sku], numbers[sku], {}), read, red[sku], context, window
        ).items()
    }
    return replace(done, lines=tuple(_told(line, found) for line in done.lines))


def _told(line: TieLine, found: Mapping[TiePlace, StockFinding]) -> TieLine:
    one = found.get(line.place)
    return line if one is None else replace(line, causes=one.causes)


def _red(done: TieOut, items: Collection[str]) -> Mapping[str, list[TieLine]]:
    """Return the red places by SKU, of those that are items of NetSuite's."""
    red: dict[str, list[TieLine]] = defaultdict(list)
    for line in done.red:
        if line.place.what in items:
            red[line.place.what].append(line)
    return red


def _numbers(skus: Mapping[int, str]) -> Mapping[str, set[int]]:
    """Return ShipBob's inventory ids by SKU."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, sku in skus.items():
        numbers[sku].add(number)
    return numbers


def _of_sku(
    thing: Thing,
    read: ItemHistories,
    lines: Collection[TieLine],
    context: ConnectionContext,
    window: Window,
) -> Mapping[str, StockFinding]:
    """Say what made what no honest item explains of a SKU, by location."""
    settings = context.settings
    history = history_of(
        thing,
        read,
        locations=set(settings.locations.values()),
        open_sources=(),
        times=Times(min(window.ends, datetime.now(UTC)), window.zone),
    )
    gaps = {
        line.place.where: line.unexplained
        + sum((one.quantity for one in line.items if one.kind.rule.red), Decimal(0))
        for line in lines
    }
    return findings(evidence(replace(history, after=window.after)), gaps)
