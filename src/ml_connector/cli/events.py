"""``events list``: the inbox, and what the other commands about events share."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.table_layout import Column
from ml_connector.cli.times import moment
from ml_connector.errors import UserError
from ml_connector.ledger import history
from ml_connector.ledger.history import EventFilter
from ml_connector.words import EVENT_STATUSES, Cause

Status = Annotated[
    str | None, typer.Option("--status", help=f"One of {', '.join(EVENT_STATUSES)}.")
]


FlowName = Annotated[str | None, typer.Option("--flow", help="Such as receiving.")]


CauseCode = Annotated[str | None, typer.Option("--cause", help="Such as sku_missing_in_netsuite.")]


Since = Annotated[
    str | None, typer.Option("--since", help="A date, a date and time, or an age like 2h, 3d.")
]

_COLUMNS: Final = (
    "id",
    Column("received", left_out=3),
    "connection",
    Column("source", left_out=1),
    Column("topic", left_out=2),
    "subject",
    "status",
    "cause",
)


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

    def wanted() -> EventFilter:
        return event_filter(status=status, flow=flow, subject=subject, cause=cause, since=since)

    wanted()  # what was typed wrong is said without a database

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with context.several(installation) as (on, names):
            return await history.events(on, names, wanted(), limit=limit)

    found = context.run(find)
    context.printer.table(
        _COLUMNS,
        [
            [
                row["id"],
                context.shown(row["received_at"]),
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
    if found:
        context.name_zone()
    context.printer.answer({"events": found})


def _flows() -> tuple[str, ...]:
    from ml_connector.flows import FLOWS  # noqa: PLC0415 - loads all rules, which a list needs not

    return tuple(FLOWS)


def event_filter(
    *,
    ids: Sequence[int] = (),
    status: str | None = None,
    flow: str | None = None,
    subject: str | None = None,
    cause: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> EventFilter:
    """Return what was asked for by options.

    Raises:
        UserError: a status, a flow, a cause or a time is none.
    """
    zone = current().zone
    for name, given, known in (
        ("status", status, EVENT_STATUSES),
        ("flow", flow, _flows() if flow else ()),
        ("cause", cause, tuple(Cause)),
    ):
        if given is not None and given not in known:
            raise UserError(
                f'"{given}" is no {name}',
                where=f"--{name}",
                next_step=f"Use one of {', '.join(known)}.",
                usage=True,
            )
    return EventFilter(
        ids=tuple(ids),
        status=status,
        flow=flow,
        subject=subject,
        cause=cause,
        since=moment(since, "--since", zone=zone) if since else None,
        until=moment(until, "--until", zone=zone) if until else None,
    )
