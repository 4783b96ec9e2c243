"""Doing a flow now, and planning it without doing it."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings, RequestLimits
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.inbox.sweep import Swept, sweep, tell
from ml_connector.engine.settle.write_slots import runs_for
from ml_connector.engine.work.pushes import BUNCH, push_plan
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.conservation.equation import Equation
from ml_connector.ledger.inbox import inbox, outcomes, subjects
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.ledger.postings.runs import StoredRun
from ml_connector.secret import Secret
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable

_GRACE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
_CROWD_POLL_SECONDS: Final = 1.0
_PLANNED_AT_ONCE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the plan for one subject would post.

    Attributes:
        plan: documents and notes; None when something is missing.
        failure: what is missing, as data.
        details: rows that the flow makes of the facts; see ``Flow.details``.
    """

    key: str
    plan: Plan | None
    failure: dict[str, Any] | None
    details: Sequence[Mapping[str, Any]] = ()


class PushProgress(NamedTuple):
    """How far a sync has come.

    Attributes:
        done: subjects that are settled.
        all: those that the sync is about.
        calls_left: to ShipBob, at most, for the rest; None where that is not planned.
        ends_at: when the rest is through by ShipBob's limit, likewise.
    """

    done: int
    all: int
    calls_left: int | None = None
    ends_at: datetime | None = None


def _nobody_is_told(_: PushProgress) -> None:
    return


@dataclass(frozen=True, kw_only=True)
class Synced:
    """The result of a sync.

    Attributes:
        swept: what the sweep found; None when subjects were named.
        subjects: one row for each subject: key, state, cause, sentence, remedy, documents, and
            the note of its last run.
        equation: the sums over all their source lines.
        details: rows that the flow makes of the facts; see ``Flow.details``.
    """

    swept: Swept | None
    subjects: Sequence[dict[str, Any]]
    equation: Equation
    details: Sequence[Mapping[str, Any]] = ()


async def sync_flow(
    installation: Installation,
    applied: AppliedConnection,
    flow: Flow,
    *,
    ids: Sequence[str],
    since: datetime | None,
    told: Callable[[PushProgress], None] = _nobody_is_told,
) -> Synced:
    """Converge subjects now and wait until they are settled.

    It works with and without running workers. When it ends before they are settled, by whatever
    end, workers go on where it stopped.

    Args:
        installation: where.
        applied: the connection.
        flow: what to do.
        ids: which subjects; empty: those that a sweep finds and the inbox does not have.
        since: how far back to look for them.
        told: is told again and again how far it has come.

    Raises:
        UserError: the connection is paused, or the flow is off for it; or the source has no
            subject of one of these ids, and nothing ever told of it.
        ConnectorError: the connection is held; or the source can't be read.
    """
    _check_works(applied, flow)
    contexts = ConnectionContexts(installation)
    context = await contexts.open(applied.name)
    began = datetime.now(UTC)
    swept = None
    if ids:
        await _check_source_has(installation, context, flow, ids)
        async with installation.database.transaction() as connection:
            seen = [SweepResult(key=key) for key in ids]
            await tell(connection, installation.lanes, applied.name, flow, seen, source="person")
    else:
        swept = await sweep(
            installation.database,
            installation.lanes,
            flow,
            reads=context.reads,
            connection_name=applied.name,
            since=since or began - flow.look_back,
            settings=context.settings,
            push=push_plan(context.settings.limits),
        )
    keys = list(ids) if swept is None else list(swept.keys)
    await _work_until_settled(installation, contexts, applied, flow, keys, told)
    found = await outcomes.outcomes(
        installation.database,
        applied.name,
        flow.name,
        keys,
        since=began,
        noted=applied.mode == "dry-run",
    )
    async with installation.database.transaction() as connection:
        equation = await sums.equation(
            connection, [applied.name], subjects=[row["id"] for row in found]
        )
    return Synced(
        swept=swept,
        subjects=found,
        equation=equation,
        details=await _details(installation, context, flow, [row["id"] for row in found]),
    )


