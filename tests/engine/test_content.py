"""A sweep tells of a subject again when another plan would be made of it, and only then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from engine.workshop import SETTINGS, Count, Workshop
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import LookAgain, Looked
from ml_connector.engine.inbox.sweep import sweep
from ml_connector.engine.shown import shown_otherwise
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman, Retryable
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.words import Cause

TERMS = ConnectionSettings.model_validate({**SETTINGS, "name": "acme"})
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Shelf:
    """A flow that looks at content: it counts again, and may be made to fail or to run.

    Attributes:
        looked: the keys that were looked at, and whether both systems were asked.
    """

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.failure: Exception | None = None
        self.must_run = False
        self.looked: list[tuple[str, bool]] = []
        workshop.flow = replace(workshop.flow, look=self._look)
        workshop.begin_again()

    async def _look(self, asked: LookAgain, _: Reads) -> Looked | None:
        key = asked.seen.key
        self.looked.append((key, asked.full))
        if self.failure is not None:
            raise self.failure
        if asked.seen.over:
            return None
        return Looked(Count(key=key, units=self.workshop.source.units[key]), self.must_run)

    def list_shows(self, shows: Callable[[int], int]) -> None:
        """Let a list show units, by those that there are, whatever would be planned of them."""

        async def look(asked: LookAgain, _: Reads) -> Looked | None:
            shown = shows(self.workshop.source.units[asked.seen.key])
            return shown_otherwise(asked, asked.last.facts.units, shown)

        self.workshop.flow = replace(self.workshop.flow, look=look)
        self.workshop.begin_again()

    async def sweep(self) -> int:
        """Look the source through; return how many subjects were told of."""
        reads = Reads(cast("ShipBob", object()), cast("NetSuite", object()))
        found = await sweep(
            self.workshop.database,
            self.workshop.lanes,
            self.workshop.flow,
            reads=reads,
            connection_name="acme",
            since=NOW,
            settings=TERMS,
        )
        return found.never_told + found.late

    async def run(self, key: str = "a") -> str:
        return str((await self.workshop.run(key))["state"])

    def fail(self, error: ConnectorError | None) -> None:
        """Let every plan fail like this."""
        plan = self.workshop._plan  # noqa: SLF001 - the workshop's own, which fails for a while

        def failing(facts: Count, posted: Sequence[Posted], terms: ConnectionSettings) -> Plan:
            if error is not None:
                raise error
            return plan(facts, posted, terms)

        self.workshop.flow = replace(self.workshop.flow, plan=failing)
        self.workshop.begin_again()


@pytest.fixture
def shelf(workshop: Workshop) -> Shelf:
    workshop.source.units["a"] = 5
    return Shelf(workshop)


def human(sentence: str) -> NeedsHuman:
    return NeedsHuman(sentence, cause=Cause.SKU_AMBIGUOUS, remedy="Keep one.")


async def test_one_that_never_ran_is_told_of_without_a_look(shelf: Shelf) -> None:
    assert await shelf.sweep() == 1
    assert await shelf.sweep() == 1  # the workshop's source gives no version: always news
    assert shelf.looked == []


async def test_one_that_stands_as_it_was_left_is_not_told_of(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()

    assert await shelf.sweep() == 0
    assert shelf.looked == [("a", True)]


async def test_one_of_which_more_would_be_planned_is_told_of_once(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    shelf.workshop.source.units["a"] = 8

    assert await shelf.sweep() == 1
    assert await shelf.run() == "done"
    assert await shelf.sweep() == 0
    assert len(shelf.workshop.netsuite.records) == 2


async def test_content_that_goes_there_and_back_is_told_of_both_times(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    told = []
    for units in (8, 5, 8):
        shelf.workshop.source.units["a"] = units
        told.append(await shelf.sweep())
        await shelf.run()

    assert told == [1, 1, 1]


async def test_one_that_stopped_is_told_of_only_when_it_would_stop_otherwise(
    shelf: Shelf,
) -> None:
    shelf.fail(human("there are two"))
    await shelf.sweep()
    stopped = await shelf.run()
    same = await shelf.sweep()
    shelf.fail(human("there are three"))
    other = await shelf.sweep()
    await shelf.run()
    again = await shelf.sweep()
    shelf.fail(None)
    cured = await shelf.sweep()

    assert (stopped, same, other, again, cured) == ("dead", 0, 1, 0, 1)
    assert await shelf.run() == "done"


async def test_one_whose_last_run_saw_nothing_is_told_of_again_when_it_can_be_read(
    shelf: Shelf,
) -> None:
    await shelf.sweep()
    await shelf.run()
    shelf.workshop.source.units["a"] = 8
    shelf.workshop.source.failure = shelf.failure = human("there are two")
    told = [await shelf.sweep()]
    stopped = await shelf.run()
    told.append(await shelf.sweep())
    shelf.workshop.source.failure = shelf.failure = None
    told.append(await shelf.sweep())

    assert (stopped, told) == ("dead", [1, 0, 1])
    assert await shelf.run() == "done"


async def test_one_whose_document_was_refused_is_not_tried_again_by_a_look(shelf: Shelf) -> None:
    shelf.workshop.netsuite.outcomes.append("is refused")
    await shelf.sweep()

    assert await shelf.run() == "dead"
    assert await shelf.sweep() == 0


async def test_one_that_is_about_to_run_is_not_looked_at(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    await shelf.workshop.news("a")
    await shelf.sweep()

    assert shelf.looked == []


async def test_what_is_missing_when_it_is_looked_at_is_news(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    shelf.failure = NeedsData("gone", cause=Cause.RECORD_NOT_FOUND, waiting_for=(), remedy="-")

    assert await shelf.sweep() == 1


async def test_one_that_must_run_runs_and_then_stands(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    shelf.must_run = True
    told = await shelf.sweep(), await shelf.run()
    shelf.must_run = False

    assert told == (1, "done")
    assert await shelf.sweep() == 0


async def test_what_a_list_shows_that_goes_there_and_back_is_told_of_each_time(
    shelf: Shelf,
) -> None:
    shelf.list_shows(lambda units: units)
    await shelf.sweep()
    await shelf.run()
    told = []
    for units in (8, 5, 8, 5):
        shelf.workshop.source.units["a"] = units
        told += [await shelf.sweep()]
        await shelf.run()
        told += [await shelf.sweep()]

    assert told == [1, 0] * 4


async def test_what_a_list_always_shows_otherwise_is_told_of_once(shelf: Shelf) -> None:
    shelf.list_shows(lambda units: units + 1)
    await shelf.sweep()
    await shelf.run()
    told = []
    for _ in range(3):
        told += [await shelf.sweep()]
        await shelf.run()

    assert told == [1, 0, 0]


async def test_a_bug_is_shown_with_its_subject_and_stops_no_other(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    plan = shelf.workshop.flow.plan

    def broken(facts: Count, posted: Sequence[Posted], terms: ConnectionSettings) -> Plan:
        if facts.key == "a":
            raise ZeroDivisionError
        return plan(facts, posted, terms)

    shelf.workshop.flow = replace(shelf.workshop.flow, plan=broken)
    shelf.workshop.begin_again()
    shelf.workshop.source.units["b"] = 1

    assert await shelf.sweep() == 2
    assert (await shelf.run("a"), await shelf.run("b")) == ("dead", "done")


async def test_a_system_that_can_not_be_read_ends_the_sweep(shelf: Shelf) -> None:
    await shelf.sweep()
    await shelf.run()
    shelf.failure = Retryable("away")

    with pytest.raises(Retryable):
        await shelf.sweep()
