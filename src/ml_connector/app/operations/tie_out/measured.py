"""The tie-out of a month end: reads both systems' own word on stock, and ties it out.

Both are read before and, where anything is left to explain, once more after the journal's
snapshot was taken: a document that is posted meanwhile shows in one of the two only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from ml_connector.app.operations.tie_out.causes import with_causes
from ml_connector.app.operations.tie_out.kept_stock import tied_from_kept
from ml_connector.app.operations.tie_out.looked_into import looked_into
from ml_connector.engine.context import ConnectionContext
from ml_connector.reconcile.compare.compare import Gathered
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.report import Report, identified, ordered
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.stock import (
    NetSuiteStock,
    ShipBobStock,
    Window,
    location_names,
    named_items,
    netsuite_sides,
    netsuite_stock,
    shipbob_sides,
    shipbob_stock,
)
from ml_connector.reconcile.stored.stored import StoredMonth
from ml_connector.reconcile.tie_out.differences import differences
from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.open_items import KnownOpen, moved_alone, open_items
from ml_connector.reconcile.tie_out.openings import Openings, opened
from ml_connector.reconcile.tie_out.refusals import judged
from ml_connector.reconcile.tie_out.rows import Balances, TieItem, TieOut
from ml_connector.rules.facts import item_fact
from ml_connector.rules.items import item_name
from ml_connector.storage.database import Database
from ml_connector.transport.spoiled import gathering

MOST_LOOKED_INTO: Final = 500
"""The most places whose orders and returns are looked into."""


class StockOfBoth(NamedTuple):
    """What both systems say of stock, as it was read at one time."""

    netsuite: NetSuiteStock
    shipbob: ShipBobStock


def window_of(context: ConnectionContext, month: Month) -> Window:
    """Return the days of a month that are tied out: from the start date on."""
    settings = context.settings
    first = max(month.first, settings.start_date or month.first)
    return Window(first, month.after, settings.schedule.zone)


def why_not(context: ConnectionContext) -> str:
    """Return why a month's stock is not tied out; empty where it is."""
    if not context.settings.locations:
        return "No fulfillment center is mapped to a location: there is no stock to tie out."
    if "inventory" in context.settings.flows_off:
        return "Stock is not tied out: the flow inventory is off under [flows]."
    return ""


Stock = StockOfBoth | TieOut | str
"""Both systems' stock, or what kept comparisons say of it, or why it was not read."""


async def measured(
    context: ConnectionContext,
    month: Month,
    database: Database,
    *,
    recent: bool,
    progress: Callable[[str, int], object],
) -> Stock:
    """Read both systems' stock and movements, or say why a month's stock is not tied out.

    Args:
        context: of the connection.
        month: which.
        database: of the comparisons that are kept.
        recent: whether ShipBob's history still goes back so far; else kept comparisons serve.
        progress: called while it reads.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    why = why_not(context)
    if why:
        return why
    if not recent:
        return await tied_from_kept(database, context.settings, month)
    progress("Reading stock", 0)
    return await read(context, month)


async def added(
    report: Report,
    context: ConnectionContext,
    month: Month,
    stored: StoredMonth,
    gathered: Gathered,
    *,
    resting: Sequence[HandlingDocument],
    stock: Stock,
    openings: Openings,
) -> Report:
    """Return a report with the tie-out, and with what of it is to be resolved.

    Args:
        report: of the month, three ways.
        context: of the connection.
        month: which month.
        stored: what is stored of it.
        gathered: the sides of the report.
        resting: documents of others because of which facts are refused.
        stock: as it was measured before.
        openings: with what the month begins.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    if isinstance(stock, str):
        return msgspec.structs.replace(report, not_tied=stock)
    if isinstance(stock, TieOut):
        return await _with(report, context, month, stock)
    settings = context.settings
    quarantine = settings.policies.quarantine_location or ""
    names = gathered.names.knowing(
        await stored.skus_of({row.item for row in stock.netsuite.moved})
    ).preferring(named_items(stock.netsuite), set(stock.shipbob.skus.values()))
    stocked = {place.what for place in netsuite_sides(stock.netsuite, names)}
    known = KnownOpen(
        names=names,
        locations=settings.locations,
        quarantine=quarantine,
        since=window_of(context, month).first,
        open_stock=judged(await stored.open_stock(), settings, stocked),
        resting=resting,
        quarantined=await stored.quarantined(quarantine) if quarantine else (),
        in_transit=gathered.in_transit,
        hides_kits=stock.netsuite.hides_kits,
    )
    done = await tied(context, month, report, known, first=stock, openings=openings)
    return await _with(report, context, month, done, stock.shipbob.skus)


