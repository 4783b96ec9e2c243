"""Steps of runs: what runs write into the ledger, those of many runs in one transaction.

One step of one run may be several things at once: what the run saw and decided, that a
document exists, that the next call begins, that the run is over. Each statement is about all
steps of the transaction, so that a busy day costs the database little more than a quiet one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ml_connector.errors import Retryable
from ml_connector.ledger.connections import item_bindings
from ml_connector.ledger.conservation import source_lines
from ml_connector.ledger.decisions import decisions, handled
from ml_connector.ledger.decisions.handled import KeptUnits
from ml_connector.ledger.inbox import claims
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.journal import journal
from ml_connector.ledger.journal.journal import Head, Recorded
from ml_connector.ledger.postings import postings, record_claims, runs
from ml_connector.ledger.postings.documents import Document, Plan, RefusedUnits, SourceLine
from ml_connector.ledger.postings.postings import NewPosting, Posting, Sending, Settled
from ml_connector.storage.database import Connection
from ml_connector.words import Cause, Mode


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run saw: the facts, and all lines of the source in them.

    Attributes:
        lapses: the decisions about the subject: why each does not hold; empty where it holds.
    """

    facts: msgspec.Struct
    lines: Sequence[SourceLine]
    lapses: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a run decided.

    Attributes:
        waits: why what is missing may wait although nothing failed; empty when it may not.
        mode: in a dry run the documents are only noted.
        sending: how long the call of the first document may take, which begins at once; None
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
    """One step of a run; the attributes that are set are recorded in this order.

    Attributes:
        settled: a document exists. That is true whichever run finds it out: it is recorded
            even if another run has taken the subject over.
        seen: what the run saw.
        decided: what it decided.
        still_refused: where nothing could be decided, what is not posted on purpose all the
            same, in place of earlier refusals; None where that is no matter of this step.
        begins: the prepared posting whose call begins, and how long the call may take.
        done: the run is done: its subject has converged.
    """

    run: Run
    settled: Settled | None = None
    seen: RunFacts | None = None
    decided: Decision | None = None
    still_refused: Sequence[RefusedUnits] | None = None
    begins: tuple[Posting, Sending] | None = None
    done: bool = False

    @property
    def begun(self) -> tuple[Document, ...]:
        """The documents whose call begins with this step."""
        decided = self.decided.wanted(self.run) if self.decided else []
        sent = tuple(one.document for one in decided if one.state == "sending")
        return (*sent, self.begins[0].document) if self.begins else sent

    @property
    def is_fenced(self) -> bool:
        """Whether only the run that owns the subject may record this."""
        return self.done or any(one is not None for one in (self.seen, self.decided, self.begins))


@dataclass(frozen=True, kw_only=True)
class RecordedStep:
    """What came of a step.

    Attributes:
        postings: of the documents that were decided, in their order.
        head: the journal's end after what was settled, if that made rows.
        recorded: that the document exists was recorded now; False when it was before.
        superseded: it was recorded before, or the run does not own its subject any more: what
            is fenced was not recorded.
        again: the subject was marked again while the run was under way.
        moved: documents of others of which decisions about the subject have taken units with this
            step, or given some back.
    """

    postings: tuple[Posting, ...] = ()
    head: Head | None = None
    recorded: bool = True
    superseded: bool = False
    again: bool = False
    moved: frozenset[str] = frozenset()


async def record(
    connection: Connection, steps: Sequence[RunStep]
) -> list[RecordedStep | Exception]:
    """Record steps, in one transaction that holds no subject yet.

    Raises:
        RuntimeError: a document is planned, though another posting has its external id.
    """
    fenced = [step.run for step in steps if step.is_fenced]
    owned = await claims.fence(connection, fenced) if fenced else set()
    heads, unrecorded = await _settle(connection, steps)
    lost = {
        id(step)
        for step in steps
        if id(step) in unrecorded or (step.is_fenced and step.run.owns not in owned)
    }
    going, kept = await _handle(connection, [step for step in steps if id(step) not in lost])
    going, beaten = await _claim(connection, going)
    await _write_runs(connection, going)
    prepared = await _decide(connection, going)
    lost |= await _begin(connection, going)
    again = await _end(connection, [step for step in going if id(step) not in lost])
    recorded = [
        RecordedStep(
            postings=prepared.get(id(step), ()),
            head=heads.get(step.settled.posting.id) if step.settled else None,
            recorded=id(step) not in unrecorded,
            superseded=id(step) in lost,
            again=again.get(step.run.owns, False),
            moved=kept.moved.get(step.run.id, frozenset()),
        )
        for step in steps
    ]
    return _unless_taken(steps, recorded, kept.short, beaten)


def _unless_taken(
    steps: Sequence[RunStep],
    recorded: Sequence[RecordedStep],
    short: Collection[int],
    beaten: Collection[int],
) -> list[RecordedStep | Exception]:
    """Return what came of steps; a failure where others took the same meanwhile."""
    return [
        Retryable(
            "Another decision has taken units of the same document meanwhile",
            cause=Cause.RECEIVED_BY_OTHERS,
        )
        if step.run.id in short
        else Retryable(
            "Another subject has taken the same document in NetSuite meanwhile",
            cause=Cause.FULFILLED_BY_OTHERS,
        )
        if step.run.id in beaten
        else one
        for step, one in zip(steps, recorded, strict=True)
    ]


