"""``audit``: the proof of the journal, and what people did."""

from datetime import datetime
from typing import Annotated, Any, Final

import typer

from ml_connector.app.chores.journal_heads import JournalCheck, check_as_json, verify_journal
from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.times import moment
from ml_connector.errors import UserError
from ml_connector.ledger import history
from ml_connector.ledger.journal import noted_heads
from ml_connector.storage.database import Connection

_MOST_CHANGES: Final = 8

commands = typer.Typer(
    help="The proof of the journal, and what people did.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@commands.command("verify")
def verify(
    heads: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="NUMBER:HASH",
            help="A head from a report or the log that the chain must go through; repeatable.",
        ),
    ] = None,
) -> None:
    """Prove that no row of the journal was changed, removed, put in, reordered or cut off."""
    context = current()

    async def check(installation: Installation) -> JournalCheck:
        async with installation.database.transaction() as on:
            names = await _names(on)
        if heads and (names is None or len(names) != 1):
            names = [(await context.applied(installation)).name]
        given = (
            noted_heads.parse(heads, option="--head", connection=names[0])
            if heads and names
            else []
        )
        with context.printer.counting("rows") as told:
            return await verify_journal(installation, names, given=given, progress=told)

    found = context.run(check)
    print_check(found)
    context.printer.answer(check_as_json(found))
    if not found.holds:
        raise typer.Exit(1)


def print_check(found: JournalCheck, *, advise: bool = True) -> None:
    """Print what ``audit verify`` found, and what to do when it is not what it should be."""
    printer = current().printer
    printer.table(
        ["connection", "rows", "result", "noted heads met", "head"],
        [
            [
                one.connection,
                one.rows,
                "BROKEN" if one.broken else "proved",
                one.heads_met,
                f"{one.head.number}:{one.head.hash}" if one.head else "",
            ]
            for one in found.verdicts
        ],
        empty="The journal is empty: there is nothing to prove.",
    )
    if found.verdicts:
        printer.line(_total(found))
    for verdict in found.verdicts:
        for broken in verdict.broken:
            printer.line(
                f"{broken.connection} row {broken.number} {broken.how}: {broken.sentence}",
                style="bold red",
            )
    for sentence in found.file_wrong:
        printer.line(f"{sentence} ({found.file})", style="bold red")
    if not any(one.heads_met for one in found.verdicts) and any(found.verdicts):
        printer.line(
            "No head noted outside the database was compared: the end of the chain rests on the"
            " postings alone."
        )
    if advise and not found.holds:
        printer.line(
            "Next: keep the database and the heads file as they are, find out who had access, and"
            " compare the rows named above with NetSuite (journal show NUMBER).",
            style="bold",
        )


def _total(found: JournalCheck) -> str:
    rows = counted(sum(one.rows for one in found.verdicts), "row")
    journals = counted(len(found.verdicts), "journal")
    broken = sum(1 for one in found.verdicts if one.broken)
    return f"{journals}, {rows}: {f'{broken} BROKEN' if broken else 'proved'}"


@commands.command("acts")
def list_acts(
    since: Annotated[
        str | None,
        typer.Option("--since", help="A date, a date and time, or an age like 2h, 3d."),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Like --since.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Whose; a part of the name is enough.")
    ] = None,
    what: Annotated[
        str | None, typer.Option("--what", help="Such as connection.apply, or its beginning.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")
    ] = 100,
) -> None:
    """List what people did, the newest first: who, when, what, before and after."""
    context = current()
    _period(since, until)  # what was typed wrong is said without a database

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with installation.database.transaction() as on:
            names = await _names(on)
            async with context.several(installation):
                begin, end = _period(since, until)
            return await history.acts(
                on, names, since=begin, until=end, person=person, what=what, limit=limit
            )

    found = context.run(find)
    context.printer.table(
        ["id", "when", "person", "what", "connection", "before and after"],
        [
            [
                row["id"],
                context.shown(row["at"]),
                row["person"],
                row["what"],
                row["connection"],
                _changes(row["details"]),
            ]
            for row in found
        ],
        empty="Nobody did anything that matches.",
    )
    if found:
        context.name_zone()
    context.printer.answer({"acts": found})


def _period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    zone = current().zone
    return (
        moment(since, "--since", zone=zone) if since else None,
        moment(until, "--until", zone=zone) if until else None,
    )


async def _names(on: Connection) -> list[str] | None:
    """Return the connection that was named; None for all, the removed ones too.

    A connection that was removed keeps its journal.

    Raises:
        UserError: there never was such a connection.
    """
    name = current().options.connection
    if name is None:
        return None
    if not await history.ever_was(on, name):
        raise UserError(
            f'There never was a connection "{name}"',
            where="--connection",
            next_step="Leave it out to prove all.",
        )
    return [name]


def _changes(details: dict[str, Any]) -> str:
    """Return the first changes as text; all of them are in the JSON."""
    found = list(history.changes(details))
    more = len(found) - _MOST_CHANGES
    return "; ".join(found[:_MOST_CHANGES]) + (f"; {more} more (--json)" if more > 0 else "")
