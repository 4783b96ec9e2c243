"""``journal show``: a posting from both ends."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import find_posting
from ml_connector.cli.context import current
from ml_connector.cli.journal import money
from ml_connector.errors import UserError
from ml_connector.ledger.journal import trail

_SHORT: Final = 300


def show_posting(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="ID",
            help="A journal number, a document (itemReceipt 5002), its number in NetSuite, an"
            " external id, or a source (wro 90311).",
        ),
    ],
) -> None:
    """Walk from a posting back to its run, the facts it saw, the events and their raw bytes."""
    context = current()
    text = " ".join(" ".join(wanted).split())

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with context.several(installation) as (on, names):
            found = await trail.find(on, names, text)
            walked = [await trail.walk(on, posting_id) for posting_id in found]
        return walked or await find_posting.by_document_number(installation, names, text)

    found = context.run(find)
    if not found:
        raise UserError(
            f'Nothing was posted as "{text}"',
            where="journal show",
            next_step="Give a number, a document or an external id as journal list shows them.",
        )
    for one in found:
        _print_trail(one)
    context.printer.answer({"found": found})


def _print_trail(one: Mapping[str, Any]) -> None:
    printer = current().printer
    posting = one["posting"]
    printer.line(f"{posting['kind']} {posting['remote_id'] or '(not there yet)'}", style="bold")
    for name, value in _said_of(posting):
        printer.line(f"  {name:<12} {value}")
    for external_id in one["undone_by"]:
        printer.line(f"  {'undone by':<12} {external_id}")
    printer.table(
        ["  number", "SKU", "location", "quantity", "amount", "account", "line", "date", "hash"],
        [
            [
                f"  {row['number']}",
                row["sku"],
                row["location"],
                row["quantity"],
                money(row),
                row["account"],
                row["source_line"],
                row["posting_date"],
                row["hash"][:16],
            ]
            for row in one["journal"]
        ],
        empty="  It changes neither stock nor money: no journal rows.",
    )
    printer.line(f"decided by run {posting['run_id']}", style="bold")
    _print_run(one["run"], one["subject"])
    _print_events(one["events"])
    printer.line("")


def _print_run(run: Mapping[str, Any] | None, subject: Mapping[str, Any]) -> None:
    printer = current().printer
    if run is None:
        printer.line("  The run is not there any more.")
        return
    printer.line(
        f"  {subject['flow']} {subject['key']}, rules {run['rules']}, mode {run['mode']}, by"
        f" {run['worker']}, {_when(run['started_at'])} to {_when(run['finished_at'])},"
        f" {run['outcome'] or 'not ended'}"
    )
    printer.line("  it saw (whole with --json)")
    for name, value in (run["facts"] or {}).items():
        printer.line(f"    {name:<12} {_short(value)}")


def _print_events(events: Sequence[Mapping[str, Any]]) -> None:
    printer = current().printer
    printer.line("because of" if events else "no event is kept", style="bold")
    for event in events:
        printer.line(
            f"  event {event['id']} {_when(event['received_at'])} {event['source']}"
            f" {event['topic']} ({event['delivery_id']})"
        )
        if event["body"]:
            printer.line(f"    {event['body']}")
        else:
            printer.line("    (no body)")


def _said_of(posting: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "external id", posting["external_id"]
    yield "title", posting["document"]["title"]
    yield "state", posting["state"]
    yield "connection", posting["connection"]
    if posting["undoes"] is not None:
        yield "undoes", f"posting {posting['undoes']}"
    yield "prepared", _when(posting["created_at"])
    yield "posted", _when(posting["settled_at"])
    yield "attempts", posting["attempts"]
    yield "request", msgspec.json.encode(posting["document"]["request"]).decode()


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]} ..."


def _when(at: datetime | None) -> str:
    return current().shown(at, "%Y-%m-%d %H:%M:%S %Z") or "-"
