"""What our processes hold in memory gets into no file, and to no other process of their user."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from acceptance.service import COMMAND, children, is_ready
from waiting import wait_until

ROOT = os.geteuid() == 0
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_ptrace,-perfmon,-sys_admin"] if ROOT else []
"""Root reads the memory of everybody, unless it has given up the rights to."""

pytestmark = pytest.mark.skipif(
    ROOT and shutil.which("setpriv") is None, reason="root reads everything"
)


@contextmanager
def running(arguments: list[str], acme: Merchant) -> Iterator[int]:
    """Run a program without the rights of root; give its process id."""
    with (acme.folder / "memory.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [*WITHOUT_RIGHTS, *arguments],
            cwd=acme.folder,
            env=acme.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def limit_of_core_dumps(pid: int) -> list[str]:
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    [line] = [line for line in limits if line.startswith("Max core file size")]
    return line.split()[4:6]


def memory_is_readable(pid: int) -> bool:
    """Whether another process of the same user, with the same rights, may read it."""
    asked = subprocess.run(  # noqa: S603 - our own arguments
        [*WITHOUT_RIGHTS, "cat", f"/proc/{pid}/environ"], capture_output=True, check=False
    )
    return asked.returncode == 0


def test_no_process_of_the_service_leaves_its_memory_to_others(acme: Merchant) -> None:
    with running([*COMMAND, "serve", "--port", str(acme.port)], acme) as service:
        wait_until(lambda: is_ready(acme.url))
        parts = wait_until(lambda: children(service) if len(children(service)) > 1 else [])
        wait_until(lambda: b"worker_begins" in (acme.folder / "memory.log").read_bytes())
        limits = [limit_of_core_dumps(pid) for pid in (service, *parts)]
        readable = [memory_is_readable(pid) for pid in parts]

    assert limits == [["0", "0"]] * 3
    assert readable == [False, False]


def test_the_memory_of_other_programs_can_be_read(acme: Merchant) -> None:
    with running(["sleep", "1000"], acme) as pid:
        wait_until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep"))

        assert memory_is_readable(pid)
