"""``selftest``: this build against the simulators."""

from typing import Annotated, Final

import typer

from ml_connector.cli.context import current
from ml_connector.cli.signals import end_as_with_ctrl_c
from ml_connector.config import logs
from ml_connector.selftest import worlds
from ml_connector.selftest.playing import Outcome
from ml_connector.selftest.worlds import WorldResult

_STYLES: Final[dict[Outcome, str]] = {
    "right": "green",
    "stopped": "yellow",
    "alarm": "bold red",
    "silent": "bold red",
    "bug": "bold red",
}
_SHOWN: Final = 3
"""So many causes of one world are shown."""


def selftest(
    worlds_: Annotated[
        int,
        typer.Option(
            "--worlds", min=1, max=100_000, help="In so many sampled worlds of the simulators."
        ),
    ] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is drawn.")] = 1,
    chaos: Annotated[
        bool, typer.Option("--chaos", help="Kill its processes under a month's events instead.")
    ] = False,
    events: Annotated[
        int, typer.Option("--events", min=20, max=100_000, help="Of chaos: at least so many.")
    ] = 1_000,
    kills: Annotated[
        int, typer.Option("--kills", min=0, max=1_000, help="Of chaos: so many processes.")
    ] = 20,
) -> None:
    """Run this build against the simulators: in sampled worlds, or under kills."""
    context = current()
    end_as_with_ctrl_c()
    if chaos:
        _chaos(events, kills, seed)
        return
    logs.configure(context.settings.log_format, "error")  # what stops is told in the table
    context.printer.line(f"{worlds_} worlds, seed {seed}")
    done = 0
    with context.printer.counting("worlds") as bar:

        def told(result: WorldResult) -> None:
            nonlocal done
            done += 1
            bar(done, worlds_)
            _tell(result)

        results = worlds.run(context.settings, count=worlds_, seed=seed, told=told)
    _print_all(results, seed)
    context.printer.answer(as_json(results, seed))
    if not all(one.played.holds for one in results):
        raise typer.Exit(1)


def _chaos(events: int, kills: int, seed: int) -> None:
    """Play a month under kills, and say how it ended."""
    from ml_connector.selftest.chaos import run, telling  # noqa: PLC0415 - worlds don't need them

    context = current()
    printer = context.printer
    logs.configure(context.settings.log_format, "critical")  # what is killed has much to say
    printer.line(f"{events} events, {kills} kills, seed {seed}")
    with printer.counting("events") as bar:
        result = run.run(context.settings, events=events, kills=kills, seed=seed, told=bar)
    for line in telling.lines_of(result):
        printer.line(line)
    printer.line(telling.summary(result), style="green" if result.holds else "bold red")
    printer.answer(telling.as_json(result))
    if not result.holds:
        raise typer.Exit(1)


def _tell(result: WorldResult) -> None:
    """Say at once what is wrong in a world; what holds is in the table."""
    played = result.played
    if played.holds:
        return
    printer = current().printer
    printer.line(
        f"World {result.sample.number} ({result.sample.kind}): {played.outcome}",
        style=_STYLES[played.outcome],
    )
    for line in why(result):
        printer.line(f"  {line}")
    printer.line(f"  {world_of(result)}")


def why(result: WorldResult) -> list[str]:
    """Say what is wrong in a world, a line for each thing."""
    played = result.played
    said = [f"told nobody: {fault.what}" for fault in played.told_nobody]
    said += [f"{one.flow} {one.key}: {one.cause}: {one.sentence}" for one in played.stops]
    if played.outcome == "alarm":
        said += [f"the month end: {one}" for one in played.month or ()]
    if played.outcome == "silent" and played.month == []:
        said += [f"the month end is green: {fault.what}" for fault in played.faults]
    return [*said, *([played.broke] if played.broke else [])]


def world_of(result: WorldResult) -> str:
    """Name the readings of a world as a file would."""
    named = result.played.readings.as_named()
    return ", ".join(f'{name} = "{reading}"' for name, reading in named.items()) or "as usual"


def causes_of(result: WorldResult) -> str:
    """Name the causes of what is stopped, the first few."""
    causes = dict.fromkeys(f"{one.flow}: {one.cause}" for one in result.played.stops)
    shown = list(causes)[:_SHOWN]
    more = len(causes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _print_all(results: list[WorldResult], seed: int) -> None:
    printer = current().printer
    printer.line("")
    printer.table(
        ["", "world", "outcome", "seconds", "stopped by"],
        [
            [
                one.sample.number,
                world_of(one),
                one.played.outcome,
                f"{one.played.seconds:.1f}",
                causes_of(one),
            ]
            for one in results
        ],
        empty="",
    )
    counted = worlds.counts(results)
    printer.line("")
    printer.line(
        ", ".join(f"{count} {outcome}" for outcome, count in counted.items())
        + f"; seed {seed} repeats it"
    )


def as_json(results: list[WorldResult], seed: int) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "seed": seed,
        "holds": all(one.played.holds for one in results),
        "outcomes": worlds.counts(results),
        "worlds": [
            {
                "number": one.sample.number,
                "kind": one.sample.kind,
                "world": one.played.readings.as_named(),
                "outcome": one.played.outcome,
                "seconds": round(one.played.seconds, 2),
                "told_nobody": [fault.what for fault in one.played.told_nobody],
                "faults": [fault.what for fault in one.played.faults],
                "stops": [
                    {
                        "flow": stop.flow,
                        "key": stop.key,
                        "cause": stop.cause,
                        "sentence": stop.sentence,
                    }
                    for stop in one.played.stops
                ],
                "month_end": one.played.month,
                "broke": one.played.broke,
            }
            for one in results
        ],
    }
