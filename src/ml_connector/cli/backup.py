"""``backup`` and ``restore``: the whole database, in one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.cli.context import current


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
) -> None:
    """Write the whole database into a file, while everything runs."""
    context = current()
    made = write_backup(context.settings, file)
    printer = context.printer
    printer.line(f"Backup       {file} ({made.size:,} bytes, schema {made.schema})")
    printer.line(
        f"Master keys  {', '.join(made.key_ids) or 'none needed'}: not in the backup. Without"
        " them its credentials can't be read; keep a copy elsewhere.",
    )
    printer.answer(
        {
            "file": str(file),
            "bytes": made.size,
            "schema": made.schema,
            "master_keys": list(made.key_ids),
        }
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What backup has written.")],
    sure: Annotated[
        bool, typer.Option("--yes", help="Don't ask, also when run in a terminal.")
    ] = False,
) -> None:
    """Put the database back from a backup, in place of what is there."""
    context = current()
    if not sure and sys.stdin.isatty() and not context.printer.as_json:
        typer.confirm("Replace everything in the database by this backup?", abort=True)
    done = restore_backup(context.settings, file, person=context.person())
    printer = context.printer
    printer.line(f"Restored     {file}, as of {done.newest or 'its beginning'}")
    printer.line(f"Connections  {', '.join(done.connections) or 'none'}")
    if done.lost_keys:
        printer.line(
            f"Credentials  sealed with master keys that are not at hand:"
            f" {', '.join(done.lost_keys)}. Put them back as further lines of the key file, or"
            " apply each connection again with all its credentials.",
            style="bold",
        )
    printer.line(
        "What was posted after the backup is still in both systems and is not posted twice; what"
        " can't be told apart waits for a person. See docs/how-to/back-up.md."
    )
    printer.answer(
        {
            "file": str(file),
            "as_of": done.newest,
            "connections": list(done.connections),
            "lost_keys": list(done.lost_keys),
        }
    )
