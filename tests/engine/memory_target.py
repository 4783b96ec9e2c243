"""Another system in memory, with everything that can go wrong on the way there."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from ml_connector.engine.settle.target import Written
from ml_connector.errors import AlreadyExists, NeedsHuman, Retryable
from ml_connector.ledger.postings.documents import Document
from ml_connector.storage.database import DatabaseAway
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import Cause

Outcome = Literal[
    "succeeds",
    "is executed, then times out",
    "fails before it is executed",
    "is executed late",
    "never arrives",
    "is refused",
    "says it exists already",
    "says it exists, yet hides it",
    "meets another record",
]


@dataclass(frozen=True)
class Record:
    """A record there: which document made it, and what it says."""

    number: int
    external_id: str
    content: str


@dataclass
class MemoryTarget:
    """A system that does not care for external ids: a second write makes a second record.

    Attributes:
        outcomes: of the writes to come; when there are none left, writes succeed.
        send_by: when the calls had to be sent at the latest.
        late: calls that were sent and are not carried out yet.
        away: it can't be asked.
        without_limit: so many writes to come find no database to ask for their limit.
        again: whether writing twice is harmless.
        answers: while it is not set, calls stay under way.
        most_under_way: calls that were under way at the same time.
        turns: while it is not set, nobody gets the turns that a write takes.
        waiting: how often turns were asked for.
        taken: external ids of the documents whose turns were taken.
        firsts: of each write, whether it was said to be the first of its document.
    """

    outcomes: deque[Outcome] = field(default_factory=deque)
    records: list[Record] = field(default_factory=list)
    send_by: list[float] = field(default_factory=list)
    late: list[Document] = field(default_factory=list)
    writes: int = 0
    looks: int = 0
    away: bool = False
    without_limit: int = 0
    again: bool = False
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    turns: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    taken: list[str] = field(default_factory=list)
    firsts: list[bool] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def __post_init__(self) -> None:
        self.answers.set()
        self.turns.set()

    def _ask_for_the_limit(self) -> None:
        if self.without_limit:
            self.without_limit -= 1
            raise DatabaseAway("The database can't be reached", where="", next_step="")

    async def take_turns(self, document: Document) -> Turns:
        self.waiting += 1
        await self.turns.wait()
        self.taken.append(document.external_id)
        return Turns()

    async def write(self, document: Document, *, send_by: float, first: bool) -> Written:
        self.send_by.append(send_by)
        self.firsts.append(first)
        self.writes += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.answers.wait()
        finally:
            self.under_way -= 1
        self._ask_for_the_limit()
        outcome: Outcome = self.outcomes.popleft() if self.outcomes else "succeeds"
        match outcome:
            case "succeeds":
                return _written(self._add(document, document.title))
            case "is executed, then times out":
                self._add(document, document.title)
                raise _unknown()
            case "is executed late":
                self.late.append(document)
                raise _unknown()
            case "never arrives":
                raise _unknown()
            case "fails before it is executed":
                raise Retryable("Too many requests", cause=Cause.RATE_LIMITED)
            case "is refused":
                raise NeedsHuman(
                    "It is refused", cause=Cause.REFUSED_BY_NETSUITE, remedy="Correct it."
                )
            case "says it exists already":
                self._add(document, document.title)
                raise _exists()
            case "says it exists, yet hides it":
                raise _exists()
            case "meets another record":
                self._add(document, "something else")
                raise _exists()

    async def find(self, document: Document) -> Written | None:
        self.looks += 1
        if self.away:
            raise Retryable("It does not answer")
        for record in self.records:
            if record.external_id == document.external_id:
                differs = "" if record.content == document.title else "it says something else"
                return _written(record, differs)
        return None

    def repeatable(self, document: Document) -> bool:
        del document
        return self.again

    def shared(self, document: Document) -> bool:
        del document
        return self.again

    def carry_out_late(self) -> None:
        """The calls that were sent before are carried out now."""
        late, self.late = self.late, []
        for document in late:
            self._add(document, document.title)

    def _add(self, document: Document, content: str) -> Record:
        made = Record(len(self.records) + 1, document.external_id, content)
        self.records.append(made)
        return made


def _written(record: Record, differs: str = "") -> Written:
    return Written(remote_id=str(record.number), answer={"record": record.number}, differs=differs)


def _unknown() -> Retryable:
    return Retryable("No answer came in time", outcome_unknown=True)


def _exists() -> AlreadyExists:
    return AlreadyExists("It exists already", cause=Cause.REFUSED_BY_NETSUITE)