async def _claim(
    connection: Connection, steps: Sequence[RunStep]
) -> tuple[Sequence[RunStep], set[int]]:
    """Let each record of others be taken by one subject.

    Returns:
        The steps to go on with; and the runs of the others, who came too late.
    """
    claimed = [
        (step.run, step.decided.plan.claim)
        for step in steps
        if step.decided and step.decided.plan.claim and step.decided.mode == "live"
    ]
    if not claimed:
        return steps, set()
    beaten = await record_claims.lost(connection, claimed)
    return [step for step in steps if step.run.id not in beaten], beaten


async def _handle(
    connection: Connection, steps: Sequence[RunStep]
) -> tuple[Sequence[RunStep], KeptUnits]:
    """Keep what decisions account for.

    Returns:
        The steps to go on with; and what was kept: not of the runs of the others, whose units
        other decisions have taken since they were read.
    """
    kept = KeptUnits(set(), {})
    seen = [(step, step.seen.lapses) for step in steps if step.seen and step.seen.lapses]
    if not seen:
        return steps, kept
    decided = [(step.run, step.decided.plan.handled) for step, _ in seen if step.decided]
    kept = await handled.keep(connection, decided) if decided else kept
    for step, lapses in seen:
        if step.run.id not in kept.short:
            await decisions.note_lapses(connection, lapses)
    return [step for step in steps if step.run.id not in kept.short], kept


async def _settle(
    connection: Connection, steps: Sequence[RunStep]
) -> tuple[dict[int, Head], set[int]]:
    """Return the journal's ends by posting, and the steps whose posting was recorded before."""
    settled = [(step, step.settled) for step in steps if step.settled]
    if not settled:
        return {}, set()
    times = await postings.settled_all(connection, [one for _, one in settled])
    heads = await journal.append_all(
        connection,
        [
            Recorded(
                one.posting,
                step.run.subject.ref.connection,
                one.posting.flow or step.run.subject.ref.flow,
                one.remote_id,
                times[one.posting.id],
            )
            for step, one in settled
            if one.posting.id in times
        ],
    )
    return heads, {id(step) for step, one in settled if one.posting.id not in times}


async def _write_runs(connection: Connection, steps: Sequence[RunStep]) -> None:
    """Keep what runs saw and decided, the lines of their sources, and that they are done."""
    pages = [
        runs.Page(
            run_id=step.run.id,
            facts=step.seen.facts if step.seen else None,
            plan=step.decided.plan if step.decided else None,
            ended=step.done,
        )
        for step in steps
        if step.seen or step.decided or step.done
    ]
    if pages:
        await runs.write(connection, pages)
    seen = [(step.run, step.seen.lines) for step in steps if step.seen]
    if seen:
        await source_lines.keep(connection, seen)


async def _decide(
    connection: Connection, steps: Sequence[RunStep]
) -> dict[int, tuple[Posting, ...]]:
    """Keep decisions and prepare their documents; return the postings by step."""
    refused = [(one.run, one.still_refused, "") for one in steps if one.still_refused is not None]
    if refused:
        await source_lines.decide(connection, refused)
    decided = [(step, step.decided) for step in steps if step.decided]
    if not decided:
        return {}
    await source_lines.decide(
        connection, [(step.run, one.plan.not_posted, one.waits) for step, one in decided]
    )
    await postings.drop_unsent(
        connection, [(step.run.subject, one.plan.documents) for step, one in decided]
    )
    for step, one in decided:
        if one.mode == "live" and one.plan.bindings:
            await _bind(connection, step.run, one.plan)
    return await _prepare(
        connection, [(step, want) for step, one in decided for want in one.wanted(step.run)]
    )


async def _bind(connection: Connection, run: Run, plan: Plan) -> None:
    """Keep which items a plan has matched SKUs to."""
    ref = run.subject.ref
    await item_bindings.bind(
        connection, ref.connection, plan.bindings, run_id=run.id, bound_by=f"{ref.flow} {ref.key}"
    )


async def _prepare(
    connection: Connection, wanted: Sequence[tuple[RunStep, NewPosting]]
) -> dict[int, tuple[Posting, ...]]:
    """Prepare documents; return the postings by step."""
    if not wanted:
        return {}
    prepared: dict[int, tuple[Posting, ...]] = {}
    found = await postings.prepare_all(connection, [want for _, want in wanted])
    for (step, want), posting in zip(wanted, found, strict=True):
        if posting is None:
            raise RuntimeError(
                f"{want.document.external_id} is planned, though a posting has this id already"
            )
        prepared[id(step)] = (*prepared.get(id(step), ()), posting)
    return prepared


async def _begin(connection: Connection, steps: Iterable[RunStep]) -> set[int]:
    """Let calls begin; return the steps whose posting was not *prepared* any more."""
    begins = [(step, step.begins) for step in steps if step.begins]
    if not begins:
        return set()
    begun = await postings.begin_all(connection, [one for _, one in begins])
    return {id(step) for step, (posting, _) in begins if posting.id not in begun}


async def _end(connection: Connection, steps: Iterable[RunStep]) -> dict[claims.Own, bool]:
    ended = [step.run for step in steps if step.done]
    return await claims.done(connection, ended) if ended else {}
