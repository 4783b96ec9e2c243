"""What the database sums up and sets aside changes nothing in the report."""

import asyncio
import csv
import io
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from ml_connector.flows import FLOWS
from ml_connector.reconcile.compare.compare import judge
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.compare.sides import Fact, JournalRow
from ml_connector.reconcile.report import lines
from ml_connector.reconcile.stored import stored
from ml_connector.storage.database import Database, rows
from reconcile.loading import live, load
from reconcile.worlds import AT_SHIPBOB, IN_NETSUITE, MONTH, World, change_the_currency, clean


def tampered(seed: int) -> World:
    """Return a world that people have been at, most of the time."""
    random = Random(seed)
    world = clean(random)
    documents = world.ours()
    for external_id in random.sample(documents, min(seed % 4, len(documents))):
        random.choice(IN_NETSUITE)(world, external_id)
    sources = {fact.source: at for at, fact in enumerate(world.facts) if fact.fact_date in MONTH}
    for at in random.sample(sorted(sources.values()), min(seed % 3, len(sources))):
        random.choice(AT_SHIPBOB)(world, at)
    return world


EARLIER = MONTH.first - timedelta(days=12)

Meanwhile = Callable[[], Awaitable[object]]


async def nothing() -> None:
    """Do nothing."""


async def through_the_database(
    database: Database, world: World, *, meanwhile: Meanwhile = nothing
) -> tuple[Report, bytes]:
    """Compare with the database between; return the report and its lines as CSV.

    Args:
        database: where the world is put.
        world: the three sides.
        meanwhile: is done once the snapshot is taken.
    """
    await load(database, world)
    async with stored.opened(database.url, "acme", MONTH, FLOWS) as books:
        seen = [one for one in world.movements if one.date in MONTH]
        await books.add_movements(seen)
        await books.add_live(live(world))
        head, missing = await books.freeze()
        await meanwhile()
        wanted = {one.external_id for one in missing}
        by_id = {one.remote_id for one in missing}
        await books.add_looked_up(
            [one for one in world.movements if one.external_id in wanted or one.id in by_id]
        )
        report = judge(MONTH, await books.gather({}))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lines.csv"
            await books.write_lines(report, path)
            text = path.read_bytes()
    assert head.number == max(one.number for one in world.entries)
    return report, text + lines.differences(report)


def nowhere(fact: Fact) -> Fact:
    """Return the fact without a location, which the database does not keep with a source."""
    return msgspec.structs.replace(fact, location=None)


@pytest.mark.parametrize("seed", range(12))
async def test_the_report_is_that_of_the_sides_compared_whole(
    database: Database, seed: int
) -> None:
    world = tampered(seed)
    world.facts = list(map(nowhere, world.facts))
    report, text = await through_the_database(database, world)
    whole = world.report()

    assert report.differences == whole.differences
    assert report == whole
    listed = list(csv.DictReader(io.StringIO(text.decode())))
    in_month = [
        one for one in world.entries if one.fact_date in MONTH or one.posting_date in MONTH
    ]
    assert sum(row["record"] == "journal" for row in listed) == len(in_month)
    assert sum(row["record"] == "difference" for row in listed) == len(whole.open)
    assert sum(row["record"] == "shown" for row in listed) == len(whole.explained)


async def test_a_bill_in_another_currency_is_found_by_the_database_too(database: Database) -> None:
    worlds = (clean(Random(seed)) for seed in range(50))
    [world, bill] = next(
        (world, one)
        for world in worlds
        for one in world.movements
        if one.amount is not None and one.date in MONTH
    )
    change_the_currency(world, bill.external_id or "")
    world.facts = list(map(nowhere, world.facts))
    report, _ = await through_the_database(database, world)

    assert [one.kind for one in report.open] == [Kind.CURRENCY_CHANGED]
    assert "in CHF in NetSuite" in report.open[0].says
    assert report == world.report()


