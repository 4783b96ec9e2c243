"""``webhooks``, ``sync webhooks`` and ``plan webhooks``: what ShipBob sends us, and whether."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ml_connector.app.installation.clients import other_shipbob_clients
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.group_outcomes import SubscriptionChanges
from ml_connector.app.webhooks.health import Health, health
from ml_connector.app.webhooks.probe import Probed, probe
from ml_connector.app.webhooks.samples import Samples, begin_capture, find_samples, write_samples
from ml_connector.app.webhooks.sync import sync_webhooks
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.errors import UserError

commands = typer.Typer(
    help="What ShipBob sends to a connection, and whether it arrives.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHOWN_OF_A_SAMPLE = 60

_TEST_SENDER = (
    "For a real body of each topic use ShipBob's own test sender: dashboard, Integrations >"
    " Webhooks. Before that: ml-connector webhooks capture."
)


def sync_now(*, named: bool, write: bool) -> None:
    """Bring the webhook subscriptions of a connection to what they should be.

    Args:
        named: ids or a time were given, which is refused here.
        write: False: only print what would be done.
    """
    if named:
        raise UserError(
            "Webhook subscriptions have no ids of ours and no age",
            where="--id, --since",
            next_step="Run it without them.",
            usage=True,
        )
    changes = current().run(lambda installation: _sync(installation, write=write))
    _print_changes(changes)
    if not changes.works:
        raise typer.Exit(1)


@commands.command("rotate")
def rotate() -> None:
    """Make all subscriptions anew, with new secrets; the old ones stay valid meanwhile."""
    changes = current().run(lambda installation: _sync(installation, write=True, rotate=True))
    _print_changes(changes)
    if not changes.works:
        raise typer.Exit(1)


@commands.command("list")
def list_webhooks() -> None:
    """Show the subscriptions as they were last seen, what arrived, and what was refused."""
    context = current()

    async def find(installation: Installation) -> Health:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            return await health(on, one.name)

    found = context.run(find)
    printer = context.printer
    printer.table(
        ["topics", "state", "subscription", "left out"],
        [
            [group, row["state"], row["id"], ", ".join(row["left_out"])]
            for group, row in found.groups.items()
        ],
        empty="Never looked: ml-connector sync webhooks.",
    )
    for line in found.lines():
        printer.line(line)
    for refused in found.refusals:
        printer.line(
            f"Refused {counted(refused['times'], 'time')},"
            f" last {refused['last_at']:%Y-%m-%d %H:%M}:"
            f" {refused['sentence']}",
            style="bold",
        )
        if refused["sample"]:
            printer.line(f"  It began with: {refused['sample'][:_SHOWN_OF_A_SAMPLE]!r}")
        printer.line(f"  Next: {refused['remedy']}")
    printer.answer(found.as_json())


@commands.command("test")
def test_delivery() -> None:
    """Send a signed delivery of our own through the public address, as ShipBob would."""
    context = current()

    async def send(installation: Installation) -> Probed:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            secrets = await installation.vault.all(one.name, on=on)
        return await probe(installation, one.settings(secrets), secrets)

    probed = context.run(send)
    printer = context.printer
    printer.line(f"Sent to {probed.url}: {probed.sentence}")
    if probed.remedy:
        printer.line(f"Next: {probed.remedy}", style="bold")
    else:
        printer.line(_TEST_SENDER)
    printer.answer({"ok": probed.arrived, "url": probed.url, "found": probed.sentence,
                    "remedy": probed.remedy, "status": probed.status})  # fmt: skip
    if not probed.arrived:
        raise typer.Exit(1)


@commands.command("capture")
def capture() -> None:
    """Keep the next real body of each topic as a sample, from now on."""
    context = current()

    async def begin(installation: Installation) -> dict[str, Any]:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            return await begin_capture(on, one.name)

    since = context.run(begin)["since"]
    context.printer.line(f"From {since:%Y-%m-%d %H:%M:%S} UTC on, the next body of each topic")
    context.printer.line("is kept as a sample. See them: ml-connector webhooks samples.")
    context.printer.line(
        "ShipBob's dashboard sends tests of every topic: Integrations > Webhooks."
    )
    context.printer.answer({"since": since})


@commands.command("samples")
def samples(
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write each into a file of this folder."),
    ] = None,
) -> None:
    """Show the samples, without credentials and without what names a person."""
    context = current()

    async def find(installation: Installation) -> Samples:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            return await find_samples(on, one.name)

    found = context.run(find)
    printer = context.printer
    if found.since is None:
        raise UserError(
            "No samples are kept yet", next_step="Begin with: ml-connector webhooks capture."
        )
    written = write_samples(found, folder) if folder is not None else []
    for sample in found.samples:
        printer.line(
            f"{sample['topic']}  ({sample['received_at']:%Y-%m-%d %H:%M:%S})", style="bold"
        )
        printer.line(f"  {sample['body']}")
    for path in written:
        printer.line(f"Written: {path}")
    if found.waiting:
        printer.line(f"Nothing came yet of: {', '.join(found.waiting)}.")
    printer.answer(
        {
            "since": found.since,
            "samples": found.samples,
            "waiting": found.waiting,
            "files": [str(path) for path in written],
        }
    )


async def _sync(
    installation: Installation, *, write: bool, rotate: bool = False
) -> SubscriptionChanges:
    context = current()
    one = await context.applied(installation)
    if one.paused and write:
        raise UserError(
            f'Connection "{one.name}" is paused', next_step="Resume it, then sync again."
        )
    opened = await ConnectionContexts(installation).open(one.name)
    return await sync_webhooks(
        installation,
        opened.shipbob,
        opened.settings,
        others=await other_shipbob_clients(installation, opened.settings),
        rotate=rotate,
        dry_run=not write or one.mode == "dry-run",
    )


def _print_changes(changes: SubscriptionChanges) -> None:
    printer = current().printer
    printer.line(f"ShipBob sends to {changes.url}")
    if changes.dry_run:
        printer.line("Nothing was written to ShipBob; this is what would be done.", style="bold")
    printer.table(
        ["topics", "result", "subscription", "left out"],
        [[one.group, one.state, one.id, ", ".join(one.left_out)] for one in changes.groups],
        empty="No topics.",
    )
    for id_, reason in changes.removed.items():
        done = "would be removed" if changes.dry_run else "removed"
        printer.line(f"Subscription {id_} {done}: {reason}.")
    for one in changes.groups:
        if one.sentence:
            printer.line(f"{one.group}: {one.sentence}")
    if any(one.left_out for one in changes.groups):
        printer.line(
            "Next: nothing. What ShipBob does not offer to this account is found by the sweep;"
            " those topics are asked for again once a day.",
            style="bold",
        )
    printer.answer(
        {
            "flow": "webhooks",
            "url": changes.url,
            "dry_run": changes.dry_run,
            "groups": changes.groups,
            "removed": [{"id": id_, "reason": why} for id_, why in changes.removed.items()],
        }
    )
