"""``events``: the inbox and what came of each event."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ml_connector.app.chores import retention
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions.offers import offered
from ml_connector.app.operations.replay import replay
from ml_connector.causes.table import IN_WORDS, who_acts
from ml_connector.cli.assign import assign
from ml_connector.cli.context import current
from ml_connector.cli.decisions import decide, print_decisions, undecide
from ml_connector.cli.times import moment
from ml_connector.engine.inbox.reruns import Replayed
from ml_connector.errors import UserError
from ml_connector.ledger import history
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.conservation.equation import sentences
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.history import EventFilter
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.words import EVENT_STATUSES

commands = typer.Typer(
    help="The inbox and what came of each event.", no_args_is_help=True, rich_markup_mode=None
)
commands.command("assign")(assign)
commands.command("decide")(decide)
commands.command("undecide")(undecide)

Status = Annotated[
    str | None, typer.Option("--status", help=f"One of {', '.join(EVENT_STATUSES)}.")
]
FlowName = Annotated[str | None, typer.Option("--flow", help="Such as receiving.")]
CauseCode = Annotated[str | None, typer.Option("--cause", help="Such as sku_missing_in_netsuite.")]
Since = Annotated[
    str | None, typer.Option("--since", help="A date, a date and time, or an age like 2h, 3d.")
]


@commands.command("list")
def list_events(
    status: Status = None,
    flow: FlowName = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="What it is about, such as 90311.")
    ] = None,
    since: Since = None,
    cause: CauseCode = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")
    ] = 100,
) -> None:
    """List events, the newest first."""
    context = current()
    wanted = _filter(status=status, flow=flow, subject=subject, cause=cause, since=since)

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with context.several(installation) as (on, names):
            return await history.events(on, names, wanted, limit=limit)

    found = context.run(find)
    context.printer.table(
        ["id", "received", "connection", "source", "topic", "subject", "status", "cause"],
        [
            [
                row["id"],
                _shown(row["received_at"]),
                row["connection"],
                row["source"],
                row["topic"],
                row["subject"],
                row["status"],
                row["cause"],
            ]
            for row in found
        ],
        empty="No events match.",
    )
    context.printer.answer({"events": found})


@commands.command("show")
def show_event(event_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Show one event: what came, what was decided, what was posted, and why."""
    context = current()

    async def find(installation: Installation) -> dict[str, Any] | None:
        async with installation.database.transaction() as on:
            one = await history.event(on, event_id)
            if one is not None and one["subject_id"] is not None:
                one["lines"] = await sums.equation(
                    on, [one["connection"]], subjects=[one["subject_id"]]
                )
                ref = SubjectRef(one["connection"], one["flow"], one["subject"])
                one["decisions"] = await decisions.of_subject(on, ref)
                one["who_acts"] = who_acts(one["cause"] or "", one["status"])
                one["may_decide"] = list(offered(ref.flow, one["status"], one["cause"]))
            return one

    found = context.run(find)
    if found is None:
        raise UserError(f"There is no event {event_id}", next_step="See ml-connector events list.")
    _print_event(found)
    context.printer.answer(found)


@commands.command("replay")
def replay_events(
    ids: Annotated[list[int] | None, typer.Option("--id", help="May be repeated.")] = None,
    status: Status = None,
    cause: CauseCode = None,
    flow: FlowName = None,
    since: Since = None,
    until: Annotated[str | None, typer.Option("--until", help="Like --since.")] = None,
) -> None:
    """Converge the subjects of these events once more. Doing it twice books nothing twice."""
    if not (ids or status or cause or flow or since or until):
        raise UserError(
            "Nothing says which events",
            where="events replay",
            next_step="Give --id, --status, --cause, --flow, --since or --until.",
            usage=True,
        )
    context = current()
    wanted = _filter(
        ids=ids or (), status=status, flow=flow, cause=cause, since=since, until=until
    )

    replayed = context.run(partial(_replay, wanted))
    context.printer.line(
        f"{_count(replayed.events, 'event')} replayed,"
        f" {_count(replayed.subjects, 'subject')} to converge."
    )
    if replayed.left_out:
        context.printer.line(f"{_count(replayed.left_out, 'event')} left out: not handled.")
    missing = [one for one in ids or () if one not in replayed.ids]
    context.printer.answer(
        {
            "replayed": replayed.events,
            "subjects": replayed.subjects,
            "left_out": replayed.left_out,
            "unknown_ids": missing,
        }
    )
    if missing:
        raise typer.Exit(_unknown(missing))


