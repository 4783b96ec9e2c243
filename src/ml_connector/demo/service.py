"""The service of the demo, as it is: a process of its own."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec

from ml_connector import private_files
from ml_connector.app.installation.parent_watch import belonging_to_this
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.own_python import COMMAND

_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1


@contextlib.contextmanager
def serving(settings: Settings, port: int, more: Mapping[str, str]) -> Iterator[str]:
    """Run ``serve`` as a process of its own, its log in the data folder; yield its address.

    Args:
        settings: say where the data folder is; of the variables of this process it gets none.
        port: 0 for any free one.
        more: variables besides.

    Raises:
        UserError: it does not start.
    """
    command = [*COMMAND, "serve", "--port", str(port), "--json"]
    environment = belonging_to_this(with_settings=False)
    environment["MLC_DATA_DIR"] = str(settings.data_dir)
    environment.update(more)
    log = settings.data_dir / "serve.log"
    with os.fdopen(private_files.opened(log, os.O_WRONLY | os.O_TRUNC), "wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=settings.data_dir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield _ready(process, log)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Return where the service listens, once it answers."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    told = b""
    while not told.rstrip().endswith(b"}"):
        line = process.stdout.readline()
        if not line:
            raise UserError(
                "The service did not start",
                where=str(log),
                next_step="Read that log; is the port in use? Choose another with --port.",
            )
        told += line
    answer = msgspec.json.decode(told, type=dict[str, Any])
    if "error" in answer:
        error = answer["error"]
        raise UserError(
            error["what"], where=error.get("where", ""), next_step=error.get("next", "")
        )
    url = str(answer["url"])
    deadline = time.monotonic() + _READY_SECONDS
    with httpx2.Client(trust_env=False) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx2.HTTPError):
                if client.get(f"{url}/readyz", timeout=2).is_success:
                    return url
            time.sleep(_POLL_SECONDS)
    raise UserError("The service does not get ready", where=str(log))
