"""The tutorial, done as it stands: each block in its order, in shells of its own."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from docs import pages
from waiting import HANGS_AFTER_SECONDS, wait_until

PAGE: Final = "docs/tutorial/first-connection.md"
PORTS: Final = (9100, 9200, 9201, 8700)

_STEP: Final = re.compile(
    r"^<!-- (?P<word>enter|expect|background)(?:: (?P<what>[^\n]+?))? -->$"
    r"|^```sh\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """A block, what to press before it, and what it should say."""

    block: str
    enters: int
    expected: str
    background: str


def steps() -> list[Step]:
    text = pages.text(PAGE).partition("## 1. ")[2]
    found: list[Step] = []
    enters, expected, background = 0, "", ""
    for match in _STEP.finditer(text):
        match match["word"]:
            case "enter":
                enters += 1
            case "expect":
                expected = match["what"]
            case "background":
                background = match["what"]
            case _:
                found.append(Step(match["block"], enters, expected, background))
                enters, expected, background = 0, "", ""
    return found


def free_ports() -> dict[str, str]:
    """Choose ports in place of those on the page: three in the simulators' distances, one."""
    for first in range(21_000, 29_000, 7):
        wanted = [first, first + 100, first + 101, first + 200]
        if all(_is_free(port) for port in wanted):
            return dict(zip(map(str, PORTS), map(str, wanted), strict=True))
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


class Reader:
    """Somebody who follows the page: two terminals that stay open, and one to type in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()
        self.variables = {
            key: value for key, value in os.environ.items() if not key.startswith("MLC_")
        }
        self.variables["PATH"] = f"{Path(sys.executable).parent}:{self.variables['PATH']}"
        self.variables["MLC_PUBLIC_URL"] = f"http://127.0.0.1:{self.ports['8700']}"
        self.running: list[subprocess.Popen[bytes]] = []
        self.keyboard, self.terminal = pty.openpty()
        self.said = ""

    def follow(self, step: Step) -> None:
        for _ in range(step.enters):
            os.write(self.keyboard, b"\n")
        if step.background:
            self._begin(step)
            return

        def is_said() -> bool:
            self.said = self._type(step.block)
            return re.search(step.expected, self.said) is not None

        try:
            wait_until(is_said, every_seconds=0.3)
        except AssertionError:
            log = (self.folder / "serve.out").read_text("utf-8")[-3000:]
            pytest.fail(f"{step.block}\nshould say {step.expected}, said:\n{self.said}\n{log}")

    def close(self) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGINT)
            process.wait(HANGS_AFTER_SECONDS)
        os.close(self.keyboard)
        os.close(self.terminal)

    def _begin(self, step: Step) -> None:
        words = self._as_here(step.block).split()
        port = self.ports["9100" if step.background == "sim" else "8700"]
        out = (self.folder / f"{step.background}.out").open("wb")
        with out:
            self.running.append(
                subprocess.Popen(  # noqa: S603 - a command of the page
                    [*words, "--port", port],
                    cwd=self.folder,
                    env=self.variables,
                    stdin=self.terminal if step.background == "sim" else subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        self._wait_for(step.background, "ctrl-C")

    def _wait_for(self, name: str, words: str) -> None:
        def said() -> str:
            return (self.folder / f"{name}.out").read_text("utf-8")

        wait_until(lambda: words in said() or self.running[-1].poll() is not None)
        assert self.running[-1].poll() is None, said()

    def _type(self, block: str) -> str:
        done = subprocess.run(  # noqa: S603 - a block of the page
            ["/bin/sh", "-e", "-c", self._as_here(block)],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def _as_here(self, block: str) -> str:
        """Put in the ports of this machine, and what a person copies from the screen."""
        for port, here in self.ports.items():
            block = re.sub(rf"\b{port}\b", here, block)
        if ids := re.findall(r"^(\d+) +\d{4}-", self.said, re.MULTILINE):
            block = re.sub(r"\bshow \d+", f"show {ids[0]}", block)
        return block


@pytest.fixture
def reader(server_path: Path) -> Iterator[Reader]:
    made = Reader(server_path)
    yield made
    made.close()


def test_the_tutorial_can_be_followed_step_by_step(reader: Reader) -> None:
    journal: list[str] = []
    for step in steps():
        reader.follow(
            Step(
                block=step.block,
                enters=step.enters,
                expected=re.sub(
                    r"\b(\d{4})\b",
                    lambda found: reader.ports.get(found[1], found[1]),
                    step.expected,
                ),
                background=step.background,
            )
        )
        if step.block.startswith("ml-connector journal list"):
            journal = reader.said.splitlines()

    assert len([line for line in journal if " mlc-" in line]) == 7
    assert len([step for step in steps() if step.expected]) > 10
