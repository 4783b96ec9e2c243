"""Processes that the bench runs; each ends when the bench ends, however that happens."""

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
"""Arguments of Python to run the program; a command follows."""

MODULE: Final = ("-P", "-m", "ml_connector.bench")
"""Arguments of Python to run a module of the bench; its name follows."""

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
        log: a file for its standard error; its folder is the working folder of the process.
        more: added to its environment, which has no setting of the person's installation.
        descriptors: open files that it inherits.
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
        what: the sentence of the error, such as ``The month could not be closed``.
        given: its standard input.
        more: of its environment, likewise.

    Raises:
        UserError: it failed; it quotes the last line of its output.
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
    """Write a line to the standard input of a process."""
    if process.stdin is not None:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