async def _with(
    report: Report,
    context: ConnectionContext,
    month: Month,
    done: TieOut,
    skus: Mapping[int, str] | None = None,
) -> Report:
    ids = await _items(context, {one.place.what for one in done.red})
    if skus is not None:
        window = window_of(context, month)
        done = await with_causes(context, window, done, items=ids, skus=skus)
    found = identified(str(month), ordered(differences(done, ids)))
    return msgspec.structs.replace(
        report, tie_out=done, differences=ordered([*report.differences, *found])
    )


async def _items(context: ConnectionContext, skus: Collection[str]) -> Mapping[str, str]:
    """Return NetSuite's internal ids of the active items that SKUs stand for."""
    names = {sku: item_name(sku, context.settings.skus) for sku in skus if sku}
    found = await context.reads.items(set(names.values())) if names else {}
    return {
        sku: active[0].id
        for sku, name in names.items()
        if len(active := [item for item in found.get(name, ()) if not item_fact(item).inactive])
        == 1
    }


async def read(context: ConnectionContext, month: Month) -> StockOfBoth:
    """Read both systems' stock and movements.

    Raises:
        ConnectorError: one of them can't be read.
    """
    settings, window = context.settings, window_of(context, month)
    places = set(settings.locations.values())
    if settings.policies.quarantine_location is not None:
        places.add(settings.policies.quarantine_location)
    in_netsuite = await netsuite_stock(context.netsuite.query, sorted(places), window)
    at_shipbob = await shipbob_stock(
        context.shipbob, settings.locations, window, now=datetime.now(UTC)
    )
    return StockOfBoth(in_netsuite, at_shipbob)


async def tied(
    context: ConnectionContext,
    month: Month,
    report: Report,
    known: KnownOpen,
    *,
    first: StockOfBoth,
    openings: Openings,
) -> TieOut:
    """Tie a month out.

    Args:
        context: of the connection.
        month: which month.
        report: of it, three ways.
        known: what may make a difference.
        first: as both systems were read before the journal's snapshot.
        openings: of the month.

    Raises:
        ConnectorError: one of the systems can't be read.
    """
    window = window_of(context, month)
    items = open_items(report, known)
    done = _tied(first, window, known, items, openings)
    if not done.red:
        return done
    with gathering([]):  # what can't be read was told by the first reading
        second = await read(context, month)
    done = _better(done, _tied(second, window, known, items, openings))
    doubtful = {one.place for one in done.lines if one.unexplained}
    if not doubtful or len(doubtful) > MOST_LOOKED_INTO:
        return done
    more = await looked_into(context, window, second.shipbob, doubtful)
    return _tied(second, window, known, [*items, *more], openings) if more else done


def _tied(
    read_: StockOfBoth,
    window: Window,
    known: KnownOpen,
    items: Sequence[TieItem],
    openings: Openings,
) -> TieOut:
    alone = [
        moved_alone(one, place, window.day(one.event_datetime))
        for place, one in read_.shipbob.alone
    ]
    balances = opened(
        Balances(
            shipbob=shipbob_sides(read_.shipbob, known.locations),
            netsuite=netsuite_sides(read_.netsuite, known.names),
            named=location_names(read_.shipbob, known.locations),
        ),
        openings,
    )
    notes = [*openings.notes, *([_HIDDEN_KITS] if known.hides_kits else [])]
    return tie_out(balances, [*items, *alone], notes)


_HIDDEN_KITS: Final = (
    "The role may not see what kits are made of (kitItemMember): of what left NetSuite in kits,"
    " the posted units are believed."
)


def _better(first: TieOut, second: TieOut) -> TieOut:
    """Return the second reading, with what tied out in the first: it moves just now."""
    before = {one.place: one for one in first.lines if not one.red}
    lines = [before.get(one.place, one) if one.red else one for one in second.lines]
    return msgspec.structs.replace(
        second, lines=tuple(sorted(lines, key=lambda one: (not one.red, one.place)))
    )
