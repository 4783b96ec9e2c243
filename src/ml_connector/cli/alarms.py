"""``alarms``: what a person should hear of."""

from dataclasses import asdict

import typer

from ml_connector.app.installation import Installation
from ml_connector.cli.context import current
from ml_connector.ledger.alarms import Alarm, open_alarms

commands = typer.Typer(
    help="What a person should hear of, and who is told.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@commands.command("list")
def list_alarms() -> None:
    """List what is wrong and not over, with what to do about it."""
    context = current()

    async def find(installation: Installation) -> list[Alarm]:
        async with context.several(installation) as (on, names):
            return await open_alarms(on, names)

    found = context.run(find)
    printer = context.printer
    for alarm in found:
        printer.line(f"{alarm.connection}  {alarm.kind}: {alarm.sentence}", style="bold")
        if alarm.remedy:
            printer.line(f"  Next: {alarm.remedy}")
        printer.line(f"  Since {alarm.raised_at:%Y-%m-%d %H:%M} UTC, seen {alarm.times} times.")
    if not found:
        printer.line("Nothing is wrong.")
    printer.answer({"alarms": [asdict(alarm) for alarm in found]})
