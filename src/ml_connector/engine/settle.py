"""Settle: each document exactly once.

NetSuite ignores idempotency keys on synchronous calls, answers slowly and may finish a
call that timed out (netsuite.md sections 10.7, 10.4, 11); ShipBob has none at all for WROs
(shipbob.md section 8). So a posting is written down before it is sent, an unclear outcome
is looked up before anything is sent again, and what a late sender could still do is kept
out by deadlines and by the fence on the subject.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from ml_connector.engine.books import Books, Written
from ml_connector.errors import AlreadyExists, ConnectorError, NeedsHuman, Retryable
from ml_connector.ledger import journal, postings, runs, subjects
from ml_connector.ledger.documents import Document
from ml_connector.ledger.postings import Posting
from ml_connector.ledger.subjects import Claimed, Superseded
from ml_connector.storage.database import Database
from ml_connector.words import Cause, System

SEND_WITHIN_SECONDS: Final = 10.0
"""A call that has not begun so long after it was written down never begins."""

OVER_WITHIN_SECONDS: Final = SEND_WITHIN_SECONDS + 60.0 + 20.0
"""By then a call that was begun has ended: the wait to begin, the longest call, and the
time that NetSuite may go on after the client has hung up."""

_log = structlog.get_logger("settle")


class Settle:
    """Posts documents for one connection.

    Args:
        database: the books.
        systems: the two systems' books.
        over_within: seconds after which a begun call must have ended at both sides.
    """

    def __init__(
        self,
        database: Database,
        systems: Mapping[System, Books],
        *,
        over_within: float = OVER_WITHIN_SECONDS,
    ) -> None:
        self._database = database
        self._systems = systems
        self._over_within = over_within

    async def post(self, subject: Claimed, posting: Posting) -> None:
        """Bring one prepared document into existence, exactly once.

        Raises:
            Superseded: another run has taken the subject over.
            Retryable: not settled yet; the outcome may be unknown, and is then looked up
                by the next run before anything else.
            NeedsData, NeedsHuman: refused, nothing was written; or the record that is
                there is not what was meant.
        """
        books = self._systems[posting.document.system]
        send_by = time.monotonic() + SEND_WITHIN_SECONDS
        async with self._database.transaction() as connection:
            await subjects.fence(connection, subject)
            begun = await postings.begin(
                connection,
                posting,
                send_within=SEND_WITHIN_SECONDS,
                over_within=self._over_within,
            )
        if not begun:
            raise Superseded(subject.ref)
        try:
            written = await books.write(posting.document, send_by=send_by)
        except AlreadyExists as error:
            await self._adopt_or_alarm(subject, posting, error)
        except Retryable as error:
            if not error.outcome_unknown or books.repeatable(posting.document):
                await self._take_back(posting, error)
                raise
            await self._look(subject, posting, error)
        except ConnectorError as error:
            await self._take_back(posting, error)
            raise
        else:
            await self._record(subject, posting, written, "done")

    async def recover(self, subject: Claimed, posting: Posting) -> None:
        """Find out what came of a posting that an earlier run left behind.

        Afterwards it is *done*, *adopted* or *prepared* again.

        Raises:
            Retryable: it isn't there, but the first call may still be under way.
            NeedsHuman: the record that is there is not what was meant.
        """
        await self._look(subject, posting, None)

    async def _look(self, subject: Claimed, posting: Posting, error: Retryable | None) -> None:
        books = self._systems[posting.document.system]
        if books.repeatable(posting.document):
            await self._take_back(posting, error)
            return
        found = await books.find(posting.document)
        if found is not None:
            await self._adopt(subject, posting, found)
            return
        if posting.state == "alarm":
            # Somebody has removed the record that was in the way.
            await self._take_back(posting, error)
            return
        if error is None and posting.over:
            await self._take_back(posting, None)
            return
        # Not there yet, which proves nothing while the first call may be under way.
        raise Retryable(
            f"{_name(posting.document)}: the outcome of the call is not known yet",
            cause=error.cause if error else Cause.OUTCOME_UNKNOWN,
            remedy="Nothing: it is looked up before anything is sent again.",
            retry_after_seconds=self._seconds_until_over(posting),
        ) from error

    def _seconds_until_over(self, posting: Posting) -> float:
        if posting.over_at is None:
            return self._over_within
        return max(1.0, (posting.over_at - datetime.now(UTC)).total_seconds() + 1.0)

    async def _adopt_or_alarm(
        self, subject: Claimed, posting: Posting, error: AlreadyExists
    ) -> None:
        found = await self._systems[posting.document.system].find(posting.document)
        if found is not None:
            await self._adopt(subject, posting, found)
            return
        await self._take_back(posting, error)
        raise Retryable(
            f"{_name(posting.document)} is said to exist already, yet it can't be found",
            cause=Cause.OUTCOME_UNKNOWN,
            remedy="Nothing: it is looked up again.",
        ) from error

    async def _adopt(self, subject: Claimed, posting: Posting, found: Written) -> None:
        if not found.differs:
            await self._record(subject, posting, found, "adopted")
            return
        async with self._database.transaction() as connection:
            await postings.raise_alarm(connection, posting, found.answer)
        raise NeedsHuman(
            f"{_name(posting.document)} exists as {found.remote_id}, but {found.differs}",
            cause=Cause.POSTED_DOCUMENT_DIFFERS,
            remedy=(
                "Compare the two. Correct or delete the record there, then replay; while it"
                " stands like this nothing more is posted for this subject."
            ),
        )

    async def _record(
        self, subject: Claimed, posting: Posting, written: Written, state: Any
    ) -> None:
        # Not fenced: that the document exists is the truth, whoever found it out first.
        async with self._database.transaction() as connection:
            posted_at = await postings.settled(
                connection,
                posting,
                state=state,
                remote_id=written.remote_id,
                answer=written.answer,
            )
            if posted_at is None:
                raise Superseded(subject.ref)
            head = await journal.append(
                connection,
                posting,
                connection_name=subject.ref.connection,
                flow=posting.flow or subject.ref.flow,
                remote_id=written.remote_id,
                posted_at=posted_at,
            )
        _log.info(
            "posted" if state == "done" else "adopted",
            connection=subject.ref.connection,
            subject=f"{subject.ref.flow} {subject.ref.key}",
            run=posting.run_id,
            document=posting.document.external_id,
            remote_id=written.remote_id,
            # Where the owner of the database can't quietly write it anew.
            journal=f"{head.number}:{head.hash}" if head else None,
        )

    async def _take_back(self, posting: Posting, error: ConnectorError | None) -> None:
        async with self._database.transaction() as connection:
            await postings.take_back(connection, posting, runs.failure(error) if error else None)


def _name(document: Document) -> str:
    return f"{document.title} ({document.external_id})"