def _check_works(applied: AppliedConnection, flow: Flow) -> None:
    if applied.paused:
        raise UserError(
            f'Connection "{applied.name}" is paused', next_step="Resume it, then sync again."
        )
    if flow.is_off(applied.flows_off):
        raise UserError(
            f'{flow.name} is switched off for connection "{applied.name}"',
            where=f"key flows.{flow.switched_by}",
            next_step="Switch it on under [flows] in the connection's file (billing also wants a"
            " vendor under [billing]), and apply the file. To look without writing anything:"
            f" ml-connector plan {flow.name}.",
        )


async def _check_source_has(
    installation: Installation, context: ConnectionContext, flow: Flow, ids: Sequence[str]
) -> None:
    """Refuse ids that the source does not have and of which nothing ever told.

    Where the source can't be asked, the ids are taken as they are: their runs say what is wrong.

    Raises:
        UserError: there are such ids.
    """
    name = context.settings.name
    async with installation.database.transaction() as on:
        told = await inbox.last_told(on, name, flow.name, ids)
    asked = [one for one in ids if one not in told]
    answers = await asyncio.gather(
        *(flow.missing(one, context.reads) for one in asked), return_exceptions=True
    )
    unforeseen = [
        one
        for one in answers
        if isinstance(one, BaseException) and not isinstance(one, ConnectorError)
    ]
    if unforeseen:
        raise unforeseen[0]
    missing = [one for one in answers if isinstance(one, str) and one]
    if missing:
        raise UserError(
            "; ".join(missing),
            where=f"sync {flow.name} --id",
            next_step=f"Nothing was done. Name ids of a {flow.source} as the system itself shows"
            " them.",
        )


async def _details(
    installation: Installation, context: ConnectionContext, flow: Flow, subject_ids: Sequence[int]
) -> list[Mapping[str, Any]]:
    """Return the rows that the flow makes of the facts that were read last."""
    if flow.details is None:
        return []
    return [
        row
        for facts in await runs.last_facts(installation.database, subject_ids)
        for row in flow.details(
            msgspec.convert(facts, flow.facts, str_keys=True), context.settings
        )
    ]


async def plan_flow(
    installation: Installation,
    applied: AppliedConnection,
    flow: Flow,
    *,
    ids: Sequence[str],
    since: datetime | None,
    most: int | None = None,
    told: Callable[[PushProgress], None] = _nobody_is_told,
) -> list[Planned]:
    """Plan subjects as they are now, writing nothing to either system.

    Args:
        installation: where.
        applied: the connection.
        flow: what to plan.
        ids: which subjects; empty: what a sweep would look at.
        since: how far back to look for them.
        most: subjects; None: all.
        told: is told again and again how far it has come.

    Raises:
        ConnectorError: the source can't be read.
        Unreadable: a row of it can't be, and does not say which subject it is of.
    """
    context = await ConnectionContexts(installation).open(applied.name)
    keys = list(ids)
    spoiled: list[SpoiledRow] = []
    if not keys:
        moment = since or datetime.now(UTC) - flow.look_back
        with gathering(spoiled):
            keys = await _swept_keys(flow, context, moment, most)
    for row in spoiled:
        key = flow.spoils(row)
        if key is None:
            raise unreadable(flow.source, [row.sentence])
        keys.append(key)
    planned: list[Planned] = []
    for start in range(0, len(keys), _PLANNED_AT_ONCE):
        told(PushProgress(start, len(keys)))
        some = keys[start : start + _PLANNED_AT_ONCE]
        # At once: they share the calls with which they are read.
        planned += await asyncio.gather(
            *(_plan_one(installation, context, applied.name, flow, key) for key in some)
        )
    return planned


async def _swept_keys(
    flow: Flow, context: ConnectionContext, since: datetime, most: int | None
) -> list[str]:
    keys: list[str] = []
    async for seen in flow.sweep(context.reads, since, ()):
        keys.append(seen.key)
        if most is not None and len(keys) >= most:
            break
    return keys


async def plan_run(installation: Installation, run_id: int) -> tuple[Flow, Planned]:
    """Plan the stored facts of an old run with today's rules and settings.

    What was posted since that run counts as not posted.

    Raises:
        UserError: there is no such run, or it stored no facts.
    """
    async with installation.database.transaction() as connection:
        run = await runs.stored(connection, run_id)
        if run is None or run.facts is None:
            what = "There is no run" if run is None else "No facts were stored by run"
            raise UserError(f"{what} {run_id}", next_step="See the runs in: events show ID.")
        posted = await postings.posted_before(connection, run.subject_id, run_id)
    context = await ConnectionContexts(installation).open(run.subject.connection)
    return plan_stored(run, run.facts, posted, context.settings)


