"""A month of a given number of journal rows, and its report, as a process of its own.

Standard input: a ``Task``. Standard output: a ``Closed``.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from ml_connector.flows import FLOWS
from ml_connector.netsuite.queries.stock import MovedStock, OnHand
from ml_connector.reconcile import files
from ml_connector.reconcile.compare.compare import judge
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report, ordered
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.stock import (
    NetSuiteStock,
    ShipBobStock,
    netsuite_sides,
    shipbob_sides,
)
from ml_connector.reconcile.stored import stored
from ml_connector.reconcile.tie_out.differences import differences
from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.open_items import KnownOpen, open_items
from ml_connector.reconcile.tie_out.rows import Balances, TiePlace
from ml_connector.shipbob.resources.stock import CenterLevel, StockLevel

MONTH: Final = Month(date(2026, 11, 1))
FAULTS: Final = (
    *(Kind.FACT_NOT_POSTED, Kind.DOCUMENT_DELETED, Kind.DOCUMENT_CHANGED),
    Kind.STOCK_UNEXPLAINED,
)
"""The faults in the month: of a line, of two documents, and of stock at a place."""

TIED_LOCATIONS: Final = ("6", "7", "8", "9", "10")

_PAGE: Final = 1000
_LINES: Final = 3
_ITEMS: Final = 500
_DELETED, _CHANGED, _NOT_POSTED = 3, 6, 9
_KIB: Final = 1024.0


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """The month to make and report.

    Attributes:
        name: of a connection that has no rows yet.
        rows: number of journal rows.
        folder: for the files.
        rounds: how often the report is made.
        skus: whose stock is tied out, at five locations each.
    """

    database_url: str
    name: str
    rows: int
    folder: str
    rounds: int = 1
    skus: int = 10_000


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """The time and memory that the report took.

    Attributes:
        read_seconds: until NetSuite's lines were in the database, without the network; of the
            last round.
        report_seconds: from then until all three files were written; of each round.
        floor_seconds: the database's time to copy the same rows to a file.
        megabytes: the most memory that this process had.
        kinds: of the differences that were found in any round.
    """

    read_seconds: float
    report_seconds: list[float]
    floor_seconds: float
    megabytes: float
    kinds: list[str]


def main() -> None:
    """Do the task that is read from standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_close(task))))


async def _close(task: Task) -> Closed:
    _fill(task)
    made = [await _report(task) for _ in range(task.rounds)]
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
    return Closed(
        read_seconds=made[-1][0],
        report_seconds=[seconds for _, seconds, _ in made],
        floor_seconds=_floor(task, Path(task.folder)),
        megabytes=used,
        kinds=sorted({kind for _, _, found in made for kind in found}),
    )


async def _report(task: Task) -> tuple[float, float, list[str]]:
    """Make the report; return the seconds of reading and of the rest, and the differences."""
    stock = _stock(task.skus)
    async with stored.opened(task.database_url, task.name, MONTH, FLOWS) as books:
        began = time.monotonic()
        for page in _pages(task.rows):
            await books.add_movements(page)
        read = time.monotonic()
        head, _ = await books.freeze()
        report = judge(MONTH, await books.gather({}), connection=task.name, head=head)
        report = _tied_out(report, *stock)
        await files.write(books, report, MONTH, Path(task.folder))
        done = time.monotonic()
    return read - began, done - read, [one.kind for one in report.open]


def _stock(skus: int) -> tuple[NetSuiteStock, ShipBobStock]:
    """Return both systems' stock of so many SKUs: all agree, but for one unit of the first."""
    levels = [
        StockLevel(
            inventory_id=at,
            sku=f"TIED-{at}",
            locations=tuple(
                CenterLevel(location_id=int(location), on_hand_quantity=100 + at % 7)
                for location in TIED_LOCATIONS
            ),
        )
        for at in range(1, skus + 1)
    ]
    moved = {
        TiePlace(f"TIED-{at}", location): at % 7
        for at in range(1, skus + 1)
        for location in TIED_LOCATIONS
    }
    rows = [
        MovedStock(
            item=place.what.removeprefix("TIED-"),
            itemid=place.what,
            location=place.where,
            quantity=Decimal(units),
        )
        for place, units in moved.items()
    ]
    on_hand = [
        OnHand(
            item=row.item,
            itemid=row.itemid,
            location=row.location,
            quantityonhand=100 + row.quantity,
        )
        for row in rows
    ]
    moved[TiePlace("TIED-1", TIED_LOCATIONS[0])] += 1
    names = {level.inventory_id: level.sku or "" for level in levels}
    return NetSuiteStock(on_hand, rows, ()), ShipBobStock(levels, names, moved, {}, ())


def _tied_out(report: Report, netsuite: NetSuiteStock, shipbob: ShipBobStock) -> Report:
    """Return the report with the stock of both systems tied out."""
    known = KnownOpen(names=SkuNames(), locations={one: one for one in TIED_LOCATIONS})
    places = {*shipbob.moved}
    done = tie_out(
        Balances(
            shipbob=shipbob_sides(shipbob, known.locations),
            netsuite=netsuite_sides(netsuite, known.names),
        ),
        [one for one in open_items(report, known) if one.place in places],
    )
    found = ordered([*report.differences, *differences(done)])
    return msgspec.structs.replace(report, tie_out=done, differences=found)


