"""PostgreSQL's own programs, with streams at both ends: nothing of a backup lies in between."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from ml_connector.errors import UserError

_PASSED_ON: Final = ("PATH", "HOME", "LANG")
_MOST_SAID: Final = 64 * 1024
_END_SECONDS: Final = 10.0

_NEXT_STEP: Final = (
    "Correct what PostgreSQL names and run it again. A server that is newer than the programs of"
    " the wheel needs its own pg_dump and pg_restore."
)


def kept_environment() -> dict[str, str]:
    """Return what a program sees of our environment. Its times are UTC."""
    return {**{key: os.environ[key] for key in _PASSED_ON if key in os.environ}, "TZ": "UTC"}


@contextlib.contextmanager
def output_of(
    command: Sequence[str | Path],
    *,
    what: str,
    where: str,
    environment: dict[str, str] | None = None,
    given: Iterable[bytes] = (),
    pass_fds: Sequence[int] = (),
) -> Iterator[IO[bytes]]:
    """Run a program for the length of the block and yield its output.

    Args:
        command: program and arguments.
        what: what has failed when it fails.
        where: the file in question.
        environment: beside what every program sees.
        given: its input; it may end before it has read all of it.
        pass_fds: open files that it inherits.

    Raises:
        UserError: it failed; quotes it.
        Exception: whatever ``given`` raised; the program is killed then.

    Whoever reads raises ``OutputCutShort`` where the output ends too early: why is then told.
    """
    process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
        command,
        env={**kept_environment(), **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=pass_fds,
    )
    assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - all are pipes
    feeder = _Feeder(process, process.stdin, given)
    listener = _Listener(process.stderr)
    cut_short: OutputCutShort | None = None
    try:
        with process.stdout as output:
            yield output
        process.wait()
    except OutputCutShort as error:
        process.wait()
        cut_short = error
    finally:
        process.kill()  # without effect on one that has ended
        process.wait()
        feeder.join(_END_SECONDS)
        listener.join(_END_SECONDS)
        process.stderr.close()
    if feeder.failure is not None:
        raise feeder.failure
    if process.returncode or cut_short is not None:
        raise UserError(
            f"{what}: {listener.reason()}", where=where, next_step=_NEXT_STEP
        ) from cut_short


class OutputCutShort(Exception):
    """The output of a program ended where it must not; to be raised within ``output_of``."""


class _Feeder(threading.Thread):
    """Writes a program's input, which may raise while it is made."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", into: IO[bytes], given: Iterable[bytes]
    ) -> None:
        super().__init__(name="input of a program", daemon=True)
        self._process = process
        self._into = into
        self._given = given
        self.failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Write all of it; stop where the program reads no more."""
        try:
            with contextlib.suppress(BrokenPipeError), self._into as into:
                for block in self._given:
                    into.write(block)
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for the program
            self.failure = error
            self._process.kill()


class _Listener(threading.Thread):
    """Reads what a program says of its errors, so that it never waits for somebody to listen."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="errors of a program", daemon=True)
        self._stream = stream
        self._said = b""
        self.start()

    def run(self) -> None:
        """Read to the end."""
        for line in self._stream:
            if len(self._said) < _MOST_SAID:
                self._said += line

    def reason(self) -> str:
        """Return the first error, without the program's name."""
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        told = next((one for one in lines if "error" in one.lower()), lines[0] if lines else "")
        return told.partition("error:")[2].strip() or told or "it was ended"
