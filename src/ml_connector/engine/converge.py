"""Converge a subject: read the facts, plan, settle what is missing, record it."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psycopg
import structlog

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.context import ConnectionContext, OpenContext
from ml_connector.engine.flow import Flow, Flows
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.inbox.siblings import wake_siblings
from ml_connector.engine.run_endings import RunEndings, tell_done
from ml_connector.engine.settle.settle import NextStep
from ml_connector.engine.settle.write_slots import WriteSlot
from ml_connector.engine.unread import taken_unread
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.ledger.conservation.equation import Equation, of_subject
from ml_connector.ledger.inbox import claims, ownership
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.ownership import Claimed, Superseded
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings
from ml_connector.ledger.postings.documents import Plan, Posted, SourceLine
from ml_connector.ledger.postings.postings import Found, Posting
from ml_connector.ledger.run_steps import Decision, RunFacts, RunStep
from ml_connector.storage.database import Connection, Database, DatabaseAway, is_lost
from ml_connector.storage.group import GroupCommit
from ml_connector.transport.call import Priority, present_priority, working_at
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import Cause, Mode, Source

# Refusals that may come of facts that have changed since they were read.
_MAY_BE_STALE: Final = frozenset(
    {Cause.REFUSED_BY_NETSUITE, Cause.PERIOD_CLOSED, Cause.FULFILLMENT_NOT_FOUND}
)

# Who tells of one subject and waits to see what comes of it.
_SOMEBODY_WAITS: Final[frozenset[Source]] = frozenset({"webhook", "person"})

# Runs in one job at most; news that comes after the last gets a job of its own.
_RUNS_IN_A_ROW: Final = 20

# While many jobs of a lane begin, their subjects are claimed in groups, this far apart.
_APART_SECONDS: Final = 0.05

_Claims = GroupCommit[tuple[int, int], tuple[Run, Found] | None]


class Converge:
    """Runs subjects. One instance per worker process."""

    def __init__(
        self,
        database: Database,
        flows: Flows,
        open_context: OpenContext,
        lanes: Lanes,
        *,
        worker: str,
    ) -> None:
        self._database = database
        self._flows = flows
        self._open_context = open_context
        self._lanes = lanes
        self._worker = worker
        self._endings = RunEndings(database, lanes)
        # One for each lane: who comes alone does not wait for another's crowd.
        self._claims: dict[str, _Claims] = defaultdict(
            lambda: GroupCommit(database, self._claim, apart_seconds=_APART_SECONDS)
        )

    async def __call__(self, subject_id: int, job_id: int, lane: str) -> None:
        """Converge the subject until nothing new is known of it.

        No failure is raised: each is recorded with the subject.
        """
        for _ in range(_RUNS_IN_A_ROW):
            try:
                again = await self._run(subject_id, job_id, lane)
            except (DatabaseAway, psycopg.OperationalError) as error:
                if not is_lost(error):
                    raise
                # What was committed says whether this job has still something to run.
                await self._database.back()
                again = True
            if not again:
                return
        async with self._database.transaction() as connection:
            subject = await ownership.claim(
                connection, subject_id, job_id=job_id, worker=self._worker
            )
            if subject is not None:
                await self._endings.give_new_job(connection, subject)

    async def _claim(
        self, connection: Connection, wanted: Sequence[tuple[int, int]]
    ) -> list[tuple[Run, Found] | Exception | None]:
        """Begin the runs of subjects by their jobs; None where a job has nothing to run."""
        begun = await claims.claim(
            connection,
            wanted,
            worker=self._worker,
            rules={flow.name: flow.rules for flow in self._flows.values()},
        )
        left = await postings.of_subjects(connection, [subject_id for subject_id, _ in begun])
        return [
            (run, left.get(run.subject.id, Found())) if (run := begun.get(pair)) else None
            for pair in wanted
        ]

    async def _run(self, subject_id: int, job_id: int, lane: str) -> bool:
        """Run the subject once; True when it was marked again meanwhile."""
        claimed = await self._claims[lane]((subject_id, job_id))
        if claimed is None:
            return False
        run, found = claimed
        subject = run.subject
        flow = self._flows[subject.ref.flow]
        with (
            working_at(_priority(subject, flow), in_crowds=subject.told_of <= flow.unhurried),
            structlog.contextvars.bound_contextvars(
                connection=subject.ref.connection,
                subject=f"{flow.source} {subject.ref.key}",
                run=run.id,
            ),
        ):
            try:
                return await self._run_to_its_end(run, flow, found)
            except Superseded:
                return await self._endings.superseded(run)

    async def _run_to_its_end(self, run: Run, flow: Flow, found: Found) -> bool:
        """Do what the run is for and record how it ends; True as for ``_run``.

        Raises:
            Superseded: another run has taken over, or the database was restored: be it that this
                shows only when a failure is to be recorded.
        """
        try:
            return await self._find_place(run, flow, found)
        except asyncio.CancelledError:
            with contextlib.suppress(Superseded):
                await asyncio.shield(self._endings.release(run))
            raise
        except Superseded:
            raise
        except Retryable as error:
            return await self._endings.try_later(run, error)
        except (NeedsData, NeedsHuman) as error:
            return await self._endings.stop(run, error, str(error))
        except Exception as error:  # noqa: BLE001 - a bug: kept with the subject, shown, logged
            return await self._endings.unforeseen(run, error)

    async def _find_place(self, run: Run, flow: Flow, found: Found) -> bool:
        """Do what the run is for; of a push only so many at once, so that other work has room."""
        subject = run.subject
        context = await self._open_context(subject.ref.connection, subject.applied_at)
        if flow.is_off(context.settings.flows_off):
            raise _switched_off(subject.ref)
        if present_priority() is not Priority.PUSH:
            return await self._decide_and_settle(run, flow, found, context)
        with context.push_places.place() as got:
            if got:
                return await self._decide_and_settle(run, flow, found, context)
        return await self._endings.put_off(run, context.push_places.seconds_off())

    async def _decide_and_settle(
        self, run: Run, flow: Flow, found: Found, context: ConnectionContext
    ) -> bool:
        """Do what the run is for; True when the subject should run again at once."""
        subject = run.subject
        for posting in found.left_behind:
            await context.settle.recover(subject, posting)
        posted = found.posted
        if found.left_behind:
            async with self._database.transaction() as connection:
                posted = await postings.posted(connection, subject.id)
        try:
            seen, plan = await self._decide(run, flow, posted, context)
        except (NeedsData, NeedsHuman) as failure:
            taken = await taken_unread(flow, subject.ref.key, context.reads, failure)
            if taken is None:
                raise
            return await self._end_unread(run, taken, context)
        async with context.settle.slot(plan.documents if context.mode == "live" else ()) as slot:
            if slot.late:
                seen, plan = await self._decide(run, flow, posted, context)
            equation = _equation(plan, seen.lines, posted, context.mode)
            decision = Decision(
                plan=plan,
                waits=_may_wait(plan, context.mode),
                mode=context.mode,
                sending=context.settle.sending,
            )
            step = RunStep(
                run=run,
                seen=seen,
                decided=decision,
                done=equation is not None and equation.holds,
            )
            again = await self._settle(step, plan, flow, context, slot)
        if plan.remaining_failure is not None:
            raise plan.remaining_failure
        if equation is None:
            return await self._endings.converge_again(run)
        if not equation.holds:
            return await self._endings.unexplained(run, equation)
        tell_done(subject, equation)
        return again

    async def _end_unread(self, run: Run, plan: Plan, context: ConnectionContext) -> bool:
        """Record that a subject that can't be read is done; True when it was marked again."""
        decided = Decision(plan=plan, waits="", mode=context.mode)
        ended, _ = await context.settle.record(RunStep(run=run, decided=decided, done=True))
        tell_done(run.subject, Equation())
        return ended.again

    async def _decide(
        self, run: Run, flow: Flow, posted: Sequence[Posted], context: ConnectionContext
    ) -> tuple[RunFacts, Plan]:
        """Read the facts and plan; the facts are recorded even where planning fails."""
        facts = await flow.facts_beside(posted, run.subject.ref.key, context.reads)
        seen = RunFacts(
            facts=facts,
            lines=flow.source_lines(facts, context.settings),
            lapses=flow.decidable.lapses(facts, context.settings) if flow.decidable else {},
        )
        try:
            return seen, flow.plan(facts, posted, context.settings)
        except Exception:
            refused = flow.always_refused(facts, context.settings) if flow.always_refused else ()
            await context.settle.record(RunStep(run=run, seen=seen, still_refused=refused))
            raise

    async def _settle(
        self, step: RunStep, plan: Plan, flow: Flow, context: ConnectionContext, slot: WriteSlot
    ) -> bool:
        """Record a decision and bring its documents into existence, one after the other.

        The step that makes the run done also ends it: recording the last document, or the
        decision itself where there is no document.

        Returns:
            Whether the subject was marked again meanwhile.
        """
        run, done = step.run, step.done
        posts = context.mode == "live" and bool(plan.documents)
        if posts or plan.fan_out:
            step = replace(step, done=False)
        recorded, begun_by = await context.settle.record(step)
        send_by: float | None = begun_by
        turns: Turns | None = slot.turns
        again = recorded.again
        if recorded.moved:
            await wake_siblings(
                self._database, self._lanes, self._flows, run.subject.ref, recorded.moved
            )
        if plan.fan_out:
            await self._pass_on(run, plan)
            if not posts and done:
                ended, _ = await context.settle.record(RunStep(run=run, done=True))
                again = ended.again
        for posting, following in _in_order(recorded.postings, done=done) if posts else ():
            if context.settle.is_shared(posting.document):
                slot.end()
            try:
                send_by, again = await context.settle.post(
                    run.subject, posting, send_by=send_by, turns=turns, following=following
                )
                turns = None
            except NeedsHuman as refused:
                await self._replan_if_stale(run.subject, flow, context, posting, refused)
                raise
        return again

    async def _pass_on(self, run: Run, plan: Plan) -> None:
        """Mark the subjects that this one stands for.

        In a transaction of its own: a transaction that marks subjects must hold no other
        subject meanwhile.
        """
        subject = run.subject
        async with self._database.transaction() as connection:
            await take_in(
                connection,
                self._lanes,
                [
                    Arrival(
                        connection=subject.ref.connection,
                        source="wake",
                        delivery_id=f"wake:run {run.id}:{key}",
                        topic=f"stood for by {subject.ref.key}",
                        subject=SubjectRef(subject.ref.connection, subject.ref.flow, key),
                        within=plan.parent_key,
                    )
                    for key in plan.fan_out
                ],
            )

    async def _replan_if_stale(
        self,
        subject: Claimed,
        flow: Flow,
        context: ConnectionContext,
        posting: Posting,
        refused: NeedsHuman,
    ) -> None:
        """Let the subject run again when what was refused is not what is planned now.

        Between reading and writing, another subject may have received the last of an order
        line, or a period may have been closed. That is no refusal for a person to look at.

        Raises:
            Retryable: with the facts as they are now, something else is planned.
            NeedsData, NeedsHuman: with the facts as they are now, nothing can be planned.
        """
        if refused.cause not in _MAY_BE_STALE:
            return
        context.reads.forget_periods()
        async with self._database.transaction() as connection:
            posted = await postings.posted(connection, subject.id)
        facts = await flow.facts_beside(posted, subject.ref.key, context.reads)
        plan = flow.plan(facts, posted, context.settings)
        if all(document.hash() != posting.document_hash for document in plan.documents):
            raise Retryable(
                f"The facts have changed meanwhile, it is decided again: {refused}",
                cause=refused.cause,
            ) from refused