@pytest.mark.parametrize(
    "documents",
    [
        [[(EARLIER, EARLIER)], [(MONTH.first, MONTH.first)]],
        [[(EARLIER, MONTH.after), (MONTH.first, MONTH.after)]],
    ],
    ids=["two documents", "two rows of one document"],
)
async def test_what_was_posted_of_another_month_counts_against_its_source(
    database: Database, documents: list[list[tuple[date, date]]]
) -> None:
    """What the month has of a source comes to what ShipBob says now: it was 5 and 5, is 5."""
    world = World(Random(1))
    for number, dates in enumerate(documents):
        entries = [
            JournalRow(
                number=0,
                flow="receiving",
                source="wro 1",
                source_line="inventory 7",
                kind="",
                remote_id="",
                external_id="",
                fact_date=fact_date,
                posting_date=posting_date,
                sku="TEE",
                item="7",
                location="6",
                quantity=5,
            )
            for fact_date, posting_date in dates
        ]
        world.post("itemReceipt", f"mlc-ir-1-{number}", entries)
    world.facts = [
        Fact(
            flow="receiving",
            source="wro 1",
            source_line="inventory 7",
            fact_date=MONTH.first,
            sku="TEE",
            quantity=5,
        )
    ]
    report, _ = await through_the_database(database, world)

    assert Kind.FACT_WENT_DOWN in {one.kind for one in report.open}
    assert report == world.report()


async def test_the_same_sides_give_the_same_bytes(database: Database) -> None:
    world = tampered(7)
    first = await through_the_database(database, world)
    second = await through_the_database(database, world)

    assert first == second


async def test_what_is_posted_after_the_snapshot_is_in_no_part_of_the_report(
    database: Database,
) -> None:
    world = tampered(7)
    before = await through_the_database(database, world)

    async def post() -> None:
        async with database.transaction() as on:
            await rows(on, "set local session_replication_role = replica")
            await rows(on, "update source_line set quantity = quantity + 1")
            await rows(on, "update subject set state = 'parked'")
            for last, day in (("now", MONTH.first), ("later", MONTH.after)):
                await rows(
                    on,
                    "insert into journal (connection, number, posted_at, posting_id, run_id, flow,"
                    " source, source_line, target, external_id, fact_date, posting_date, sku,"
                    " item, location, quantity, previous_hash, hash) select connection,"
                    " number + 1, now(), posting_id, run_id, flow, source, source_line, target,"
                    " external_id, %(day)s, fact_date, sku, item, location, 1, '', %(hash)s"
                    " from journal order by number desc limit 1",
                    {"hash": last, "day": day},
                )

    assert await through_the_database(database, world, meanwhile=post) == before


async def test_lines_are_written_again_after_they_failed_or_were_given_up(
    database: Database, tmp_path: Path
) -> None:
    await load(database, tampered(7))
    path = tmp_path / "lines.csv"
    async with stored.opened(database.url, "acme", MONTH, FLOWS) as books:
        head, _ = await books.freeze()
        report = judge(MONTH, await books.gather({}), head=head)
        with pytest.raises(FileNotFoundError):
            await books.write_lines(report, tmp_path / "gone" / "lines.csv")
        given_up = asyncio.ensure_future(books.write_lines(report, path))
        await asyncio.sleep(0)  # it has begun
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        await books.write_lines(report, path)

    assert path.read_bytes().startswith(b"record,section,verdict,")
    assert path.read_bytes().count(b"\njournal,") > 1
    assert not path.with_suffix(".rest").exists()


async def test_a_month_without_rows_has_the_columns_names_alone(
    database: Database, tmp_path: Path
) -> None:
    async with stored.opened(database.url, "nobody", MONTH, FLOWS) as books:
        head, missing = await books.freeze()
        report = judge(MONTH, await books.gather({}), head=head)
        await books.write_lines(report, tmp_path / "lines.csv")

    assert (head.number, missing, report.green) == (0, [], True)
    assert (tmp_path / "lines.csv").read_text().split(",") == [*lines.COLUMNS[:-1], "decided\n"]
