"""``events bodies``: the raw bodies, which hold personal data."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ml_connector.app.chores import retention
from ml_connector.app.installation.installation import Installation
from ml_connector.cli.asking import ask, can_ask
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.times import moment
from ml_connector.errors import UserError


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
        context.printer.line(f"{counted(count, 'body', 'bodies')} written to {out}.")
        context.printer.answer({"exported": count, "file": str(out)})
        return
    question = f"Delete all bodies from before {until:%Y-%m-%d %H:%M} UTC for good?"
    if not yes and can_ask():
        ask(question)
    elif not yes:
        raise UserError(
            "Nothing was deleted",
            where="events bodies delete",
            next_step="Export them first if they may be needed, then add --yes.",
        )
    deleted, kept = context.run(partial(_delete_bodies, until))
    context.printer.line(f"{counted(deleted, 'body', 'bodies')} deleted.")
    if kept:
        context.printer.line(f"{counted(kept, 'event is', 'events are')} still open: kept.")
    context.printer.answer({"deleted": deleted, "kept": kept})


async def _export_bodies(before: datetime, out: Path, installation: Installation) -> int:
    names = await current().names(installation)
    return await retention.export_bodies(installation.database, names, before=before, out=out)


async def _delete_bodies(before: datetime, installation: Installation) -> tuple[int, int]:
    names = await current().names(installation)
    return await retention.delete_bodies(
        installation, names, before=before, person=current().person()
    )
