"""``serve`` and ``worker``: running."""

import os
from typing import Annotated

import typer

from ml_connector.cli.context import current
from ml_connector.errors import UserError

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free port.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8700,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Run a worker as well.")
    ] = True,
    console_host: Annotated[
        str | None,
        typer.Option(
            "--console-host",
            help="Address of a door of its own for console and API.",
            show_default="127.0.0.1 where it has a door of its own",
        ),
    ] = None,
    console_port: Annotated[
        int | None,
        typer.Option(
            "--console-port",
            min=0,
            max=65535,
            help="Port of that door; 0: any free port.",
            show_default="the next after --port",
        ),
    ] = None,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="Serve console and API.")
    ] = True,
) -> None:
    """Run the service: webhooks, console, API, worker and schedules."""
    # Imported late, as in the other two commands: each is a process that needs nothing of theirs.
    from ml_connector.app.processes import supervisor  # noqa: PLC0415 - see above

    context = current()
    if not console and (console_host is not None or console_port is not None):
        raise UserError(
            "There is no console that could have a door",
            where="--no-console",
            next_step="Leave --no-console out, or --console-host and --console-port.",
            usage=True,
        )

    def announce(url: str, console_url: str | None) -> None:
        context.printer.line(f"ml-connector listens on {url} (ctrl-C ends it).")
        if console_url is not None and console_url != url:
            context.printer.line(f"The console is on {console_url}.")
        context.printer.answer({"url": url, "console_url": console_url})

    supervisor.serve(
        context.settings,
        host=host,
        port=port,
        with_worker=worker,
        console=supervisor.ConsoleDoor(host=console_host, port=console_port) if console else None,
        announce=announce,
    )


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            min=1,
            max=400,
            help="Subjects in hand at once, per connection.",
            show_default="20 for each request to NetSuite that [limits] allows",
        ),
    ] = None,
) -> None:
    """Run one more worker, on any machine that reaches the database."""
    from ml_connector.app.processes.worker import run_worker  # noqa: PLC0415 - see serve

    context = current()
    run_worker(context.settings, at_once=concurrency)


def web(
    file_descriptor: Annotated[int, typer.Option("--fd")],
    serves: Annotated[str, typer.Option("--serves")] = "all",
) -> None:
    """Serve HTTP on a socket that the parent process has opened. Used by serve."""
    context = current()
    try:
        os.fstat(file_descriptor)
    except OSError as error:
        raise UserError(
            "There is no such open socket",
            where="--fd",
            next_step="Run ml-connector serve instead.",
            usage=True,
        ) from error
    from ml_connector.web.process import Serves, run_web  # noqa: PLC0415 - see serve

    run_web(context.settings, file_descriptor, serves=Serves(serves))
