"""Prism as a stand-in for ShipBob: it checks each request and makes the answers up."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import HANGS_AFTER_SECONDS, wait_until

_LISTENING = re.compile(r"Prism is listening on (http://\S+)")


@contextmanager
def prism(binary: Path, file: Path, log: Path, *options: str) -> Iterator[str]:
    """Serve a file's operations while the block runs; yields the address.

    A request that is not as the file has it is answered with a 4xx.

    Args:
        binary: the command.
        file: OpenAPI.
        log: where Prism's own words go.
        options: such as ``-d``: answers drawn from the schemas, not from their examples.
    """
    with log.open("wb") as words:
        process = subprocess.Popen(  # noqa: S603 - the tests' own command
            [str(binary), "mock", "--port", "0", *options, str(file)],
            stdout=words,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_COLOR": "1"},
        )
    try:
        yield wait_until(lambda: _address(process, log))
    finally:
        process.terminate()
        process.wait(HANGS_AFTER_SECONDS)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    said = log.read_text("utf-8", "replace")
    assert process.poll() is None, said
    found = _LISTENING.search(said)
    return found[1] if found else ""