async def plan_run_without_keys(
    installation: Installation, names: Collection[str], run_id: int
) -> tuple[Flow, Planned]:
    """Plan the stored facts of an old run like ``plan_run``, where no secret may be opened.

    Raises:
        LookupError: these connections have no such run.
        UserError: it stored no facts.
        NeedsHuman: the settings can't be read.
    """
    async with installation.database.transaction() as on:
        run = await runs.stored(on, run_id)
        if run is None or run.subject.connection not in names:
            raise LookupError(f"There is no run {run_id}")
        if run.facts is None:
            raise UserError(
                f"No facts were stored by run {run_id}", next_step="Take a run that saw something."
            )
        posted = await postings.posted_before(on, run.subject_id, run_id)
        applied = await connections.last(on, run.subject.connection)
    if applied is None:
        raise LookupError(f"There is no run {run_id}")
    return plan_stored(run, run.facts, posted, applied.settings(_STAND_INS))


_STAND_INS: Final = {field: Secret("-") for field in ("netsuite.private_key", "shipbob.token")}
"""What a plan never uses, and a connection's settings are not whole without."""


def plan_stored(
    run: StoredRun,
    seen: Mapping[str, Any],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> tuple[Flow, Planned]:
    """Plan what a run saw with today's rules and these settings. Pure."""
    flow = FLOWS[run.subject.flow]
    facts = msgspec.convert(seen, flow.facts, str_keys=True)
    try:
        decided, failure = flow.plan(facts, posted, settings), None
    except ConnectorError as error:
        decided, failure = None, runs.failure(error)
    details = flow.details(facts, settings) if flow.details else ()
    return flow, Planned(key=run.subject.key, plan=decided, failure=failure, details=details)


async def _plan_one(
    installation: Installation, context: ConnectionContext, name: str, flow: Flow, key: str
) -> Planned:
    try:
        async with installation.database.transaction() as connection:
            subject_id = await subjects.find(connection, SubjectRef(name, flow.name, key))
            posted = () if subject_id is None else await postings.posted(connection, subject_id)
        facts = await flow.facts_beside(posted, key, context.reads)
        return Planned(
            key=key,
            plan=flow.plan(facts, posted, context.settings),
            failure=None,
            details=flow.details(facts, context.settings) if flow.details else (),
        )
    except ConnectorError as error:
        return Planned(key=key, plan=None, failure=runs.failure(error))


async def _work_until_settled(  # noqa: PLR0917 - one call, one order
    installation: Installation,
    contexts: ConnectionContexts,
    applied: AppliedConnection,
    flow: Flow,
    keys: Sequence[str],
    told: Callable[[PushProgress], None],
) -> None:
    async def count_left() -> int:
        left = await outcomes.count_unsettled(installation.database, applied.name, flow.name, keys)
        told(_progress(flow, applied.limits, len(keys), left))
        return left

    if not await count_left():
        return
    lanes = lanes_of(installation, contexts)
    async with lanes.open():
        lane = asyncio.create_task(
            lanes.work(
                applied.name, at_once=runs_for(applied.limits), grace_seconds=_GRACE_SECONDS
            )
        )
        try:
            while not lane.done() and (left := await count_left()):  # noqa: ASYNC110 - the database is polled, nobody tells us
                await asyncio.sleep(_POLL_SECONDS if left <= BUNCH else _CROWD_POLL_SECONDS)
        finally:
            # One cancellation may be lost in the driver while the database answers.
            while not lane.done():
                lane.cancel()
                await asyncio.wait([lane], timeout=_GRACE_SECONDS + 1.0)
            await asyncio.gather(lane, return_exceptions=True)


def _progress(flow: Flow, limits: RequestLimits, every: int, left: int) -> PushProgress:
    if not flow.pushes:
        return PushProgress(every - left, every)
    plan = push_plan(limits)
    ends_at = datetime.now(UTC) + timedelta(seconds=plan.seconds(left))
    return PushProgress(every - left, every, plan.calls(left), ends_at)
