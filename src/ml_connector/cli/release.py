"""``connection release``: nothing else ends the hold that a restore leaves."""

import sys
from typing import Annotated

import typer

from ml_connector.app.connections.release import release_connection
from ml_connector.cli.context import current
from ml_connector.errors import UserError
from ml_connector.ledger.connections.connections import AppliedConnection


def release(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the connection.")],
    sure: Annotated[
        bool,
        typer.Option("--yes", help="No other installation works on its accounts: don't ask."),
    ] = False,
) -> None:
    """Let a connection that is held since a restore go on."""
    context = current()
    context.named(name)
    applied = context.run(context.applied)
    printer = context.printer
    if applied.held_at is None:
        printer.line(f'Connection "{applied.name}" is not held.')
        printer.answer({"name": applied.name, "changed": False, "held": False})
        return
    printer.line(_since(applied))
    if not sure:
        _ask(applied)
    changed = context.run(
        lambda installation: release_connection(installation, applied, by=context.person())
    )
    printer.line(f'Connection "{applied.name}" goes on.')
    printer.answer({"name": applied.name, "changed": changed.changed, "held": False})


def _since(applied: AppliedConnection) -> str:
    made_at = applied.backup_made_at
    backup = (
        f"the backup was made at {made_at:%Y-%m-%d %H:%M} UTC"
        if made_at is not None
        else "when the backup was made is not known"
    )
    return (
        f'Connection "{applied.name}" is held since a restore at {applied.held_at:%Y-%m-%d %H:%M}'
        f" UTC; {backup}."
    )


def _ask(applied: AppliedConnection) -> None:
    """Ask whether another installation works on the same accounts.

    Raises:
        UserError: there is no terminal to ask at.
    """
    account = applied.netsuite_account
    if current().printer.as_json or not sys.stdin.isatty():
        raise UserError(
            f"Does another installation work on NetSuite account {account} and its ShipBob"
            " account? Two of them would post everything twice",
            where="connection release",
            next_step=f"When there is none: ml-connector connection release {applied.name} --yes.",
        )
    typer.confirm(
        f"No other installation works on NetSuite account {account} and its ShipBob account?",
        abort=True,
    )
