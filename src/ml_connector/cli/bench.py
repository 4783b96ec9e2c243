"""``bench``: the project's own measurements."""

from typing import Annotated

import typer

from ml_connector.bench import measures
from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.pushes import Push
from ml_connector.cli.context import current
from ml_connector.cli.signals import end_as_with_ctrl_c
from ml_connector.errors import UserError


def bench(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"{', '.join(measures.NAMES)}, or all.")
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="Short runs, to see what got much worse.")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.2, max=300, help="Of each run, or in all for latencies."),
    ] = None,
    rounds: Annotated[int | None, typer.Option("--rounds", min=1, max=20)] = None,
    orders: Annotated[
        int | None,
        typer.Option("--orders", min=1, max=100_000, help="Of pushes: one of so many new orders."),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=1, max=20, help="Of ShipBob's clock in that push.")
    ] = 3.0,
    kill_every: Annotated[
        float | None,
        typer.Option(
            "--kill-every", min=5, help="Seconds, in that push: kill the service so often."
        ),
    ] = None,
) -> None:
    """Measure this build on this machine, each figure beside its floor."""
    context = current()
    if name not in {*measures.NAMES, measures.ALL}:
        raise UserError(
            f'There is no measure "{name}"',
            where="bench",
            next_step=f"Known: {', '.join(measures.NAMES)}, {measures.ALL}.",
            usage=True,
        )
    end_as_with_ctrl_c()
    done = 0
    wanted = len(measures.NAMES) if name == measures.ALL else 1
    with context.printer.counting("bench") as bar:
        bar(0, wanted)

        def measured(one: Measured) -> None:
            nonlocal done
            done += 1
            _print(one)
            bar(done, wanted)

        found = measures.run(
            context.settings,
            name,
            quick=quick,
            seconds=seconds,
            rounds=rounds,
            push=None if orders is None else Push(orders, speed, kill_every),
            measured=measured,
        )
    context.printer.answer([_as_json(one) for one in found])
    if any(one.wrong for one in found):
        raise typer.Exit(1)


def _print(one: Measured) -> None:
    printer = current().printer
    printer.line(f"{one.name}: {one.about} (load average {one.load_average})", style="bold")
    printer.table(
        ["", "median", "rounds", "target", ""],
        [
            [
                figure.name,
                _said(figure.value, figure),
                " ".join(f"{value:.4g}" for value in figure.rounds),
                _target(figure),
                {None: "", True: "met", False: "missed"}[figure.meets],
            ]
            for figure in one.figures
        ],
        empty="",
    )
    for sentence in one.wrong:
        printer.line(f"WRONG: {sentence}", style="bold red")
    printer.line("")


def _said(value: float, figure: Figure) -> str:
    return f"{value:,.0f}{figure.unit}" if figure.unit == "/s" else f"{value:.3g} {figure.unit}"


def _target(figure: Figure) -> str:
    if figure.at_least is not None:
        return f">= {_said(figure.at_least, figure)}"
    if figure.at_most is not None:
        return f"<= {_said(figure.at_most, figure)}"
    return ""


def _as_json(one: Measured) -> dict[str, object]:
    return {
        "name": one.name,
        "about": one.about,
        "load_average": one.load_average,
        "wrong": list(one.wrong),
        "figures": [
            {
                "name": figure.name,
                "value": round(figure.value, 4),
                "unit": figure.unit,
                "rounds": [round(value, 4) for value in figure.rounds],
                "at_least": figure.at_least,
                "at_most": figure.at_most,
                "meets": figure.meets,
            }
            for figure in one.figures
        ],
    }
