"""``journal undo``: counter-documents, after showing them."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.undo import Counter, propose, undo_posting
from ml_connector.cli.asking import ask, can_ask
from ml_connector.cli.context import current
from ml_connector.cli.counts import signed
from ml_connector.errors import UserError
from ml_connector.ledger.postings.documents import JournalLine


def undo(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Journal numbers, internal ids or external ids, as journal show takes them.",
        ),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Post them without asking on the terminal.")
    ] = False,
) -> None:
    """Post counter-documents for what was posted, after showing them. Nothing is deleted."""
    context = current()

    async def look(installation: Installation) -> list[Counter]:
        names = await context.names(installation)
        return await propose(installation, names, wanted)

    proposed = context.run(look)
    _show(proposed)
    if not yes and can_ask():
        ask("Post them?")
    elif not yes:
        raise UserError(
            "Nothing was undone",
            where="journal undo",
            next_step="Post what is shown above with: journal undo ID... --yes",
        )

    async def post(installation: Installation) -> list[dict[str, Any]]:
        return [await undo_posting(installation, one, person=context.person()) for one in proposed]

    done = context.run(post)
    for one in done:
        context.printer.line(f"{one['was']} is undone by {one['is']} ({one['by']}).")
    context.printer.answer({"undone": done})


def _show(proposed: Sequence[Counter]) -> None:
    printer = current().printer
    for one in proposed:
        printer.line(f"{one.document.title} ({one.document.external_id})", style="bold")
        for line in one.document.lines:
            printer.line(f"    {_said(line)}, dated {line.posting_date}")


def _said(line: JournalLine) -> str:
    if line.quantity is not None:
        return f"{signed(line.quantity)} {line.sku} at location {line.location}"
    amount = "" if line.amount is None else signed(line.amount)
    return f"{amount} {line.currency or ''} on account {line.account}, {line.detail}"
