"""A demo or a bench that is ended, or killed, leaves nothing behind that runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acceptance.service import is_alive
from waiting import HANGS_AFTER_SECONDS, wait_until


def environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
    return {**kept, "MLC_DATA_DIR": str(folder / "data")}


def said_of(pid: int) -> str:
    """What a process was started with, and where it works."""
    try:
        process = Path(f"/proc/{pid}")
        words = (process / "cmdline").read_bytes() + b" " + (process / "environ").read_bytes()
        return f"{words.decode(errors='replace')} {(process / 'cwd').readlink()}/"
    except OSError:
        return ""


def living(folder: Path) -> list[int]:
    """The processes that run with this folder, whoever their parent is by now."""
    every = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [one for one in every if f"{folder}/" in said_of(one) and is_alive(one)]


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command in a session of its own; afterwards nothing of it is there."""
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "ml_connector", *arguments],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for pid in living(folder):
            os.kill(pid, signal.SIGKILL)
        process.wait()


def said(folder: Path) -> str:
    return (folder / "out").read_text("utf-8")


def runs(folder: Path, *words: str) -> bool:
    """Whether each word stands in some command line."""
    lines = [said_of(pid).partition(" ")[0] for pid in living(folder)]
    return all(any(word in line for line in lines) for word in words)


def test_a_killed_demo_takes_all_with_it(server_path: Path) -> None:
    with started(server_path, "demo", "--port", "0") as demo:
        wait_until(lambda: runs(server_path, "worker", "web", "postgres:"))
        demo.kill()
        demo.wait()
        wait_until(lambda: not living(server_path))


def test_the_next_demo_clears_away_what_a_killed_one_left(server_path: Path) -> None:
    with started(server_path, "demo", "--port", "0") as demo:
        wait_until(lambda: runs(server_path, "worker", "web"))
        os.killpg(demo.pid, signal.SIGKILL)
        demo.wait()
        with started(server_path, "demo", "--port", "0") as again:
            wait_until(lambda: "\n1. " in said(server_path) or again.poll() is not None)
            assert again.poll() is None, said(server_path)
            again.terminate()

            assert again.wait(HANGS_AFTER_SECONDS) != 0
            assert living(server_path) == []


@pytest.mark.parametrize(
    ("name", "child", "number"),
    [
        ("writes", "worker", signal.SIGTERM),
        ("acks", "load", signal.SIGKILL),
        ("first-poll", "inbound_work", signal.SIGINT),
    ],
)
def test_a_bench_that_ends_takes_all_with_it(
    server_path: Path, name: str, child: str, number: signal.Signals
) -> None:
    with started(server_path, "bench", name, "--quick", "--seconds", "300") as bench:
        wait_until(lambda: runs(server_path, child, "postgres:"))
        os.kill(bench.pid, number)
        bench.wait(HANGS_AFTER_SECONDS)
        wait_until(lambda: not living(server_path))

        assert list((server_path / "data").iterdir()) == []
