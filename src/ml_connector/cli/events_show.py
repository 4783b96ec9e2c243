"""``events show``: one event, and what came of it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions.offers import offered
from ml_connector.causes.table import IN_WORDS, who_acts
from ml_connector.cli.arguments import LARGEST_ID
from ml_connector.cli.context import current
from ml_connector.cli.counts import accounted
from ml_connector.cli.decisions import print_decisions
from ml_connector.errors import UserError
from ml_connector.ledger import history
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.inbox.subjects import SubjectRef


def show_event(
    event_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST_ID)],
) -> None:
    """Show one event: what came, what was decided, what was posted, and why."""
    context = current()

    async def find(installation: Installation) -> dict[str, Any] | None:
        async with installation.database.transaction() as on:
            one = await history.event(on, event_id)
            if one is not None and one["subject_id"] is not None:
                one["lines"] = await sums.equation(
                    on, [one["connection"]], subjects=[one["subject_id"]]
                )
                ref = SubjectRef(one["connection"], one["flow"], one["subject"])
                one["decisions"] = await decisions.of_subject(on, ref)
                one["who_acts"] = who_acts(one["cause"] or "", one["status"])
                one["may_decide"] = list(offered(ref.flow, one["status"], one["cause"]))
            return one

    found = context.run(find)
    if found is None:
        raise UserError(f"There is no event {event_id}", next_step="See ml-connector events list.")
    _print_event(found)
    context.printer.answer(found)


def _print_event(found: Mapping[str, Any]) -> None:
    printer = current().printer
    for name in ("id", "connection", "source", "topic", "delivery_id", "received_at", "subject"):
        printer.line(f"{name:<12} {found[name] if found[name] is not None else '-'}")
    printer.line(f"{'status':<12} {found['status']}")
    for name in ("cause", "sentence", "remedy", "due_at", "waiting_for"):
        if found[name]:
            printer.line(f"{name:<12} {found[name]}")
    if found["cause"] and found.get("who_acts", "nobody") != "nobody":
        printer.line(f"{'who can act':<12} {IN_WORDS[found['who_acts']]}")
    printer.line("")
    printer.table(
        ["run", "started", "outcome", "cause", "what happened"],
        [
            [
                row["id"],
                current().shown(row["started_at"]),
                row["outcome"],
                row["cause"],
                row["sentence"],
            ]
            for row in found["runs"]
        ],
        empty="No run yet.",
    )
    if found["runs"]:
        current().name_zone()
    printer.line("")
    printer.table(
        ["document", "state", "external id", "number there", "title"],
        [
            [row["kind"], row["state"], row["external_id"], row["remote_id"], row["title"]]
            for row in found["postings"]
        ],
        empty="Nothing was posted.",
    )
    printer.line("")
    print_decisions(found.get("decisions", ()), found.get("may_decide", ()), event_id=found["id"])
    for sentence in accounted(found["lines"]) if found.get("lines") else ():
        printer.line(sentence, style="" if found["lines"].holds else "bold red")
    printer.line("")
    printer.line(found["body"])
