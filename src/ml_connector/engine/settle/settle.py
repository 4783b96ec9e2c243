"""Settle: each document exactly once.

NetSuite ignores idempotency keys on synchronous calls, answers slowly and may finish a
call that timed out (netsuite.md sections 10.7, 10.4, 11); ShipBob has none at all for WROs
(shipbob.md section 8). So a posting is written down before it is sent, an unclear outcome
is looked up before anything is sent again. Deadlines and the fence on the subject keep a
run that wakes up late from sending.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, Literal, NamedTuple

import psycopg
import structlog

from ml_connector.engine.settle.target import DocumentTarget, Written
from ml_connector.engine.settle.write_slots import WriteSlot, WriteSlots
from ml_connector.errors import AlreadyExists, ConnectorError, NeedsHuman, Retryable
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.ownership import Claimed, Superseded
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Document, in_short
from ml_connector.ledger.postings.postings import Posting, Sending, Settled
from ml_connector.ledger.run_steps import RecordedStep, RunStep, record
from ml_connector.storage.database import Database, DatabaseAway, is_lost
from ml_connector.storage.group import GroupCommit
from ml_connector.transport import elapsed
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import Cause, System

SEND_WITHIN_SECONDS: Final = 10.0
"""Seconds after a call was written down within which it begins, or never does."""

OVER_WITHIN_SECONDS: Final = SEND_WITHIN_SECONDS + 60.0 + 20.0
"""Seconds after which a call that was begun has ended: the wait to begin, the longest call,
and the time that NetSuite may go on after the client has hung up."""

_APART_SECONDS: Final = 0.05
"""While many runs are under way, seconds between two commits of steps of runs with a slot."""

_BULK_APART_SECONDS: Final = 0.25
"""The same for steps of all other runs."""

_log = structlog.get_logger("settle")


class NextStep(NamedTuple):
    """What is recorded together with a posting that now exists.

    Attributes:
        posting: the prepared one whose call begins next.
        done: it was the last, and the run is done.
    """

    posting: Posting | None = None
    done: bool = False


class SettledStep(NamedTuple):
    """What a run may do after a step.

    Attributes:
        send_by: when (``elapsed.seconds``) the call that began with this step must have been
            sent; None where none began.
        again: the run is done, and its subject was marked again meanwhile.
    """

    send_by: float | None
    again: bool


class Settle:
    """Posts documents for one connection.

    Args:
        database: the ledger.
        systems: where each of the two systems' documents are written.
        over_within: seconds after which a begun call must have ended at both sides.
        slots: limit how many runs write at once; None: no limit.
    """

    def __init__(
        self,
        database: Database,
        systems: Mapping[System, DocumentTarget],
        *,
        over_within: float = OVER_WITHIN_SECONDS,
        slots: WriteSlots | None = None,
    ) -> None:
        self._database = database
        self._slots = slots or WriteSlots({})
        self._systems = systems
        self._over_within = over_within
        # A run that holds a slot does not wait for the many whose marks come back all at once.
        self._commits: GroupCommit[RunStep, RecordedStep] = GroupCommit(
            database, record, apart_seconds=_APART_SECONDS
        )
        self._bulk_commits: GroupCommit[RunStep, RecordedStep] = GroupCommit(
            database, record, apart_seconds=_BULK_APART_SECONDS
        )

    @property
    def sending(self) -> Sending:
        """How long a call may take that begins now."""
        return Sending(SEND_WITHIN_SECONDS, self._over_within)

    def slot(self, documents: Sequence[Document]) -> AbstractAsyncContextManager[WriteSlot]:
        """Wait for a slot to write these documents, and for the turns of the first one's calls.

        None is needed for a shared call.
        """
        if not documents or self.is_shared(documents[0]):
            return self._slots.slot(None)
        first = documents[0]
        target = self._systems[first.system]
        return self._slots.slot(first.system, partial(target.take_turns, first))

    def is_shared(self, document: Document) -> bool:
        """Whether a document goes out in one call with others of its kind."""
        return self._systems[document.system].shared(document)

    async def record(self, step: RunStep) -> tuple[RecordedStep, float]:
        """Record a step of a run, in one commit with those of other runs.

        Returns:
            What came of it, and when (``elapsed.seconds``) a call that began must have been sent.

        Raises:
            Superseded: another run has taken the subject over.
        """
        send_by = elapsed.seconds() + SEND_WITHIN_SECONDS
        commits = self._commits if self._has_slot(step) else self._bulk_commits
        try:
            recorded = await commits(step)
        except (DatabaseAway, psycopg.OperationalError) as error:
            if is_lost(error):
                await self._take_back(step)
            raise
        if step.settled is not None and recorded.recorded:
            self._tell(step, step.settled, recorded)
        if recorded.superseded:
            raise Superseded(step.run.subject.ref)
        return recorded, send_by

    def _has_slot(self, step: RunStep) -> bool:
        """Whether the run writes to a system by itself, or is about to."""
        settled = (step.settled.posting.document,) if step.settled else ()
        begun = (step.begins[0].document,) if step.begins else ()
        live = step.decided is not None and step.decided.mode == "live"
        planned = step.decided.plan.documents[:1] if step.decided and live else ()
        return any(not self.is_shared(one) for one in (*settled, *begun, *planned))

    async def post(
        self,
        subject: Claimed,
        posting: Posting,
        *,
        send_by: float | None = None,
        turns: Turns | None = None,
        following: NextStep = NextStep(),  # noqa: B008 - immutable
    ) -> SettledStep:
        """Bring one prepared document into existence, exactly once.

        Args:
            subject: as the run has claimed it.
            posting: prepared; or its call has begun already.
            send_by: when (``elapsed.seconds``) a call that has begun must have been sent; None
                where none has begun.
            turns: of the calls that it takes, where they were taken before it began.
            following: what the run does next.

        Raises:
            Superseded: another run has taken the subject over.
            Retryable: not settled yet; the outcome may be unknown, and is then looked up
                by the next run before anything else.
            NeedsData, NeedsHuman: refused, nothing was written; or the record that is
                there is not what was meant.
        """
        target = self._systems[posting.document.system]
        turns = turns or Turns()
        if send_by is None:
            turns = await target.take_turns(posting.document)
            begun = RunStep(run=_run(subject, posting), begins=(posting, self.sending))
            _, send_by = await self.record(begun)
        try:
            with turns.in_use():
                written = await target.write(
                    posting.document, send_by=send_by, first=not posting.was_tried
                )
        except AlreadyExists as error:
            return await self._adopt_or_alarm(subject, posting, error, following)
        except Retryable as error:
            if not error.outcome_unknown or target.repeatable(posting.document):
                await self._mark_unsent(posting, error)
                raise
            return await self._found_out(subject, posting, error, following)
        except ConnectorError as error:
            await self._mark_unsent(posting, error)
            raise
        except (DatabaseAway, psycopg.OperationalError):
            # Of the limit, or of the token: the call was not sent.
            await self._database.back()
            await self._mark_unsent(posting, None)
            raise
        else:
            return await self._record_settled(subject, posting, written, "done", following)
        finally:
            turns.give_back()

    async def recover(self, subject: Claimed, posting: Posting) -> None:
        """Find out what came of a posting that an earlier run left behind.

        Afterwards it is *done*, *adopted* or *prepared* again.

        Raises:
            Retryable: it isn't there, but the first call may still be under way.
            NeedsHuman: the record that is there is not what was meant.
        """
        target = self._systems[posting.document.system]
        if target.repeatable(posting.document):
            await self._mark_unsent(posting, None)
            return
        found = await target.find(posting.document)
        if found is not None:
            await self._adopt(subject, posting, found, NextStep())
            return
        # A person has removed the record that was in the way, or no call can be under way.
        if posting.state == "alarm" or posting.over:
            await self._mark_unsent(posting, None)
            return
        raise await self._not_known_yet(posting, None)

    async def _found_out(
        self, subject: Claimed, posting: Posting, error: Retryable, following: NextStep
    ) -> SettledStep:
        """Look at once for what may have come of a call that failed."""
        found = await self._systems[posting.document.system].find(posting.document)
        if found is not None:
            return await self._adopt(subject, posting, found, following)
        raise await self._not_known_yet(posting, error) from error

    async def _not_known_yet(self, posting: Posting, error: Retryable | None) -> Retryable:
        # Not there yet, which proves nothing while the first call may be under way.
        async with self._database.transaction() as connection:
            left = await postings.seconds_until_over(
                connection, posting, longest_seconds=self._over_within
            )
        said = f"{error}; whether" if error else "whether"
        return Retryable(
            f"{_name(posting.document)}: {said} it was written is not known yet",
            cause=error.cause if error else Cause.OUTCOME_UNKNOWN,
            remedy="Nothing: it is looked up before anything is sent again.",
            retry_after_seconds=max(1.0, left + 1.0),
        )

    async def _adopt_or_alarm(
        self, subject: Claimed, posting: Posting, error: AlreadyExists, following: NextStep
    ) -> SettledStep:
        found = await self._systems[posting.document.system].find(posting.document)
        if found is not None:
            return await self._adopt(subject, posting, found, following)
        await self._mark_unsent(posting, error)
        raise Retryable(
            f"{_name(posting.document)} is said to exist already, yet it can't be found",
            cause=Cause.OUTCOME_UNKNOWN,
            remedy="Nothing: it is looked up again.",
        ) from error

    async def _adopt(
        self, subject: Claimed, posting: Posting, found: Written, following: NextStep
    ) -> SettledStep:
        if not found.differs:
            return await self._record_settled(subject, posting, found, "adopted", following)
        differs = NeedsHuman(
            f"{_name(posting.document)} exists as {found.remote_id}, but {found.differs}",
            cause=Cause.POSTED_DOCUMENT_DIFFERS,
            remedy=(
                "Compare the two. Correct or delete the record there: it then goes on; while it"
                " stands like this nothing more is posted for this subject. Or decide accept: it"
                " is then taken in as ours, and the month end shows how it differs."
                if posting.document.system == "netsuite"
                else "Compare the two. Correct or cancel it at ShipBob: it then goes on; while it"
                " stands like this nothing more is announced for this order. Or decide accept: it"
                " is then a WRO of ours, and while ShipBob awaits it, it is cancelled and made"
                " anew with what the order expects."
            ),
        )
        async with self._database.transaction() as connection:
            taken = await decisions.accepts(connection, subject.ref, differs.cause, str(differs))
            if not taken:
                await postings.mark_differing(connection, posting, found.answer)
        if taken:
            return await self._record_settled(subject, posting, found, "adopted", following)
        raise differs

    async def _record_settled(
        self,
        subject: Claimed,
        posting: Posting,
        written: Written,
        state: Literal["done", "adopted"],
        following: NextStep,
    ) -> SettledStep:
        following_posting = following.posting
        begins = following_posting is not None and self._begins_at_once(following_posting)
        recorded, send_by = await self.record(
            RunStep(
                run=_run(subject, posting),
                settled=Settled(posting, state, written.remote_id, written.answer),
                begins=(following_posting, self.sending) if following_posting and begins else None,
                done=following.done,
            )
        )
        return SettledStep(send_by if begins else None, recorded.again)

    def _begins_at_once(self, posting: Posting) -> bool:
        """Whether a call begins as soon as the document before it exists.

        Alone to ShipBob, it waits for its turns first: its clock must not run meanwhile.
        """
        return posting.document.system == "netsuite" or self.is_shared(posting.document)

    async def _take_back(self, step: RunStep) -> None:
        """The database went away, and a call may be recorded as begun that will never be sent."""
        await self._database.back()
        async with self._database.transaction() as connection:
            await postings.take_back(
                connection, step.run.id, [one.external_id for one in step.begun]
            )

    def _tell(self, step: RunStep, settled: Settled, recorded: RecordedStep) -> None:
        subject, head = step.run.subject, recorded.head
        _log.info(
            "posted" if settled.state == "done" else "adopted",
            connection=subject.ref.connection,
            subject=f"{subject.ref.flow} {subject.ref.key}",
            run=settled.posting.run_id,
            document=settled.posting.document.external_id,
            what=in_short(settled.posting.document),
            remote_id=settled.remote_id,
            # In the log, which the owner of the database can't quietly write anew; where it is
            # written for people, at level debug.
            journal=f"{head.number}:{head.hash}" if head else None,
        )

    async def _mark_unsent(self, posting: Posting, error: ConnectorError | None) -> None:
        async with self._database.transaction() as connection:
            await postings.mark_unsent(connection, posting, runs.failure(error) if error else None)


def _run(subject: Claimed, posting: Posting) -> Run:
    return Run(id=posting.run_id, subject=subject)


def _name(document: Document) -> str:
    return f"{document.title} ({document.external_id})"
