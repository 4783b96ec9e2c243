"""``backup`` and ``restore``: the whole database, in one file."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ml_connector.app.chores.journal_heads import check_as_json, verify_without_key
from ml_connector.app.installation.backup import (
    BackedUp,
    ExaminedBackup,
    Restored,
    examine_backup,
    restore_backup,
    verify_backup,
    write_backup,
)
from ml_connector.cli.asking import ask, can_ask
from ml_connector.cli.audit import print_check
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.errors import UserError
from ml_connector.storage.backup.proof import Proof

_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    skip_proof: Annotated[
        bool, typer.Option("--no-verify", help="Don't try whether it can be restored.")
    ] = False,
    only_proof: Annotated[
        bool,
        typer.Option("--only-verify", help="Write nothing: try the backup that FILE is."),
    ] = False,
) -> None:
    """Write the whole database into a file, while everything runs."""
    context = current()
    if only_proof:
        _try_again(file)
        return
    printer = context.printer
    with printer.counting("backup"):
        made = write_backup(context.settings, file, verify=not skip_proof)
    printer.line(f"Backup       {file} ({made.size:,} bytes, schema {made.schema})")
    printer.line(f"Proof        {_proof(made)}")
    printer.line(
        f"Sealed with  master key {made.sealed_with}. A restore trusts the file by it.",
    )
    printer.line(
        f"Master keys  {', '.join(made.key_ids) or 'none needed'}: not in the backup. Without"
        " them its credentials can't be read; keep a copy elsewhere.",
    )
    printer.answer(
        {
            "file": str(file),
            "bytes": made.size,
            "made_at": made.made_at,
            "schema": made.schema,
            "sealed_with": made.sealed_with,
            "master_keys": list(made.key_ids),
            "proof": made.proof.how if made.proof else "none",
            "tables": made.proof.tables if made.proof else None,
        }
    )


def _try_again(file: Path) -> None:
    """Try a backup that is there, and print what was proved."""
    context = current()
    with context.printer.counting("proof"):
        proof = verify_backup(context.settings, file)
    context.printer.line(f"Backup       {file}: nothing was changed since it was sealed")
    context.printer.line(f"Proof        {_proved(proof)}")
    context.printer.answer({"file": str(file), "proof": proof.how, "tables": proof.tables})


def _proof(made: BackedUp) -> str:
    if made.proof is None:
        return "none: nobody has tried whether it can be restored (--no-verify)"
    return _proved(made.proof)


def _proved(proof: Proof) -> str:
    tables = counted(proof.tables, "table")
    if proof.how == "restored":
        return f"its schema was restored into a database of its own: {tables}"
    return f"only its list was read: {tables}. To try it, a database must be made: {proof.why_not}"


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What backup has written.")],
    trusted: Annotated[
        bool,
        typer.Option(
            "--trust-unsigned",
            help="Restore also what nothing proves the origin of: you know where it comes from.",
        ),
    ] = False,
    sure: Annotated[
        bool, typer.Option("--yes", help="Don't ask, also when run in a terminal.")
    ] = False,
) -> None:
    """Put the database back from a backup, in place of what is there."""
    context = current()
    examined = examine_backup(context.settings, file)
    if not sure and (trusted or not examined.untrusted):
        _ask(examined)
    with context.printer.counting("restore"):
        done = restore_backup(
            context.settings, file, person=context.person(), trust_unsigned=trusted
        )
    _print_restored(file, done)
    context.printer.line("The journal, as audit verify proves it:")
    found = asyncio.run(verify_without_key(context.settings))
    cut_off = not found.file_wrong and all(
        broken.how == "cut off" for one in found.verdicts for broken in one.broken
    )
    print_check(found, advise=not cut_off)
    if cut_off and not found.holds:
        context.printer.line(
            "Rows that were posted after the backup are gone from the journal, which heads noted"
            " since then show: that is as it must be."
        )
    context.printer.answer(
        {
            "file": str(file),
            "made_at": done.made_at,
            "as_of": done.newest,
            "connections": list(done.connections),
            "lost_keys": list(done.lost_keys),
            "audit": check_as_json(found),
        }
    )


def _ask(examined: ExaminedBackup) -> None:
    """Let a person in a terminal confirm; what nobody has signed needs --yes elsewhere."""
    if not can_ask():
        if examined.untrusted:
            raise UserError(
                "Somebody has to confirm that this backup can be trusted",
                where="--trust-unsigned",
                next_step="Run it in a terminal, or add --yes.",
                usage=True,
            )
        return
    question = f"Replace everything in the database by this backup of {_when(examined.made_at)}?"
    if examined.untrusted:
        question = (
            f"Nothing proves who made this backup: {examined.untrusted}. What is in it will be"
            f" run as the owner of the database. {question}"
        )
    ask(question)


def _print_restored(file: Path, done: Restored) -> None:
    printer = current().printer
    printer.line(f"Restored     {file}, made {_when(done.made_at)}")
    printer.line(f"Newest event {_when(done.newest) if done.newest else 'none'}")
    held = ": held until connection release" if done.connections else "none"
    printer.line(f"Connections  {', '.join(done.connections)}{held}")
    if done.lost_keys:
        printer.line(
            f"Credentials  sealed with master keys that are not available:"
            f" {', '.join(done.lost_keys)}. Put them back as further lines of the key file, or"
            " apply each connection again with all its credentials.",
            style="bold",
        )
    printer.line(
        "What was posted after the backup is still in both systems and is not posted twice; what"
        " can't be told apart waits for a person. See docs/how-to/back-up.md."
    )


def _when(moment: datetime | None) -> str:
    return moment.strftime(_SHOWN) if moment else "nobody knows when"
