"""Whatever people do to either side's books is found and named; else nobody is alarmed."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.reconcile.compare.compare import cut_off
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.compare.sides import JournalRow
from ml_connector.reconcile.month import Month
from reconcile.worlds import (
    AT_SHIPBOB,
    IN_NETSUITE,
    MONTH,
    SECTIONS,
    At,
    Found,
    Tamper,
    clean,
    enter_anew_with_another_id,
    keep_none_from_transforms,
)

WORLDS = settings(max_examples=300)
BY_MEMO = [one for one in IN_NETSUITE if one is not enter_anew_with_another_id]
"""What is told in the same words of a document that is known by its memo alone."""
RANDOMS = st.integers(0, 2**32).map(Random)


def named(report: Report) -> set[Found]:
    """Return what a report names: kind, and the document or the line of a source."""
    found: set[Found] = set()
    for one in report.open:
        about = f"{one.source}, {one.source_line}" if one.source_line else one.external_id
        found.add(Found(one.kind, about))
    return found


@WORLDS
@given(RANDOMS)
def test_a_month_that_agrees_raises_no_alarm(random: Random) -> None:
    report = clean(random).report()

    assert report.open == ()
    assert report.green


@WORLDS
@given(RANDOMS, st.integers(1, 4), st.integers(0, 3))
def test_everything_that_people_do_is_found_and_named(
    random: Random, in_netsuite: int, at_shipbob: int
) -> None:
    world = clean(random)
    expected: set[Found] = set()
    documents = world.ours()
    for external_id in random.sample(documents, min(in_netsuite, len(documents))):
        expected |= random.choice(IN_NETSUITE)(world, external_id)
    sources: dict[str, int] = {}
    for at, fact in enumerate(world.facts):
        if fact.fact_date in MONTH:
            sources[fact.source] = at
    for at in random.sample(sorted(sources.values()), min(at_shipbob, len(sources))):
        expected |= random.choice(AT_SHIPBOB)(world, at)
    report = world.report()

    assert named(report) == expected
    assert all(one.says and one.remedy for one in report.open if one.kind != Kind.FACT_WAITING)


@WORLDS
@given(RANDOMS, st.integers(0, 4))
def test_an_account_that_keeps_no_id_from_a_transform_is_as_green_and_hides_nothing(
    random: Random, tampered: int
) -> None:
    world = clean(random)
    expected: set[Found] = set()
    documents = world.ours()
    for external_id in random.sample(documents, min(tampered, len(documents))):
        expected |= random.choice(BY_MEMO)(world, external_id)
    keep_none_from_transforms(world)

    assert named(world.report()) == expected


def test_two_alike_of_ours_are_no_copies_where_no_id_is_kept() -> None:
    world = clean(Random(22332))  # two receipts of an order hold the same, on one day
    keep_none_from_transforms(world)

    assert named(world.report()) == set()


@pytest.mark.parametrize("tamper", IN_NETSUITE)
def test_each_act_in_netsuite_alone_is_found_and_named(tamper: Tamper) -> None:
    for seed in range(12):
        world = clean(Random(seed))
        for external_id in world.ours()[:1]:
            expected = tamper(world, external_id)

            assert expected
            assert named(world.report()) == expected


@pytest.mark.parametrize("at_shipbob", AT_SHIPBOB)
def test_each_thing_at_shipbob_alone_is_found_and_named(at_shipbob: At) -> None:
    for seed in range(12):
        world = clean(Random(seed))
        facts = [at for at, fact in enumerate(world.facts) if fact.fact_date in MONTH]
        for at in facts[-1:]:
            expected = at_shipbob(world, at)

            assert expected
            assert named(world.report()) == expected


@WORLDS
@given(RANDOMS)
def test_the_table_leads_from_one_side_to_the_next(random: Random) -> None:
    world = clean(random)
    report = world.report()
    journal: dict[str, Decimal] = defaultdict(Decimal)
    for entry in world.entries:
        if entry.posting_date in MONTH:
            journal[entry.measured.currency] += entry.measured.value
    table: dict[str, Decimal] = defaultdict(Decimal)
    for key, row in report.rows:
        table[key.currency] += row.journal

        assert row.shipbob - row.open - row.refused - row.later + row.earlier == row.journal
        assert row.netsuite == row.journal

    assert {key: value for key, value in table.items() if value} == {
        key: value for key, value in journal.items() if value
    }


@WORLDS
@given(RANDOMS, st.integers(0, 3))
def test_every_source_line_is_posted_waiting_refused_or_unexplained(
    random: Random, tampered: int
) -> None:
    world = clean(random)
    places = [at for at, fact in enumerate(world.facts) if fact.fact_date in MONTH]
    for at in random.sample(places, min(tampered, len(places))):
        random.choice(AT_SHIPBOB)(world, at)
    report = world.report()

    for one in report.equations:
        parts = one.posted + one.waiting + one.refused + one.unexplained
        lines = one.posted_lines + one.waiting_lines + one.refused_lines + one.unexplained_lines

        assert one.source == parts
        assert one.lines == lines


def test_news_that_moves_nothing_is_cut_off_without_a_number() -> None:
    told = JournalRow(
        number=1,
        flow="tracking",
        source="shipment 5512",
        source_line="parcel 1Z999",
        kind="itemFulfillment",
        remote_id="5002",
        external_id="mlc-if-5512-1",
        fact_date=MONTH.last,
        posting_date=MONTH.after,
    )
    [one] = cut_off(MONTH, [told], SECTIONS)

    assert one.says == "shipment 5512, parcel 1Z999: news of 2026-11-30 was posted on 2026-12-01"
    assert (one.shipbob, one.journal) == (None, None)


@pytest.mark.parametrize(
    ("kind", "quantity", "found"),
    [
        ("itemReceipt", 5, Kind.POSTED_TOO_EARLY),
        ("itemReceipt", None, Kind.POSTED_LATER),
        ("acceptedDifference", 5, Kind.POSTED_LATER),
    ],
)
def test_a_document_that_is_dated_before_its_fact_keeps_both_months_open(
    kind: str, quantity: int | None, found: Kind
) -> None:
    early = JournalRow(
        number=1,
        flow="receiving",
        source="wro 90311",
        source_line="inventory 1",
        kind=kind,
        remote_id="5002",
        external_id="mlc-ir-90311-1",
        fact_date=MONTH.first,
        posting_date=MONTH.first - timedelta(days=1),
        sku="TEE",
        quantity=quantity,
    )
    [one] = cut_off(MONTH, [early], SECTIONS)
    [before] = cut_off(Month.of(early.posting_date), [early], SECTIONS)

    assert one.kind is found
    assert one.explained == (found is not Kind.POSTED_TOO_EARLY)
    assert before.explained == one.explained
