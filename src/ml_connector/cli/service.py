"""``serve`` and ``worker``: running."""

import os
from typing import Annotated

import typer

from ml_connector.app.processes import supervisor
from ml_connector.app.processes.worker import run_worker
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
) -> None:
    """Run the service: webhooks, health, worker and schedules."""
    context = current()

    def announce(url: str) -> None:
        context.printer.line(f"ml-connector listens on {url} (ctrl-C ends it).")
        context.printer.answer({"url": url})

    supervisor.serve(context.settings, host=host, port=port, with_worker=worker, announce=announce)


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
    context = current()
    run_worker(context.settings, at_once=concurrency)


def web(file_descriptor: Annotated[int, typer.Option("--fd")]) -> None:
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
    # Imported late: only this command needs Litestar.
    from ml_connector.web.process import run_web  # noqa: PLC0415

    run_web(context.settings, file_descriptor)
