"""What the database sums up and sets aside changes nothing in the report."""

import csv
import io
from random import Random

import msgspec
import pytest

from ml_connector.reconcile import lines, stored
from ml_connector.reconcile.compare import judge
from ml_connector.reconcile.report import Report
from ml_connector.reconcile.sides import Fact
from ml_connector.storage.database import Database
from reconcile.loading import WORDS, live, load
from reconcile.worlds import AT_SHIPBOB, IN_NETSUITE, MONTH, World, clean


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


async def through_the_database(database: Database, world: World) -> tuple[Report, bytes]:
    """Compare with the database between; return the report and its lines as CSV."""
    await load(database, world)
    async with stored.opened(database.url, "acme", MONTH, WORDS) as books:
        seen = [one for one in world.movements if one.date in MONTH]
        await books.add_movements(seen)
        await books.add_live(live(world))
        head, missing = await books.freeze()
        wanted = {one.external_id for one in missing}
        by_id = {one.remote_id for one in missing}
        await books.add_looked_up(
            [one for one in world.movements if one.external_id in wanted or one.id in by_id]
        )
        report = judge(MONTH, await books.gather({}))
        text = b"".join([block async for block in books.lines(report)])
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


async def test_the_same_sides_give_the_same_bytes(database: Database) -> None:
    world = tampered(7)
    first = await through_the_database(database, world)
    second = await through_the_database(database, world)

    assert first == second