def _switched_off(subject: SubjectRef) -> NeedsData:
    """Return the failure of a subject of a flow that is off for its connection."""
    return NeedsData(
        f'{subject.flow} is switched off for connection "{subject.connection}"',
        cause=Cause.FLOW_OFF,
        waiting_for=[AwaitedKind.POLICY.any_one],
        remedy=(
            "Nothing, as long as it is to stay off. Else switch it on under [flows] in the"
            " connection's file (billing also wants a vendor under [billing]) and apply it: what"
            " waits then goes on."
        ),
    )


def _priority(subject: Claimed, flow: Flow) -> Priority:
    """Return how soon a run's calls go, by who told of its subject since it last converged."""
    if subject.told_by & _SOMEBODY_WAITS:
        return Priority.LIVE
    if flow.pushes:
        return Priority.PUSH
    return Priority.BULK if subject.told_by == {flow.event_source} else Priority.LIVE


def _may_wait(plan: Plan, mode: Mode) -> str:
    """Return why what is missing may wait although nothing failed; empty when it may not."""
    return plan.waiting or ("" if mode == "live" else "A dry run posts nothing")


def _equation(
    plan: Plan, lines: Sequence[SourceLine], posted: Sequence[Posted], mode: Mode
) -> Equation | None:
    """Return what becomes of the source's lines; None when the subject does not converge now."""
    if plan.remaining_failure is not None or (plan.replan_after_posting and mode == "live"):
        return None
    return of_subject(
        lines,
        [
            *(line for one in posted if not one.undone for line in one.lines),
            *(line for one in plan.documents for line in one.lines),
        ],
        plan.not_posted,
        undone=(line for one in posted if one.undone for line in one.lines),
        waits=bool(_may_wait(plan, mode)),
    )


def _in_order(prepared: Sequence[Posting], *, done: bool) -> list[tuple[Posting, NextStep]]:
    """Return postings in their order, each with what follows as soon as it exists."""
    return [
        (
            posting,
            NextStep(posting=prepared[number + 1])
            if number + 1 < len(prepared)
            else NextStep(done=done),
        )
        for number, posting in enumerate(prepared)
    ]
