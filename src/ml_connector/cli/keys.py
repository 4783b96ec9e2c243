"""``keys``: the master key."""

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.installation.key_rotation import KeysRotated, rotate_keys
from ml_connector.cli.context import current

commands = typer.Typer(help="The master key.", no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def group() -> None:
    """Keep the commands of the group apart although there is one only."""


@commands.command("rotate")
def rotate() -> None:
    """Make a new master key and wrap every secret with it, while everything runs."""
    context = current()
    person = context.person()

    async def do(installation: Installation) -> KeysRotated:
        return await rotate_keys(installation, person=person)

    done = context.run(do)
    printer = context.printer
    if not done.began:
        printer.line("A rotation that had been begun is finished.")
    printer.line(f"Master key   {done.key_id}")
    printer.line(f"Wrapped      {done.wrapped} secrets and tokens anew")
    if done.damaged:
        printer.line(
            f"Damaged      {', '.join(done.damaged)}: somebody changed these rows, and no key"
            " opens them. Apply those connections again with their credentials.",
            style="bold",
        )
    if done.retired:
        printer.line(f"Retired      {', '.join(done.retired)}, kept in {done.kept_in}")
        printer.line(
            "             Backups made until now need it. Make a new backup and a copy of the"
            " new key; when no older backup is wanted any more, delete that file.",
            style="bold",
        )
    printer.answer(
        {
            "key_id": done.key_id,
            "began": done.began,
            "wrapped": done.wrapped,
            "damaged": list(done.damaged),
            "retired": list(done.retired),
            "retired_kept_in": done.kept_in,
        }
    )
