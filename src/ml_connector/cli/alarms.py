"""``alarms``: what a person should hear of, and who is told."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import typer

from ml_connector.app.alarms.channels import (
    URL_FIELD,
    AlarmChannel,
    channels_of,
    is_channel,
    send,
)
from ml_connector.app.alarms.sentences import AlarmText
from ml_connector.app.alarms.storage import fills_up, stores_nothing
from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.errors import UserError
from ml_connector.ledger.alarms import outbox
from ml_connector.ledger.alarms.alarms import Alarm, open_alarms
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection
from ml_connector.words import AlarmKind

commands = typer.Typer(
    help="What a person should hear of, and who is told.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHORT: Final = "%Y-%m-%d %H:%M"
_ALONE: Final = "%Y-%m-%d %H:%M %Z"

_ADD_ONE = (
    "Put addresses into the connection's file, [alarms] urls = [...], and apply it:"
    " mailto://, slack://, msteams://, jsons:// and others."
)


@commands.command("list")
def list_alarms() -> None:
    """List what is wrong and not over, with what to do about it, and who is told."""
    context = current()

    async def find(
        installation: Installation,
    ) -> tuple[list[Alarm], list[dict[str, Any]], list[AlarmText], int]:
        storage = fills_up(installation.settings)
        if stopped := await stores_nothing(installation.database):
            storage.append(stopped)
        async with context.several(installation) as (on, names):
            channels = []
            for name in names:
                opened = await installation.vault.usable(name, is_channel, on=on)
                for one in channels_of(opened.secrets):
                    state = await outbox.state(on, name, one.field)
                    channels.append({"connection": name, "channel": one.shown, **state})
                for field, refused in opened.unusable.items():
                    state = await outbox.state(on, name, field)
                    shown = f"{field.removeprefix(URL_FIELD)} (unusable)"
                    channels.append(
                        {"connection": name, "channel": shown, **state, "error": str(refused)}
                    )
            stops = await _stopped(on, names)
            return await open_alarms(on, names), channels, storage, stops

    found, channels, storage, stops = context.run(find)
    printer = context.printer
    for text in storage:
        printer.line(f"Now  {AlarmKind.STORAGE}: {text.sentence}", style="bold")
        printer.line(f"  Next: {text.remedy}")
    for alarm in found:
        printer.line(f"{alarm.connection}  {alarm.kind}: {alarm.sentence}", style="bold")
        if alarm.remedy:
            printer.line(f"  Next: {alarm.remedy}")
        told = f"told {context.shown(alarm.told_at, _SHORT)}" if alarm.told_at else "nobody told"
        printer.line(
            f"  Since {context.shown(alarm.raised_at, _ALONE)},"
            f" seen {counted(alarm.times, 'time')}, {told}."
        )
    if not found and not storage:
        printer.line(_calm(stops))
    _print_channels(channels)
    printer.answer(
        {
            "alarms": [asdict(alarm) for alarm in found],
            "channels": channels,
            "storage": [text._asdict() for text in storage],
        }
    )


async def _stopped(on: Connection, names: Sequence[str]) -> int:
    """Return how many subjects wait or have stopped."""
    found = [row for name in names for row in await outcomes.stopped(on, name)]
    return sum(row["count"] for row in found)


def _calm(stops: int) -> str:
    """Return what is said without any alarm: not that all is well while something is open."""
    if not stops:
        return "Nothing is wrong."
    open_ones = "1 waits or has" if stops == 1 else f"{stops} wait or have"
    return f"No alarm. {open_ones} stopped: see ml-connector status"


@commands.command("test")
def test_channels() -> None:
    """Send a test message to every channel of a connection now, and say who took it."""
    context = current()

    async def try_all(installation: Installation) -> tuple[str, list[tuple[AlarmChannel, str]]]:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            channels = channels_of(await installation.vault.some(one.name, is_channel, on=on))
        title = f"ml-connector {one.name}: a test"
        body = "This channel hears of alarms. Nothing is wrong, nothing is to be done."
        return one.name, [
            (channel, await send(channel, title=title, body=body)) for channel in channels
        ]

    name, tried = context.run(try_all)
    if not tried:
        raise UserError(f'Connection "{name}" has no channel for alarms', next_step=_ADD_ONE)
    printer = context.printer
    for channel, error in tried:
        printer.line(f"Channel {channel.shown}: {error or 'taken'}")
    failed = sum(1 for _, error in tried if error)
    printer.line(f"{len(tried) - failed} of {counted(len(tried), 'channel')} took it.")
    if failed:
        printer.line(
            "Next: check the address in [alarms] of the connection's file and apply it again.",
            style="bold",
        )
    printer.answer(
        {
            "ok": not failed,
            "channels": [
                {"channel": channel.shown, "ok": not error, "error": error}
                for channel, error in tried
            ],
        }
    )
    if failed:
        raise typer.Exit(1)


def _waiting(count: int) -> str:
    return f"{counted(count, 'message waits and is', 'messages wait and are')}"


def _print_channels(channels: Sequence[dict[str, Any]]) -> None:
    printer = current().printer
    for one in channels:
        last = one["last_sent_at"]
        said = f"last told {current().shown(last, _ALONE)}" if last else "told of nothing yet"
        printer.line(f"Channel {one['channel']} of {one['connection']}: {said}.")
        if one["error"]:
            printer.line(
                f"  FAILING: {one['error']}; {_waiting(one['waiting'])} tried again.",
                style="bold",
            )
            printer.line("  Next: ml-connector alarms test; correct the address and apply it.")
    if not channels:
        printer.line(f"Nobody is told. {_ADD_ONE}")
