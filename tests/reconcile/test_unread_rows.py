"""A row that can't be read is named in the report, and keeps nothing else from being compared."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from random import Random

import pytest

from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.reconcile.compare import handled
from ml_connector.reconcile.compare.compare import compare
from ml_connector.reconcile.compare.document_pairs import posted_documents
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.unread_rows import MOST_NAMED, unread_rows, with_unread
from ml_connector.transport.spoiled import SpoiledRow
from reconcile.worlds import MONTH, SECTIONS, World, clean

Judge = Callable[[Sequence[HandlingDocument], Sections], Iterator[Difference]]
REASON = "Expected `decimal`, got `object` - at `$.quantity`"


def spoiled(kind: str = "StockLine", doing: str = "suiteql.our_stock", **ids: str) -> SpoiledRow:
    return SpoiledRow(kind, doing, REASON, ids, "d", "NetSuite")


def lacking(world: World, count: int) -> list[str]:
    """Take the first line of some documents of ours in NetSuite away; return their ids."""
    ours = (one for one in world.movements if (one.external_id or "").startswith("mlc-"))
    ids = sorted({one.id for one in ours if one.date in MONTH})
    for record in ids[:count]:
        line = next(one for one in world.movements if one.id == record and one.value)
        world.movements.remove(line)
    return ids[:count]


def changed_documents(found: Sequence[Difference]) -> set[str]:
    kinds = {Kind.DOCUMENT_CHANGED, Kind.DOCUMENT_DELETED}
    return {one.documents[0].id for one in found if one.kind in kinds}


def test_only_the_document_whose_row_cannot_be_read_is_left_out() -> None:
    world = clean(Random(7))
    unread, changed = lacking(world, 2)
    report = compare(MONTH, world.facts, world.movements, world.entries, sections=SECTIONS)
    posted = posted_documents(world.entries, SECTIONS)
    found = with_unread(report.differences, unread_rows([spoiled(id=unread)]), posted)
    named = [one for one in found if one.kind is Kind.ROW_UNREADABLE]
    ours = next(one for one in posted if one.remote_id == unread)

    assert [one.external_id for one in named] == [ours.external_id]
    assert named[0].source == ours.entries[0].source
    assert named[0].says == (
        f"NetSuite's row id {unread} can't be read: {REASON}; nothing of {ours.ref.type}"
        f" {ours.external_id} is compared"
    )
    assert not named[0].explained
    assert changed_documents(report.differences) == {unread, changed}
    assert changed_documents(found) == {changed}
    assert len(found) == len(report.differences)


def test_a_row_of_no_document_of_ours_is_named_and_takes_nothing_away() -> None:
    world = clean(Random(7))
    lacking(world, 1)
    report = world.report()
    rows = unread_rows(
        [
            spoiled(id="77"),
            spoiled(doing="suiteql.stock_of", id="77"),
            spoiled("ReceivedOnLine", "suiteql.received_on_lines"),
        ]
    )
    found = with_unread(report.differences, rows, ())

    assert [one.says for one in found[len(report.differences) :]] == [
        f"NetSuite's row id 77 can't be read: {REASON}",
        f"NetSuite's row without an id (suiteql.received_on_lines) can't be read: {REASON}",
    ]
    assert found[: len(report.differences)] == list(report.differences)
    assert [one.record for one in rows] == ["77", ""]


@pytest.mark.parametrize("judge", [handled.judge, handled.judge_resting])
def test_a_document_of_others_that_cannot_be_read_is_not_called_gone(judge: Judge) -> None:
    document = NamedDocument(id="9", type="ItemRcpt", number="IR9", day=date(2026, 11, 3))
    one = HandlingDocument(
        decision=3, flow="receiving", source="wro 7", then=document, unread="It is odd"
    )
    [found] = judge([one], SECTIONS)

    assert found.kind is Kind.ROW_UNREADABLE
    assert found.says == "wro 7 is accounted for by item receipt IR9. It is odd"


def test_very_many_rows_that_cannot_be_read_are_counted_and_none_is_compared() -> None:
    world = clean(Random(7))
    unread = lacking(world, 1)[0]
    report = compare(MONTH, world.facts, world.movements, world.entries, sections=SECTIONS)
    posted = posted_documents(world.entries, SECTIONS)
    rows = [spoiled(id=f"9{number}") for number in range(MOST_NAMED)]
    rows += [spoiled(id=unread), spoiled(kind="Channel", doing="reading the channels")]
    found = with_unread(report.differences, unread_rows(rows), posted)
    named = [one for one in found if one.kind is Kind.ROW_UNREADABLE]

    assert len(named) == MOST_NAMED + 1
    assert named[-1].says.startswith(
        "2 further rows can't be read: 2 of NetSuite's; the first is NetSuite's row"
        f" id {unread}: {REASON}"
    )
    assert changed_documents(report.differences) == {unread}
    assert changed_documents(found) == set()
