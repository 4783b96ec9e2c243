"""``status``: the installation on one screen."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ml_connector.app.installation.installation import Installation
from ml_connector.causes.table import IN_WORDS
from ml_connector.cli.context import current

if TYPE_CHECKING:
    from ml_connector.app.views.installation.status import ConnectionStatus, OpenWork, Status

_LABEL: Final = 12
_MOST_ALARMS: Final = 5
_GIGA: Final = 1_000_000_000
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def status() -> None:
    """Show on one screen what runs, what is open, what is wrong, and what to do next."""
    # Imported late: a typo in the options needs none of it.
    from ml_connector.app.alarms.storage import fills_up, stores_nothing  # noqa: PLC0415 - see above
    from ml_connector.app.views.installation import status as views  # noqa: PLC0415 - see above

    context = current()

    async def look(installation: Installation) -> "Status":
        storage = fills_up(installation.settings)
        if stopped := await stores_nothing(installation.database):
            storage.append(stopped)
        async with context.several(installation) as (on, names):
            return await views.status(
                installation, on, names, storage=storage, now=datetime.now(UTC)
            )

    found = context.run(look)
    for line in screen(found):
        context.printer.line(line)
    context.printer.line(f"{'Next':<{_LABEL}}{found.next_step}", style="bold")
    context.printer.answer(found)


def screen(found: "Status") -> Iterator[str]:
    """Yield the lines of the screen, all but the last one. Pure."""
    workers = f"{found.workers} {_plural(found.workers, 'worker')}"
    runs = f"runs, {workers}" if found.running else "does not run"
    yield _said("Service", f"{runs} (ml-connector {found.version})")
    for one in found.connections:
        yield from _of_connection(one, found.at)
    if not found.connections:
        yield _said("Connections", "none yet")
    yield _said("Alarms", str(len(found.alarms) or "none"))
    for alarm in found.alarms[:_MOST_ALARMS]:
        about = " ".join(filter(None, (alarm.connection, alarm.kind)))
        yield _said("", f"{about}: {alarm.sentence}")
    if len(found.alarms) > _MOST_ALARMS:
        yield _said("", f"and {len(found.alarms) - _MOST_ALARMS} more: ml-connector alarms list")
    for room in found.rooms:
        free, size = room.free_bytes / _GIGA, room.size_bytes / _GIGA
        little = ", which is little" if room.is_little else ""
        yield _said("Disk", f"{free:,.1f} of {size:,.1f} GB free at {room.place}{little}")
    backup = found.backup
    yield _said(
        "Backup",
        f"{ago(backup.made_at, found.at)}, {backup.name}"
        if backup
        else "none in the data folder; those elsewhere are not known here",
    )


def _of_connection(one: "ConnectionStatus", now: datetime) -> Iterator[str]:
    shown, health = one.connection, one.health
    states = [
        "dry run: nothing is posted" if shown.mode == "dry-run" else shown.mode,
        *(["paused"] if shown.paused else []),
        *(["held after a restore"] if shown.held else []),
        *([f"flows off: {', '.join(shown.flows_off)}"] if shown.flows_off else []),
    ]
    yield _said(shown.name, ", ".join(states))
    for name, system in (("NetSuite", health.netsuite), ("ShipBob", health.shipbob)):
        account = " ".join(filter(None, (system.account, f"({system.environment})")))
        token = "personal access token" if system.is_lasting else _token(system.token_seconds)
        ends = "certificate" if name == "NetSuite" else "consent"
        until = f"{ends} until {system.ends_at:%Y-%m-%d}" if system.ends_at else ""
        yield _said(f"  {name}", ", ".join(filter(None, (account, token, until))))
        if system.trouble:
            yield _said("", system.trouble)
    hooks = health.webhooks
    last = f"last {ago(hooks.last_at, now)}" if hooks.last_at else "none yet"
    subscribed = f"{hooks.subscribed} of {hooks.groups} groups subscribed"
    yield _said("  Webhooks", f"{last}, {subscribed if hooks.groups else 'not subscribed here'}")
    yield _said("  Open", ", ".join(_open_work(one.work)) or "nothing")


def _open_work(work: "OpenWork") -> Sequence[str]:
    can_act = [f"{IN_WORDS[who]} {count}" for who, count in work.by_who.items() if count]
    return [
        *([f"{work.stopped} stopped"] if work.stopped else []),
        *([f"{work.waiting} waiting"] if work.waiting else []),
        *([f"who can act: {', '.join(can_act)}"] if can_act else []),
        *([f"{work.retrying} tried again"] if work.retrying else []),
    ]


def _token(seconds: float | None) -> str:
    if seconds is None:
        return "no token yet"
    minutes = int(seconds // 60)
    return f"token for {minutes} {_plural(minutes, 'minute')}" if minutes > 0 else "token ends now"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago a moment is, in words. Pure."""
    seconds = int((now - then).total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            number = seconds // size
            return f"{number} {_plural(number, unit)} ago"
    return "just now"


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _said(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}" if len(label) < _LABEL else f"{label} {text}"
