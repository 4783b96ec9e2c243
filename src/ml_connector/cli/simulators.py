"""``sim`` and ``demo``."""

import contextlib
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ml_connector import demo as demonstration
from ml_connector import private_files
from ml_connector.cli.context import current
from ml_connector.cli.reconcile import print_report
from ml_connector.cli.signals import end_as_with_ctrl_c
from ml_connector.demo import StoryProof
from ml_connector.errors import UserError
from ml_connector.sim.faults import FaultFile, FaultFileError, read_fault_file
from ml_connector.sim.readings import Readings, WorldFileError, read_world_file
from ml_connector.sim.server import PortTakenError
from ml_connector.sim.stories import STORIES, Story, Teller
from ml_connector.sim.world import (
    CLIENT_ID,
    NETSUITE_PORT,
    SHIPBOB_API_PORT,
    SHIPBOB_AUTH_PORT,
    World,
    world,
)
from ml_connector.words import System

_CONNECTION_FILE: Final = "acme.toml"

_STYLES: Final = {
    "step": "bold",
    "booked": "green",
    "waits": "yellow",
    "problem": "bold red",
    "note": "dim",
}

_MOST_LINES: Final = 30
"""Lines of the proof's table that are shown; if there are more, only those that differ."""

_STEP_SECONDS: Final = 2.0


class Which(StrEnum):
    """Which simulators."""

    SHIPBOB = "shipbob"
    NETSUITE = "netsuite"
    BOTH = "both"


_SYSTEMS: Final[dict[Which, frozenset[System]]] = {
    Which.SHIPBOB: frozenset({"shipbob"}),
    Which.NETSUITE: frozenset({"netsuite"}),
    Which.BOTH: frozenset({"shipbob", "netsuite"}),
}


WorldFile = Annotated[
    Path | None,
    typer.Option("--world", metavar="FILE", help="How it is where the references leave it open."),
]


def demo(
    story: Annotated[str, typer.Option("--story", help="Which story to tell.")] = "wro",
    world_file: WorldFile = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8700,
    exit_: Annotated[
        bool, typer.Option("--exit", help="End when the story is over, after the proof.")
    ] = False,
) -> None:
    """Start both simulators and the service, and tell a story between them."""
    context = current()
    printer = context.printer
    indent = {"booked": "   ", "waits": "   ", "problem": "   "}

    readings = _read_world(world_file)
    end_as_with_ctrl_c()
    with contextlib.ExitStack() as until_proved:
        bar = until_proved.enter_context(printer.counting("demo"))
        steps = 0

        def says(kind: str, text: str) -> None:
            nonlocal steps
            printer.line(indent.get(kind, "") + text, style=_STYLES[kind])
            steps += kind == "step"
            bar(steps, None, "steps")

        def proved(proof: StoryProof) -> None:
            until_proved.close()
            _print_proof(proof)

        proof = demonstration.run(
            context.settings,
            story=story,
            readings=readings,
            port=port,
            says=says,
            proved=proved,
            stay=not exit_ and not printer.as_json,
        )
    printer.answer(_as_json(story, readings, proof))
    if not proof.holds:
        raise typer.Exit(1)


def _print_proof(proof: StoryProof) -> None:
    printer = current().printer
    shown = [line for line in proof.stock if not proof.agrees(line)]
    if len(proof.stock) <= _MOST_LINES:
        shown = list(proof.stock)
    printer.line("")
    printer.table(
        ["SKU", "center", "ShipBob", "location", "NetSuite", "journal", ""],
        [
            [
                line.sku,
                line.fulfillment_center,
                line.shipbob,
                line.location,
                f"{line.netsuite:f}",
                proof.booked(line),
                "agrees" if proof.agrees(line) else "DIFFERS",
            ]
            for line in shown
        ],
        empty=f"{len(proof.stock)} SKUs and places, and all agree: ShipBob, NetSuite, journal."
        if proof.stock
        else "There is no stock anywhere.",
    )
    printer.line("")
    printer.line(
        f"{proof.events} webhooks, {proof.documents} documents in NetSuite,"
        f" {proof.open_events} events open."
    )
    for month in proof.months:
        printer.line("")
        print_report(current(), month)
    printer.line("")
    if proof.holds:
        printer.line("The books of both sides agree.", style="bold green")
    else:
        printer.line("The books of both sides do not agree.", style="bold red")