@commands.command("bodies")
def bodies(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="export or delete.")],
    before: Annotated[
        str | None,
        typer.Option("--before", help="Of events received before: a date, or an age like 365d."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to export: a new file.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Export or delete raw bodies, which hold personal data. Runs and journal stay."""
    if action not in {"export", "delete"}:
        raise UserError(
            f'"{action}" is nothing to do with bodies',
            where="events bodies",
            next_step="Use export or delete.",
            usage=True,
        )
    if before is None or (action == "export") != (out is not None):
        raise UserError(
            "It is not said which bodies, or where to",
            where=f"events bodies {action}",
            next_step="Write: events bodies export --before DATE --out FILE, or"
            " events bodies delete --before DATE.",
            usage=True,
        )
    context = current()
    until = moment(before, "--before")
    if out is not None:
        count = context.run(partial(_export_bodies, until, out))
        context.printer.line(f"{_count(count, 'body', 'bodies')} written to {out}.")
        context.printer.answer({"exported": count, "file": str(out)})
        return
    asks = sys.stdin.isatty() and not context.printer.as_json
    question = f"Delete all bodies from before {until:%Y-%m-%d %H:%M} UTC for good?"
    if not yes and not (asks and typer.confirm(question, default=False, err=True)):
        raise UserError(
            "Nothing was deleted",
            where="events bodies delete",
            next_step="Export them first if they may be needed, then add --yes.",
        )
    deleted, kept = context.run(partial(_delete_bodies, until))
    context.printer.line(f"{_count(deleted, 'body', 'bodies')} deleted.")
    if kept:
        context.printer.line(f"{_count(kept, 'event is', 'events are')} still open: kept.")
    context.printer.answer({"deleted": deleted, "kept": kept})


def _print_event(found: Mapping[str, Any]) -> None:
    printer = current().printer
    for name in ("id", "connection", "source", "topic", "delivery_id", "received_at", "subject"):
        printer.line(f"{name:<12} {found[name] if found[name] is not None else '-'}")
    printer.line(f"{'status':<12} {found['status']}")
    for name in ("cause", "sentence", "remedy", "due_at", "waiting_for"):
        if found[name]:
            printer.line(f"{name:<12} {found[name]}")
    if found["cause"] and found.get("who_acts", "nobody") != "nobody":
        printer.line(f"{'who can act':<12} {IN_WORDS[found['who_acts']]}")
    printer.line("")
    printer.table(
        ["run", "started", "outcome", "cause", "what happened"],
        [
            [row["id"], _shown(row["started_at"]), row["outcome"], row["cause"], row["sentence"]]
            for row in found["runs"]
        ],
        empty="No run yet.",
    )
    printer.line("")
    printer.table(
        ["document", "state", "external id", "number there", "title"],
        [
            [row["kind"], row["state"], row["external_id"], row["remote_id"], row["title"]]
            for row in found["postings"]
        ],
        empty="Nothing was posted.",
    )
    printer.line("")
    print_decisions(found.get("decisions", ()), found.get("may_decide", ()), event_id=found["id"])
    for sentence in sentences(found["lines"]) if found.get("lines") else ():
        printer.line(sentence, style="" if found["lines"].holds else "bold red")
    printer.line("")
    printer.line(found["body"])


async def _replay(wanted: EventFilter, installation: Installation) -> Replayed:
    context = current()
    async with context.several(installation) as (on, names):
        return await replay(
            installation,
            on,
            names,
            wanted,
            connection=context.options.connection,
            person=context.person(),
        )


async def _export_bodies(before: datetime, out: Path, installation: Installation) -> int:
    names = await current().names(installation)
    return await retention.export_bodies(installation.database, names, before=before, out=out)


async def _delete_bodies(before: datetime, installation: Installation) -> tuple[int, int]:
    names = await current().names(installation)
    return await retention.delete_bodies(
        installation, names, before=before, person=current().person()
    )


def _unknown(ids: Sequence[int]) -> int:
    current().printer.line(f"There is no event {', '.join(map(str, ids))}.")
    return 1


def _filter(
    *,
    ids: Sequence[int] = (),
    status: str | None = None,
    flow: str | None = None,
    subject: str | None = None,
    cause: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> EventFilter:
    if status is not None and status not in EVENT_STATUSES:
        raise UserError(
            f'"{status}" is no status',
            where="--status",
            next_step=f"Use one of {', '.join(EVENT_STATUSES)}.",
            usage=True,
        )
    return EventFilter(
        ids=tuple(ids),
        status=status,
        flow=flow,
        subject=subject,
        cause=cause,
        since=moment(since, "--since") if since else None,
        until=moment(until, "--until") if until else None,
    )


def _shown(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
