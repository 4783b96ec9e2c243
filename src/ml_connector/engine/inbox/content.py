"""Looking at content: which of the subjects that a sweep found would now be planned otherwise.

A source may change without saying when, and say that something changed that no plan looks at.
So a flow may read its subjects once more, many at a time, and what would be planned now is
compared with what the last run decided.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, LastDecision, LookAgain, SweepResult
from ml_connector.engine.inbox.outcome import RUNS, Outcome, failed, hashes, planned
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Posted
from ml_connector.ledger.postings.postings import Found
from ml_connector.ledger.postings.runs import LastRun
from ml_connector.reads.reads import Reads
from ml_connector.storage.database import Database
from ml_connector.transport.call import Priority, present_priority, working_at

_AFTER: Final = " after run "

_AT_ONCE: Final = 200
"""Subjects that are read together."""

_STOPPED: Final = frozenset({"parked", "dead"})
_SETTLED: Final = frozenset({"done", *_STOPPED})


class Content:
    """Looks at the content of subjects for one sweep.

    Args:
        database: the ledger.
        flow: that looks.
        connection_name: whose subjects.
        reads: of the connection.
        settings: of the connection.
        full: whether both systems are asked.
    """

    def __init__(
        self,
        database: Database,
        flow: Flow,
        connection_name: str,
        *,
        reads: Reads,
        settings: ConnectionSettings,
        full: bool,
    ) -> None:
        self._database = database
        self._flow = flow
        self._connection_name = connection_name
        self._reads = reads
        self._settings = settings
        self._full = full

    async def news(self, page: Sequence[SweepResult]) -> list[SweepResult]:
        """Return those that are to be told of.

        One that has not run yet, or that is about to run, is told of by the version that the
        source gives it. One that would be planned otherwise has a version that only its last run
        has: it is told of once, and again after it has run; or the version that its flow gives
        the difference, once for each time that it comes. One that stands is told of where the
        source dates a change of it.

        Raises:
            Retryable: a system can't be read.
        """
        async with self._database.transaction() as connection:
            last = await runs.last_of(
                connection, self._connection_name, self._flow.name, [one.key for one in page]
            )
            found = await postings.of_subjects(
                connection, [run.subject_id for run in last.values()]
            )
        told: list[SweepResult] = []
        for start in range(0, len(page), _AT_ONCE):
            some = page[start : start + _AT_ONCE]
            with working_at(max(present_priority(), Priority.PUSH), in_crowds=True):
                looked = await asyncio.gather(*(self._one(seen, last, found) for seen in some))
            told += [seen for seen in looked if seen is not None]
        return told

    async def _one(
        self, seen: SweepResult, last: Mapping[str, LastRun], found: Mapping[int, Found]
    ) -> SweepResult | None:
        """Return what to tell of a subject; None where it stands as the last run left it."""
        run = last.get(seen.key)
        of_subject = found.get(run.subject_id, Found()) if run else Found()
        if run is None or run.state not in _SETTLED or of_subject.left_behind:
            return seen
        version = await self._news(seen, run, of_subject.posted)
        if version is None:
            return seen if seen.changed_at is not None else None
        return msgspec.structs.replace(seen, version=version, changed_at=None)

    async def _news(self, seen: SweepResult, run: LastRun, posted: Sequence[Posted]) -> str | None:
        """Return the version of a state in which other things would be planned than before.

        None where what would be planned now is what the last run decided.
        """
        before = Outcome(hashes(run.documents), run.cause, run.sentence)
        facts = msgspec.convert(run.facts, self._flow.facts, str_keys=True)
        last = LastDecision(facts, run.documents, posted)
        now = await self._now(LookAgain(seen, last, self._settings, self._full))
        if now is None:
            return None
        stopped = run.state in _STOPPED and now.is_failure(run.stopped_cause, run.stopped_sentence)
        if now.documents <= before.documents and (
            stopped or now.is_failure(before.cause, before.sentence)
        ):
            return None
        if now.version and now.version == seen.version:
            return now.version
        if now.version:
            return _version(now.version, run)
        return f"{seen.version}{_AFTER}{run.newest_id}"

    async def _now(self, asked: LookAgain) -> Outcome | None:
        """Return what would be planned now; None where nothing can have changed."""
        look = self._flow.look
        if look is None:
            raise LookupError(f"The flow {self._flow.name} looks at no content")
        try:
            looked = await look(asked, self._reads)
        except (NeedsData, NeedsHuman) as error:
            return failed((), error)
        if looked is None:
            return None
        if looked.must_run:
            return RUNS._replace(version=looked.version)
        return planned(self._flow, looked.facts, asked.last.posted, self._settings)


def _version(difference: str, run: LastRun) -> str:
    """Return the version of a difference that a flow names: one for each time that it comes.

    It is the same while the newest event was about it: what it lets run sees it no more.
    """
    begins = f"{difference}{_AFTER}"
    _, told, newest_id = run.newest_event.rpartition(begins)
    return f"{begins}{newest_id if told else run.newest_id}"