def _floor(task: Task, folder: Path) -> float:
    """Let the database copy the same rows to a file; return the seconds."""
    began = time.monotonic()
    with (
        psycopg.connect(task.database_url) as connection,
        connection.cursor() as cursor,
        (folder / "floor.csv").open("wb") as file,
        cursor.copy(
            "copy (select * from journal where connection = %s order by number) to stdout"
            " with (format csv, header)",
            (task.name,),
        ) as out,
    ):
        for block in out:
            file.write(block)
    return time.monotonic() - began


# Row i is line i % 3 of document i / 3; documents are receipts, fulfilments and bills in turn.
# The last line of a fulfilment is about a parcel and moves nothing.
_FILL: Final = (
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    "insert into connection (name, mode, settings) values (%(name)s, 'live', '{{}}')",
    """
    create temp table made as select i, d, base + d as id, flow, kind, code,
        %(first)s::date + d %% 28 as day,
        case when stock then 'SKU-' || i * 7 %% {items} end as sku,
        case when stock then (i * 7 %% {items})::text end as item,
        case when stock then (d %% 4 + 6)::text end as location,
        case when stock then (i %% 9 + 1) * case flow when 'tracking' then -1 else 1 end end
            as units,
        case when flow = 'billing' then (i %% 90 + 1)::numeric / 4 end as amount,
        case when flow = 'billing' then 'USD' end as currency,
        case when flow = 'billing' then (i %% 3 + 60)::text end as account
    from (
        select i, i / {lines} as d, (select coalesce(max(id), 0) from posting) + 1 as base,
            (array['receiving', 'tracking', 'billing'])[i / {lines} %% 3 + 1] as flow,
            (array['itemReceipt', 'itemFulfillment', 'vendorBill'])[i / {lines} %% 3 + 1] as kind,
            (array['ir', 'if', 'vb'])[i / {lines} %% 3 + 1] as code,
            i / {lines} %% 3 = 0 or i / {lines} %% 3 = 1 and i %% {lines} < {lines} - 1 as stock
        from generate_series(0, %(rows)s - 1) as i
    ) as drawn
    """,
    """
    insert into subject (id, connection, flow, key, state) overriding system value
    select distinct on (d) id, %(name)s, flow, d::text, 'done' from made order by d
    """,
    """
    insert into posting (id, connection, subject_id, run_id, system, kind, external_id, state,
        document, document_hash) overriding system value
    select distinct on (d) id, %(name)s, id, 1, 'netsuite', kind,
        'mlc-' || code || '-' || d || '-1', 'done', '{{}}', '' from made order by d
    """,
    """
    insert into source_line (subject_id, name, currency, connection, flow, fact_date, sku,
        quantity, amount, run_id)
    select id, 'line ' || i %% {lines}, coalesce(currency, ''), %(name)s, flow, day, sku,
        units + case when d = {not_posted} and i %% {lines} = 0 then 1 else 0 end, amount, 1
    from made
    """,
    """
    insert into journal (connection, number, posted_at, posting_id, run_id, flow, source,
        source_line, target, external_id, fact_date, posting_date, sku, item, location, quantity,
        amount, currency, account, previous_hash, hash)
    select %(name)s, i + 1, now(), id, 1, flow, flow || ' ' || d, 'line ' || i %% {lines},
        kind || ' ' || d + 5000, 'mlc-' || code || '-' || d || '-1', day, day, sku, item,
        location, units, amount, currency, account, '', encode(sha256(i::text::bytea), 'hex')
    from made order by i
    """,
    "drop table made",
)


def _fill(task: Task) -> None:
    parameters = {"name": task.name, "rows": task.rows, "first": MONTH.first}
    with psycopg.connect(task.database_url) as connection:
        for statement in _FILL:
            text = statement.format(items=_ITEMS, lines=_LINES, not_posted=_NOT_POSTED)
            named = {key: parameters[key] for key in parameters if f"%({key})s" in text}
            connection.execute(text.encode(), named or None)
        connection.commit()
        connection.autocommit = True
        connection.execute("analyze")


def _pages(rows: int) -> Iterator[list[Movement]]:
    """Yield NetSuite's lines of the month, as pages of a query."""
    page: list[Movement] = []
    for row in range(rows):
        document = row // _LINES
        parcel = document % 3 == 1 and row % _LINES == _LINES - 1
        if document == _DELETED or parcel:
            continue
        page.append(_movement(row, document))
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


def _movement(row: int, document: int) -> Movement:
    turn = document % 3
    units = (row % 9 + 1) * (-1 if turn == 1 else 1) + (document == _CHANGED and row % 3 == 0)
    external_id = f"mlc-{('ir', 'if', 'vb')[turn]}-{document}-1"
    stock = turn != 2  # noqa: PLR2004 - every third document is a bill
    item = str(row * 7 % _ITEMS)
    return Movement(
        id=str(document + 5000),
        line=row % _LINES + 1,
        type=("ItemRcpt", "ItemShip", "VendBill")[turn],
        date=MONTH.first + timedelta(days=document % 28),
        number=f"D{document}",
        external_id=external_id,
        memo=f"ShipBob [{external_id}]",
        item=item if stock else None,
        item_name=f"SKU-{item}" if stock else None,
        location=str(document % 4 + 6) if stock else None,
        quantity=Decimal(units) if stock else None,
        amount=None if stock else Decimal(row % 90 + 1) / 4,
        account=None if stock else str(row % 3 + 60),
    )
