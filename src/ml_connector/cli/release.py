"""``connection release``: nothing else ends the hold that a restore leaves."""

from typing import Annotated, Final

import typer

from ml_connector.app.connections.release import Released, release_connection
from ml_connector.app.connections.take_in import Taken, TakenDocuments
from ml_connector.cli.asking import ask, can_ask
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted, signed
from ml_connector.cli.table_layout import in_cell
from ml_connector.errors import UserError
from ml_connector.ledger.connections import holds
from ml_connector.ledger.connections.connections import AppliedConnection

_FEW: Final = 3


def release(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the connection.")],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what would be taken into the journal."),
    ] = False,
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
        printer.answer(
            _as_json(applied.name, Released(changed=False, found=TakenDocuments()), held=False)
        )
        return
    printer.line(_since(applied))
    if not sure and not dry_run:
        _ask(applied)
    released = context.run(
        lambda installation: release_connection(
            installation, applied, by=context.person(), dry_run=dry_run
        )
    )
    _print_found(released.found, dry_run=dry_run)
    if not dry_run:
        printer.line(f'Connection "{applied.name}" goes on.')
    printer.answer(_as_json(applied.name, released, held=dry_run))


def _print_found(found: TakenDocuments, *, dry_run: bool) -> None:
    printer = current().printer
    would = "Would be taken" if dry_run else "Taken"
    printer.line(
        f"{would} into the journal as NetSuite shows them:"
        f" {counted(len(found.taken), 'document')}."
    )
    if found.taken:
        printer.table(
            ["document", "in NetSuite", "of", "holds"],
            [
                [
                    one.record.external_id,
                    f"{one.record.type} {one.record.id}",
                    f"{one.flow} {one.key}",
                    _holds(one),
                ]
                for one in found.taken
            ],
            empty="",
        )
    if found.left:
        printer.line(f"Left for a person: {counted(len(found.left), 'document')}.", style="bold")
        for one in found.left:
            printer.line(f"  {one.external_id} (record {one.record_id}): {one.why}. {one.remedy}")


def _holds(one: Taken) -> str:
    """Return what a document moves, for a person: at most a few of its lines."""
    lines = [
        f"{signed(line.quantity)} {line.sku}"
        if line.quantity is not None
        else f"{in_cell(line.amount)} {line.currency or ''}".strip()
        for line in one.document.lines
        if line.quantity is not None or line.amount is not None
    ]
    more = len(lines) - _FEW
    return ", ".join(lines[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _as_json(name: str, released: Released, *, held: bool) -> dict[str, object]:
    return {
        "name": name,
        "changed": released.changed,
        "held": held,
        "taken_in": [
            {
                "external_id": one.record.external_id,
                "record": one.record.id,
                "type": one.record.type,
                "flow": one.flow,
                "key": one.key,
                "lines": [
                    {
                        "source_line": line.source_line,
                        "sku": line.sku,
                        "location": line.location,
                        "quantity": line.quantity,
                        "amount": line.amount,
                        "currency": line.currency,
                    }
                    for line in one.document.lines
                ],
            }
            for one in released.found.taken
        ],
        "left": [
            {
                "external_id": one.external_id,
                "record": one.record_id,
                "why": one.why,
                "remedy": one.remedy,
            }
            for one in released.found.left
        ],
    }


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
    if not can_ask():
        raise UserError(
            f"Does another installation work on NetSuite account {account} and its ShipBob"
            " account? Two of them would post everything twice",
            where="connection release",
            next_step=f"When there is none: ml-connector connection release {applied.name} --yes.",
        )
    ask(f"No other installation works on NetSuite account {account} and its ShipBob account?")


def say_held(name: str, *, held: bool) -> None:
    """Say that a connection is held, and what ends it."""
    if held:
        refused = holds.refusal(name)
        current().printer.line(f"{refused}. {refused.remedy}", style="bold")
