"""Entries: what runs write into the books, those of many runs in one transaction.

An entry is one step of one run: what it saw and decided, that a document exists, that the
next call begins, that the run is over. The statements are about all entries at once, so that
a busy day costs the database little more than a quiet one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from ml_connector.ledger.connections import item_bindings
from ml_connector.ledger.conservation import source_lines
from ml_connector.ledger.inbox import claims
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.journal import journal
from ml_connector.ledger.journal.journal import Head, Recorded
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Plan, SourceLine
from ml_connector.ledger.postings.postings import NewPosting, Posting, Sending, Settled
from ml_connector.storage.database import Connection
from ml_connector.words import Mode


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run saw: the facts, and all lines of the source in them."""

    facts: msgspec.Struct
    lines: Sequence[SourceLine]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a run decided.

    Attributes:
        waits: why what is missing may wait although nothing failed; empty when it may not.
        mode: in a dry run the documents are only noted.
        sending: the call of the first document begins at once, and may take so long; None
            when it does not begin yet.
    """

    plan: Plan
    waits: str
    mode: Mode
    sending: Sending | None = None

    def wanted(self, run: Run) -> list[NewPosting]:
        """Return the documents as postings that are to be written down."""
        state: Literal["prepared", "noted"] = "prepared" if self.mode == "live" else "noted"
        begins = self.sending is not None and state == "prepared"
        return [
            NewPosting(run.subject, run.id, document, "sending", self.sending)
            if begins and number == 0
            else NewPosting(run.subject, run.id, document, state)
            for number, document in enumerate(self.plan.documents)
        ]


@dataclass(frozen=True, kw_only=True)
class RunStep:
    """One step of a run; what of it is set is written down in this order.

    Attributes:
        settled: a document exists. That is the truth, whoever found it out first: it is
            written down even if another run has taken the subject over.
        seen: what the run saw.
        decided: what it decided.
        begins: the call of this prepared posting begins, and may take so long.
        unexplained: the run is done, with so many lines that nothing accounts for; None when
            it is not.
    """

    run: Run
    settled: Settled | None = None
    seen: RunFacts | None = None
    decided: Decision | None = None
    begins: tuple[Posting, Sending] | None = None
    unexplained: int | None = None

    @property
    def is_fenced(self) -> bool:
        """Whether only the run that owns the subject may write this down."""
        return any(
            one is not None for one in (self.seen, self.decided, self.begins, self.unexplained)
        )


@dataclass(frozen=True, kw_only=True)
class RecordedStep:
    """What came of an entry.

    Attributes:
        postings: of the documents that were decided, in their order.
        head: the journal's end after what was settled, if that made rows.
        recorded: what was settled was written down now; False when somebody else has recorded
            it before.
        superseded: that, or the run does not own its subject any more: what was fenced was not
            written down.
        again: the subject was marked again while the run was under way.
    """

    postings: tuple[Posting, ...] = ()
    head: Head | None = None
    recorded: bool = True
    superseded: bool = False
    again: bool = False


async def record(
    connection: Connection, entries: Sequence[RunStep]
) -> list[RecordedStep | Exception]:
    """Write entries down, in one transaction that holds no subject yet.

    Raises:
        RuntimeError: a document is planned, though another posting has its external id.
    """
    fenced = [entry.run for entry in entries if entry.is_fenced]
    owned = await claims.fence(connection, fenced) if fenced else set()
    heads, unrecorded = await _settle(connection, entries)
    lost = {
        id(entry)
        for entry in entries
        if id(entry) in unrecorded or (entry.is_fenced and entry.run.owns not in owned)
    }
    going = [entry for entry in entries if id(entry) not in lost]
    await _write_runs(connection, going)
    prepared = await _decide(connection, going)
    lost |= await _begin(connection, going)
    again = await _end(connection, [entry for entry in going if id(entry) not in lost])
    return [
        RecordedStep(
            postings=prepared.get(id(entry), ()),
            head=heads.get(entry.settled.posting.id) if entry.settled else None,
            recorded=id(entry) not in unrecorded,
            superseded=id(entry) in lost,
            again=again.get(entry.run.owns, False),
        )
        for entry in entries
    ]


async def _settle(
    connection: Connection, entries: Sequence[RunStep]
) -> tuple[dict[int, Head], set[int]]:
    """Return the journal's ends by posting, and the entries whose posting was recorded before."""
    settled = [(entry, entry.settled) for entry in entries if entry.settled]
    if not settled:
        return {}, set()
    times = await postings.settled_all(connection, [one for _, one in settled])
    heads = await journal.append_all(
        connection,
        [
            Recorded(
                one.posting,
                entry.run.subject.ref.connection,
                one.posting.flow or entry.run.subject.ref.flow,
                one.remote_id,
                times[one.posting.id],
            )
            for entry, one in settled
            if one.posting.id in times
        ],
    )
    return heads, {id(entry) for entry, one in settled if one.posting.id not in times}


async def _write_runs(connection: Connection, entries: Sequence[RunStep]) -> None:
    """Keep what runs saw and decided, the lines of their sources, and that they are done."""
    pages = [
        runs.Page(
            run_id=entry.run.id,
            facts=entry.seen.facts if entry.seen else None,
            plan=entry.decided.plan if entry.decided else None,
            ended=entry.unexplained is not None,
        )
        for entry in entries
        if entry.seen or entry.decided or entry.unexplained is not None
    ]
    if pages:
        await runs.write(connection, pages)
    seen = [(entry.run, entry.seen.lines) for entry in entries if entry.seen]
    if seen:
        await source_lines.keep(connection, seen)


async def _decide(
    connection: Connection, entries: Iterable[RunStep]
) -> dict[int, tuple[Posting, ...]]:
    """Keep decisions and prepare their documents; return the postings by entry."""
    decided = [(entry, entry.decided) for entry in entries if entry.decided]
    if not decided:
        return {}
    await source_lines.decide(
        connection, [(entry.run, one.plan.refused, one.waits) for entry, one in decided]
    )
    await postings.drop_unsent(
        connection, [(entry.run.subject, one.plan.documents) for entry, one in decided]
    )
    for entry, one in decided:
        if one.mode == "live" and one.plan.bindings:
            await item_bindings.bind(
                connection,
                entry.run.subject.ref.connection,
                one.plan.bindings,
                run_id=entry.run.id,
                bound_by=f"{entry.run.subject.ref.flow} {entry.run.subject.ref.key}",
            )
    wanted = [(entry, want) for entry, one in decided for want in one.wanted(entry.run)]
    if not wanted:
        return {}
    prepared: dict[int, list[Posting]] = {}
    found = await postings.prepare_all(connection, [want for _, want in wanted])
    for (entry, want), posting in zip(wanted, found, strict=True):
        if posting is None:
            raise RuntimeError(
                f"{want.document.external_id} is planned, though a posting has this id already"
            )
        prepared.setdefault(id(entry), []).append(posting)
    return {key: tuple(value) for key, value in prepared.items()}


async def _begin(connection: Connection, entries: Iterable[RunStep]) -> set[int]:
    """Let calls begin; return the entries whose posting was not *prepared* any more."""
    begins = [(entry, entry.begins) for entry in entries if entry.begins]
    if not begins:
        return set()
    begun = await postings.begin_all(connection, [one for _, one in begins])
    return {id(entry) for entry, (posting, _) in begins if posting.id not in begun}


async def _end(connection: Connection, entries: Iterable[RunStep]) -> dict[claims.Own, bool]:
    ended = [(entry.run, entry.unexplained) for entry in entries if entry.unexplained is not None]
    return await claims.done(connection, ended) if ended else {}