def _as_json(story: str, readings: Readings, proof: StoryProof) -> dict[str, object]:
    return {
        "story": story,
        "world": readings.as_named(),
        "agrees": proof.holds,
        "events": proof.events,
        "open_events": proof.open_events,
        "documents": proof.documents,
        "stock": [
            {
                "sku": line.sku,
                "fulfillment_center": line.fulfillment_center,
                "location": line.location,
                "shipbob": line.shipbob,
                "netsuite": int(line.netsuite),
                "journal": proof.booked(line),
            }
            for line in proof.stock
        ],
        "months": [month.shown for month in proof.months],
    }


def sim(
    which: Annotated[
        Which, typer.Argument(metavar="[shipbob|netsuite|both]", help="Which of them.")
    ] = Which.BOTH,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65433,
            help="NetSuite's, or ShipBob's API; ShipBob's OAuth host takes the next one."
            " 0: any free ones.",
        ),
    ] = None,
    story: Annotated[
        str | None,
        typer.Option(
            "--story",
            help="Enter goods and orders, then go on by one step with each Enter:"
            f" {' or '.join(STORIES)}.",
        ),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="What goes wrong, and when.")
    ] = None,
    world_file: WorldFile = None,
    seed: Annotated[int, typer.Option("--seed", help="Of everything that is drawn.")] = 1,
) -> None:
    """Run the simulators alone, for other people's tests."""
    context = current()
    end_as_with_ctrl_c()
    plan = _read_faults(faults) if faults is not None else None
    readings = _read_world(world_file)
    teller = _story(story)
    try:
        with world(
            ports=_ports(which, port), seed=seed, systems=_SYSTEMS[which], readings=readings
        ) as both:
            told = teller(both.netsuite, both.shipbob) if teller is not None else None
            if told is not None:
                told.set_up()
            if plan is not None:
                both.netsuite.faults.load(plan)
                both.shipbob.faults.load(plan)
            if _begun_before(folder := context.settings.data_dir / "sim"):
                _warn_of_new_world()
            folder = _leave_credentials(context.settings.data_dir / "sim", both, told)
            _announce(both, which, folder, readings)
            if told is None:
                context.printer.line(
                    "Nothing is in them yet: --story wro, or --story retailer, enters goods and"
                    " orders."
                )
            context.printer.line("ctrl-C ends it.")
            with contextlib.suppress(KeyboardInterrupt):
                if told is not None:
                    _play(told)
                threading.Event().wait()
    except PortTakenError as error:
        raise UserError(
            f"Can't listen there: {error}",
            where="--port",
            next_step="Stop what uses the port, or choose another with --port (0: any free).",
        ) from error


def _read_faults(path: Path) -> FaultFile:
    try:
        return read_fault_file(path)
    except FaultFileError as error:
        raise UserError(
            str(error), where=str(path), next_step="Correct the file and start again."
        ) from error


def _read_world(path: Path | None) -> Readings:
    if path is None:
        return Readings()
    try:
        return read_world_file(path)
    except WorldFileError as error:
        raise UserError(
            str(error), where=str(path), next_step="Correct the file and start again."
        ) from error


def _story(name: str | None) -> Teller | None:
    if name is None:
        return None
    if name not in STORIES:
        raise UserError(
            f'There is no story "{name}"',
            where="--story",
            next_step=f"Known: {', '.join(STORIES)}.",
            usage=True,
        )
    return STORIES[name]


