"""``events assign``: whose it is to see to what is stopped."""

from functools import partial
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.assign import assign_event
from ml_connector.cli.arguments import LARGEST_ID
from ml_connector.cli.context import current


def assign(
    event_id: Annotated[
        int,
        typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="An event's, of events list."),
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="USER", help="Who sees to it; empty: nobody.")
    ],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="For that person.")] = "",
) -> None:
    """Give what an event is about to a person, who sees to it. It changes nothing in the books."""
    context = current()
    named = context.run(partial(_assign, event_id, to.strip(), note.strip()))
    context.printer.line(
        f"{named} is given to {to.strip()}." if to.strip() else f"{named} is nobody's any more."
    )
    context.printer.answer(
        {"event": event_id, "subject": named, "assigned_to": to.strip() or None}
    )


async def _assign(event_id: int, to: str, note: str, installation: Installation) -> str:
    context = current()
    async with context.several(installation) as (on, names):
        return await assign_event(on, names, event_id, to=to, note=note, person=context.person())
