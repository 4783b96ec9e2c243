"""``sync`` and ``plan``: do a flow now, or see what it would do."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from ml_connector.app.connections.checks import Check, as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.planned import as_json
from ml_connector.app.operations.sync import (
    Planned,
    PushProgress,
    Synced,
    plan_flow,
    plan_run,
    sync_flow,
)
from ml_connector.app.sign_in.sync_credentials import sync_credentials
from ml_connector.cli import webhooks
from ml_connector.cli.checks import print_checks
from ml_connector.cli.context import current
from ml_connector.cli.counts import accounted, counted, signed
from ml_connector.cli.table_layout import in_cell
from ml_connector.cli.times import moment
from ml_connector.engine.flow import Flow
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import acts
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.conservation.equation import Equation
from ml_connector.ledger.postings.documents import JournalLine

OTHER_SYNCS: Final[
    Mapping[str, Callable[[Installation, AppliedConnection], Awaitable[list[Check]]]]
] = {
    "credentials": sync_credentials,
}
"""What ``sync`` does besides flows, by name: errands about the connection itself."""

_MOST_REMEDIES: Final = 10
"""Remedies printed for a person at most; ``--json`` has all."""

FlowName = Annotated[
    str | None,
    typer.Argument(
        metavar="FLOW", help=f"One of {', '.join((*FLOWS, *OTHER_SYNCS, 'webhooks'))}."
    ),
]
Ids = Annotated[
    list[str] | None, typer.Option("--id", help="Of the source, such as a WRO's; may be repeated.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="How far back to look: a date, or an age like 2h, 3d."),
]


def sync(flow_name: FlowName = None, ids: Ids = None, since: Since = None) -> None:
    """Do a flow now, wait, and print what came of it."""
    if flow_name == "webhooks":
        webhooks.sync_now(named=bool(ids or since), write=True)
        return
    context = current()
    if flow_name is not None and flow_name in OTHER_SYNCS:
        _sync_other(flow_name, ids, since)
        return
    flow = _flow(flow_name)
    wanted = _checked_ids(ids, flow)
    _back_to(since)  # what was typed wrong is said without a database

    async def do(installation: Installation) -> Synced:
        async with installation.database.transaction() as on:
            applied = await context.connection(on)
            await acts.record(
                on,
                context.person(),
                "sync",
                connection=applied.name,
                details={"flow": flow.name, "ids": wanted, "since": since},
            )
        return await sync_flow(
            installation,
            applied,
            flow,
            ids=wanted,
            since=_back_to(since),
            told=lambda progress: bar(progress.done, progress.all, _rest(progress)),
        )

    with context.printer.counting(f"sync {flow.name}") as bar:
        synced = context.run(do)
    _print_synced(flow, synced)
    answer: dict[str, Any] = {
        "flow": flow.name,
        "swept": synced.swept,
        "subjects": synced.subjects,
        "lines": synced.equation,
    }
    if flow.details is not None:
        answer["details"] = synced.details
    context.printer.answer(answer)
    if not synced.equation.holds or any(row["state"] != "done" for row in synced.subjects):
        raise typer.Exit(1)


def plan(
    flow_name: FlowName = None,
    ids: Ids = None,
    since: Since = None,
    run_id: Annotated[
        int | None,
        typer.Option("--run", help="Plan the stored facts of this old run with today's rules."),
    ] = None,
) -> None:
    """Print every document that a flow would post now, writing nothing to either system."""
    context = current()
    if run_id is not None:
        flow, one = context.run(lambda installation: plan_run(installation, run_id))
        _print_plans(flow, [one])
        return
    if flow_name == "webhooks":
        webhooks.sync_now(named=bool(ids or since), write=False)
        return
    flow = _flow(flow_name)
    wanted = _checked_ids(ids, flow)
    _back_to(since)  # see sync

    async def look(installation: Installation) -> list[Planned]:
        applied = await context.applied(installation)
        return await plan_flow(installation, applied, flow, ids=wanted, since=_back_to(since))

    _print_plans(flow, context.run(look))


def _back_to(since: str | None) -> datetime | None:
    return moment(since, "--since", zone=current().zone) if since else None


def _rest(progress: PushProgress) -> str:
    """Return what is still to come of a push, for a person."""
    if progress.calls_left is None or progress.ends_at is None:
        return ""
    ends = progress.ends_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"at most {progress.calls_left} calls to ShipBob left, about until {ends}"


def _sync_other(name: str, ids: list[str] | None, since: str | None) -> None:
    """Run an errand about the connection itself, and print its results."""
    context = current()
    if ids or since:
        raise UserError(
            f"sync {name} takes neither --id nor --since",
            where=f"sync {name}",
            next_step=f"Write: ml-connector sync {name}.",
            usage=True,
        )

    async def do(installation: Installation) -> list[Check]:
        applied = await context.applied(installation)
        return await OTHER_SYNCS[name](installation, applied)

    found = context.run(do)
    print_checks(found)
    passed = all(one.outcome == "ok" for one in found if one.needed)
    context.printer.answer({"flow": name, "ok": passed, "results": as_rows(found)})
    if not passed:
        raise typer.Exit(1)


def _flow(name: str | None) -> Flow:
    if name is None or name not in FLOWS:
        what = "No flow was named" if name is None else f'There is no flow "{name}"'
        known = ", ".join((*FLOWS, *OTHER_SYNCS, "webhooks"))
        raise UserError(what, where="FLOW", next_step=f"Known: {known}.", usage=True)
    return FLOWS[name]


def _checked_ids(ids: list[str] | None, flow: Flow) -> list[str]:
    for one in ids or []:
        if flow.has_numbers and not (one.isascii() and one.isdigit()):
            raise UserError(
                f'"{one}" is no id of a {flow.source}',
                where="--id",
                next_step="Ids are the system's own whole numbers, such as 90311; they are no"
                " order numbers or names.",
                usage=True,
            )
    return list(dict.fromkeys(ids or []))


def _print_synced(flow: Flow, synced: Synced) -> None:
    printer = current().printer
    if synced.swept is not None and flow.event_source == "sweep":
        printer.line(
            f"Looked at {len(synced.swept.keys)};"
            f" {counted(synced.swept.never_told, 'was', 'were')} never told of,"
            f" {synced.swept.late} had changed since."
        )
    _print_subjects(flow, synced)
    _print_details(synced.details)
    told = {row["remedy"] for row in synced.details if row.get("remedy")}
    for remedy in sorted({row["remedy"] for row in synced.subjects if row["remedy"]} - told):
        printer.line(f"Next: {remedy}", style="bold")
    if synced.equation != Equation():
        for sentence in accounted(synced.equation):
            printer.line(sentence, style="" if synced.equation.holds else "bold red")


def _print_subjects(flow: Flow, synced: Synced) -> None:
    printer = current().printer
    printer.table(
        [flow.source, "result", "cause", "documents", "reason"],
        [
            [
                row["key"],
                row["state"],
                row["cause"],
                ", ".join(str(one["external_id"]) for one in row["documents"]),
                row["sentence"] or (row["note"] if row["state"] == "done" else None),
            ]
            for row in synced.subjects
        ],
        empty="There was nothing to do.",
    )
    if len(synced.subjects) > 1:
        printer.line(_ended(synced))


def _ended(synced: Synced) -> str:
    """Return in words how many subjects there were, and how they ended."""
    states = Counter(str(row["state"]) for row in synced.subjects)
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    return f"{len(synced.subjects)} in all: {told}"


def _print_plans(flow: Flow, plans: list[Planned]) -> None:
    printer = current().printer
    for one in plans:
        printer.line(f"{flow.source} {one.key}", style="bold")
        if one.failure is not None:
            printer.line(f"  {one.failure['cause']}: {one.failure['sentence']}")
            printer.line(f"  Next: {one.failure['remedy']}")
        elif one.plan is not None:
            print_documents(one)
        _print_details(one.details)
    if not plans:
        printer.line("There is nothing to plan.")
    printer.answer({"flow": flow.name, "plans": [as_json(one) for one in plans]})


def _print_details(details: Sequence[Mapping[str, Any]]) -> None:
    if not details:
        return
    printer = current().printer
    columns = [name for name in details[0] if name != "remedy"]
    printer.table(columns, [[row[name] for name in columns] for row in details], empty="")
    remedies = list(dict.fromkeys(row["remedy"] for row in details if row.get("remedy")))
    for remedy in remedies[:_MOST_REMEDIES]:
        printer.line(f"Next: {remedy}", style="bold")
    if len(remedies) > _MOST_REMEDIES:
        printer.line(
            f"And {len(remedies) - _MOST_REMEDIES} more: --json has them all.", style="bold"
        )


def print_documents(one: Planned) -> None:
    """Print the documents of a plan with their lines, what then waits, and its note."""
    printer = current().printer
    if one.plan is None:
        return
    for document in one.plan.documents:
        printer.line(f"  {document.title} ({document.external_id})")
        for line in document.lines:
            printer.line(f"    {_line(line)}")
    if one.plan.remaining_failure is not None:
        printer.line(f"  then waits: {one.plan.remaining_failure}")
    if one.plan.note:
        printer.line(f"  {one.plan.note}")


def _line(line: JournalLine) -> str:
    if line.amount is not None:
        amount = in_cell(line.amount)
        return f"{amount} {line.currency or ''} to account {line.account}: {line.detail}"
    if line.quantity is None:
        return f"{line.source_line}: {line.detail}"
    return f"{signed(line.quantity)} {line.sku} at location {line.location}"
