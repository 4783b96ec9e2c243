"""``events replay``: converging subjects once more."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.replay import replay
from ml_connector.cli.arguments import LARGEST_ID
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.events import CauseCode, FlowName, Since, Status, event_filter
from ml_connector.engine.inbox.reruns import Replayed
from ml_connector.errors import UserError
from ml_connector.ledger.history import EventFilter


def replay_events(
    ids: Annotated[
        list[int] | None, typer.Option("--id", min=1, max=LARGEST_ID, help="May be repeated.")
    ] = None,
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

    def wanted() -> EventFilter:
        return event_filter(
            ids=ids or (), status=status, flow=flow, cause=cause, since=since, until=until
        )

    wanted()  # what was typed wrong is said without a database
    replayed = context.run(partial(_replay, wanted))
    context.printer.line(
        f"{counted(replayed.events, 'event')} replayed,"
        f" {counted(replayed.subjects, 'subject')} to converge."
    )
    if replayed.left_out:
        context.printer.line(f"{counted(replayed.left_out, 'event')} left out: not handled.")
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


async def _replay(wanted: Callable[[], EventFilter], installation: Installation) -> Replayed:
    context = current()
    async with context.several(installation) as (on, names):
        return await replay(
            installation,
            on,
            names,
            wanted(),
            connection=context.options.connection,
            person=context.person(),
        )


def _unknown(ids: Sequence[int]) -> int:
    current().printer.line(f"There is no event {', '.join(map(str, ids))}.")
    return 1
