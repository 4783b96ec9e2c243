"""Processes that the bench runs: each ends with it, in whatever way that ends."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ml_connector.app.installation.parent_watch import belonging_to_this
from ml_connector.errors import UserError

PROGRAM: Final = ("-P", "-m", "ml_connector")
"""Arguments of Python that make it the program itself; a command follows."""

MODULE: Final = ("-P", "-m", "ml_connector.bench")
"""Arguments of Python that make it a process of the bench; the module's name follows."""

_STOP_SECONDS: Final = 15.0
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@contextlib.contextmanager
def child(
    arguments: Sequence[str],
    log: Path,
    *,
    more: Mapping[str, str] = _NOTHING,
    descriptors: Sequence[int] = (),
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run Python with these arguments for the length of the block.

    Args:
        arguments: of the interpreter.
        log: a file for its standard error; its folder is where the process works.
        more: of its environment, which has no setting of the person's own installation.
        descriptors: open files that it gets.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *arguments],
            cwd=log.parent,
            env={**belonging_to_this(with_settings=False), **more},
            pass_fds=descriptors,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def finished(
    arguments: Sequence[str],
    *,
    what: str,
    given: bytes = b"",
    more: Mapping[str, str] = _NOTHING,
) -> bytes:
    """Run Python with these arguments to its end; return what it printed.

    Args:
        arguments: of the interpreter.
        what: could not be done, for the error's sentence.
        given: its standard input.
        more: of its environment, likewise.

    Raises:
        UserError: it failed; with the last line that it said.
    """
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *arguments],
        env={**belonging_to_this(with_settings=False), **more},
        input=given,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UserError(f"{what}: {' '.join(last)}", where="bench")
    return done.stdout


def next_line(process: "subprocess.Popen[bytes]", what: str) -> bytes:
    """Return the next line that a process prints.

    Raises:
        UserError: it ended without one.
    """
    told = process.stdout.readline() if process.stdout else b""
    if not told:
        raise UserError(what, where="bench")
    return told


def say(process: "subprocess.Popen[bytes]", line: bytes = b"") -> None:
    """Give a process a line on its standard input."""
    if process.stdin is not None:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
