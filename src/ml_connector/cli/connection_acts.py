"""``connection pause``, ``resume``, ``set-mode``, ``remove``."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, get_args

import typer

from ml_connector.app.connections import administration
from ml_connector.app.connections.administration import Changed
from ml_connector.app.connections.one_writer import learn
from ml_connector.app.installation.installation import Installation
from ml_connector.cli.asking import ask, can_ask
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.release import say_held
from ml_connector.errors import UserError
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection
from ml_connector.words import Mode

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of the connection.")]


Act = Callable[[Installation, Connection, AppliedConnection], Awaitable[Changed]]


def pause(name: Name = None) -> None:
    """Pause a connection: webhooks are stored, nothing else is done until it is resumed."""
    by = current().person()
    changed = _act(name, lambda _, on, one: administration.set_paused(on, one, paused=True, by=by))
    said = "is paused" if changed.changed else "was paused already"
    current().printer.line(f'Connection "{changed.name}" {said}. Webhooks go on being stored.')
    if changed.open_documents:
        current().printer.line(
            f"{counted(changed.open_documents, 'document is', 'documents are')} under way; a run"
            " that has begun may end."
        )
    _answer(changed, paused=True)


def resume(name: Name = None) -> None:
    """Resume a paused connection: what came meanwhile is done now."""
    by = current().person()
    changed = _act(
        name,
        lambda _, on, one: administration.set_paused(on, one, paused=False, by=by),
        learns=True,
    )
    said = "is not paused any more" if changed.held else "goes on"
    said = said if changed.changed else "was not paused"
    current().printer.line(f'Connection "{changed.name}" {said}.')
    say_held(changed.name, held=changed.held)
    _answer(changed, paused=False)


def set_mode(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME] live|dry-run", help="The mode.")
    ] = None,
) -> None:
    """Let a connection write to both systems (live), or only plan and record (dry-run)."""
    mode, name = _mode_and_name(words or [])
    by = current().person()
    changed = _act(
        name,
        lambda installation, on, one: administration.set_mode(
            installation, on, one, mode=mode, by=by
        ),
        learns=mode == "live",
    )
    printer = current().printer
    said = "is in mode" if changed.changed else "was in mode"
    already = "" if changed.changed else " already"
    printer.line(f'Connection "{changed.name}" {said} {mode}{already}.')
    if changed.changed:
        printer.line("A file that says another mode sets that when it is applied.")
    if changed.woken:
        noted = counted(changed.woken, "subject that was", "subjects that were")
        printer.line(f"{noted} only noted {'runs' if changed.woken == 1 else 'run'} again.")
    say_held(changed.name, held=changed.held)
    _answer(changed, mode=mode, woken=changed.woken)


def remove(
    name: Name = None,
    sure: Annotated[
        bool, typer.Option("--yes", help="Don't ask, also when run in a terminal.")
    ] = False,
) -> None:
    """Remove a connection: its credentials are deleted, its books are kept."""
    context = current()
    asks = can_ask()

    async def named(installation: Installation) -> str:
        return (await context.applied(installation)).name

    if name is not None:
        context.named(name)
    chosen = context.run(named)
    if asks and not sure:
        ask(f'Remove connection "{chosen}" and delete its credentials?')
    by = context.person()
    changed = _act(
        chosen, lambda installation, on, one: administration.remove(installation, on, one, by=by)
    )
    context.printer.line(
        f'Connection "{changed.name}" is removed and its credentials are deleted. Its events,'
        " documents and journal are kept; applying a file of this name goes on with them."
    )
    context.printer.line(
        "Webhooks of ShipBob for it are answered with 404 from now on: delete the subscription"
        " there, and the certificate mapping in NetSuite."
    )
    if changed.open_documents:
        context.printer.line(
            counted(
                changed.open_documents,
                "document was on its way and stays as it is.",
                "documents were on their way and stay as they are.",
            ),
            style="bold",
        )
    _answer(changed, removed=True)


def _act(name: str | None, act: Act, *, learns: bool = False) -> Changed:
    """Do an act with the connection that is meant, in one transaction.

    Args:
        name: of the connection.
        act: the act.
        learns: it may be live afterwards: which accounts are whose must be known.
    """
    context = current()
    if name is not None:
        context.named(name)

    async def do(installation: Installation) -> Changed:
        if learns:
            await learn(installation, (await context.applied(installation)).name)
        async with installation.database.transaction() as on:
            return await act(installation, on, await context.connection(on))

    return context.run(do)


def _answer(changed: Changed, **now: object) -> None:
    current().printer.answer({"name": changed.name, "changed": changed.changed, **now})


def _mode_and_name(words: Sequence[str]) -> tuple[Mode, str | None]:
    """Return mode and name, which may come in either order."""
    for mode in get_args(Mode):
        # The last word first: a connection may have the name of a mode.
        if mode in words[-1:] or (mode in words[:1] and words[-1] not in get_args(Mode)):
            rest = [*words]
            del rest[-1 if mode == rest[-1] else 0]
            if len(rest) > 1:
                break
            return mode, rest[0] if rest else None
    raise UserError(
        "The mode is missing" if not words else f'"{" ".join(words)}" names no mode',
        where="connection set-mode",
        next_step="Write: ml-connector connection set-mode NAME live, or dry-run.",
        usage=True,
    )