def _ports(which: Which, port: int | None) -> tuple[int, int, int]:
    """Return the ports of NetSuite, ShipBob's API and ShipBob's OAuth host."""
    if port is None:
        return (NETSUITE_PORT, SHIPBOB_API_PORT, SHIPBOB_AUTH_PORT)
    if port == 0:
        return (0, 0, 0)
    if which is Which.BOTH:
        return (port, port + 100, port + 101)
    return (port, port, port + 1)


def _begun_before(folder: Path) -> bool:
    return (folder / _CONNECTION_FILE).exists()


def _warn_of_new_world() -> None:
    """Say that these simulators know nothing of those that ran before, and how to begin anew."""
    current().printer.line(
        "These simulators begin anew: what the earlier ones held is gone, and their numbers start"
        " again. An installation that was connected to those would take new records for old ones:"
        " begin anew with MLC_DATA_DIR set to an empty folder, and ml-connector init.",
        style="bold",
    )


def _leave_credentials(folder: Path, both: World, told: Story | None) -> Path:
    """Write the files that a person needs to connect: the private key and a connection file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tables = told.connection_tables() if told is not None else {}
    for name, text in (
        ("netsuite.pem", both.private_key),
        # A story enters a subsidiary; without one there is nothing to name.
        (_CONNECTION_FILE, both.connection_file(None, subsidiary=1 if told else None, **tables)),
    ):
        path = folder / name
        with private_files.replacing_text(path) as file:
            file.write(text)
    return folder


def _announce(both: World, which: Which, folder: Path, readings: Readings) -> None:
    printer = current().printer
    answer: dict[str, object] = {"folder": str(folder), "world": readings.as_named()}
    for line in readings.sentences():
        printer.line(f"In this world: {line}", style=_STYLES["note"])
    if which in {Which.NETSUITE, Which.BOTH}:
        url = both.netsuite_server.url
        printer.line(f"NetSuite          {url}   page {url}/_sim/")
        printer.line(f"  account         {both.netsuite.account_id}")
        printer.line(f"  client id       {CLIENT_ID}")
        printer.line(f"  certificate id  {both.certificate_id}")
        printer.line(f"  private key     {folder / 'netsuite.pem'}")
        answer["netsuite"] = {
            "url": url,
            "account_id": both.netsuite.account_id,
            "client_id": CLIENT_ID,
            "certificate_id": both.certificate_id,
            "private_key_file": str(folder / "netsuite.pem"),
        }
    if which in {Which.SHIPBOB, Which.BOTH}:
        url = both.api_server.url
        printer.line(f"ShipBob           {url}   page {url}/_sim/")
        printer.line(f"  OAuth           {both.auth_server.url}")
        printer.line(f"  token           {both.token}")
        printer.line(f"  channel         {both.channel_id}")
        printer.line(f"  client id       {both.application.client_id}")
        printer.line(f"  client secret   {both.application.client_secret}")
        printer.line(f"  redirects to    {', '.join(both.application.redirect_uris)}")
        answer["shipbob"] = {
            "api_url": url,
            "auth_url": both.auth_server.url,
            "token": both.token,
            "channel_id": both.channel_id,
            "client_id": both.application.client_id,
            "client_secret": both.application.client_secret,
            "redirect_uris": list(both.application.redirect_uris),
        }
    printer.line(f"Connection file   {folder / _CONNECTION_FILE}")
    printer.answer(answer)


def _play(told: Story) -> None:
    """Play the story: one step for each Enter at a terminal, else one every two seconds."""
    printer = current().printer
    at_terminal = sys.stdin.isatty() and not printer.as_json
    for number, step in enumerate(told.steps(), 1):
        if at_terminal:
            printer.line(f"{number}. {step.says}   [Enter]")
            sys.stdin.readline()
        else:
            time.sleep(_STEP_SECONDS)
            printer.line(f"{number}. {step.says}")
        try:
            step.do()
        except (LookupError, ValueError) as error:  # a person did something else meanwhile
            printer.line(f"   Not done: {error}", style=_STYLES["problem"])
