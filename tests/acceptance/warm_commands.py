"""Commands that need not load anything: each is a fork of a process that has it loaded.

Loading is most of the work of a short command, and tests run hundreds. A command is still a
process of its own, with its own arguments, environment, folder and streams. After each one, what
it has loaded is loaded here too, for those that come after it. What commands load by themselves
is looked at in ``cli/test_imports.py``.

This file is a program too: the process that is forked. It never has a thread or a connection.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

_MESSAGE_BYTES: Final = 1 << 17


# On the side of the tests


class WarmCommands:
    """Runs commands by a process that is forked for each; it begins with the first one."""

    def __init__(self) -> None:
        self._beginning = threading.Lock()
        self._asks: socket.socket | None = None

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> tuple[int, str, str]:
        """Run one command to its end; return its exit status, output and errors."""
        asked = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        ended, ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ended:
            with ends, _Pipe() as out, _Pipe() as err:
                handed = [ends.fileno(), out.end, err.end]
                socket.send_fds(self._warm(), [json.dumps(asked).encode()], handed)
                out.close_end()
                err.close_end()
                printed, errors = _read_both(out.beginning, err.beginning)
            status = int(ended.recv(_MESSAGE_BYTES))
        return status, printed.decode(), errors.decode()

    def _warm(self) -> socket.socket:
        with self._beginning:
            if self._asks is None:
                self._asks, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                self._asks.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _MESSAGE_BYTES)
                with theirs:
                    process = subprocess.Popen(  # noqa: S603 - this file
                        [sys.executable, "-P", __file__, str(theirs.fileno())],
                        env=without_settings(os.environ),
                        stdin=subprocess.DEVNULL,
                        pass_fds=[theirs.fileno()],
                    )
                atexit.register(_end, self._asks, process)
            return self._asks


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are no settings of ours."""
    return {name: value for name, value in environment.items() if not name.startswith("MLC_")}


def _end(asks: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    asks.close()
    process.wait()


class _Pipe:
    def __enter__(self) -> Self:
        self.beginning, self.end = os.pipe()
        self._open = [self.beginning, self.end]
        return self

    def close_end(self) -> None:
        self._open.remove(self.end)
        os.close(self.end)

    def __exit__(self, *_: object) -> None:
        for one in self._open:
            os.close(one)


def _read_both(*beginnings: int) -> list[bytes]:
    said = dict.fromkeys(beginnings, b"")
    with selectors.DefaultSelector() as selector:
        for one in beginnings:
            selector.register(one, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                read = os.read(key.fd, _MESSAGE_BYTES)
                said[key.fd] += read
                if not read:
                    selector.unregister(key.fd)
    return list(said.values())


# In the process that is forked


@dataclass
class _Forking:
    """Forks for each command that is asked for, until nobody can ask any more.

    Args:
        asks: where commands are asked for.
    """

    asks: socket.socket
    running: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.learns, self.tells = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.selector = selectors.DefaultSelector()
        for one in (self.asks, self.learns):
            self.selector.register(one, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any] | None:
        """Return in each forked process what it is to do; in this one None, at the end."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.learns:
                    self._learn()
                elif key.fileobj is not self.asks:
                    self._ended(key.fd)
                else:
                    said, handed, _flags, _ = socket.recv_fds(self.asks, _MESSAGE_BYTES, 3)
                    if not said:
                        return None
                    if (asked := self._fork(json.loads(said), *handed)) is not None:
                        return asked

    def _fork(self, asked: dict[str, Any], ends: int, out: int, err: int) -> dict[str, Any] | None:
        gc.freeze()
        if (pid := os.fork()) == 0:
            os.dup2(out, 1)
            os.dup2(err, 2)
            self._leave(ends, out, err)
            return asked
        os.close(out)
        os.close(err)
        watched = os.pidfd_open(pid)
        self.running[watched] = (pid, socket.socket(fileno=ends))
        self.selector.register(watched, selectors.EVENT_READ)
        return None

    def _leave(self, *handed: int) -> None:
        """Keep nothing of the process that was forked but the way to tell it something."""
        for one in handed:
            os.close(one)
        for watched, (_, told) in self.running.items():
            os.close(watched)
            told.close()
        self.selector.close()
        self.learns.close()
        self.asks.close()

    def _ended(self, watched: int) -> None:
        self.selector.unregister(watched)
        os.close(watched)
        pid, told = self.running.pop(watched)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with told, contextlib.suppress(BrokenPipeError):
            told.send(str(status).encode())

    def _learn(self) -> None:
        for name in self.learns.recv(_MESSAGE_BYTES).decode().split():
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _to_load(loaded: Collection[str]) -> list[str]:
    """Return modules in an order in which they can be loaded: those of ours bring the others.

    Python's own are left out: some come right only in the order in which they load each other.
    """
    ours = sorted(one for one in loaded if one.partition(".")[0] == "ml_connector")
    known = {"ml_connector", *sys.stdlib_module_names}
    return ours + sorted(one for one in loaded if one.partition(".")[0] not in known)


def _program() -> None:
    from ml_connector.cli import main  # noqa: PLC0415 - not needed by the tests

    forking = _Forking(socket.socket(fileno=int(sys.argv[1])))
    asked = forking.serve()
    if asked is None:
        return
    there = set(sys.modules)

    def tell() -> None:
        loaded = " ".join(_to_load(set(sys.modules) - there)).encode()
        with contextlib.suppress(OSError):
            forking.tells.send(loaded[:_MESSAGE_BYTES], socket.MSG_DONTWAIT)

    atexit.register(tell)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    os.chdir(asked["folder"])
    sys.argv[1:] = asked["arguments"]
    main()


if __name__ == "__main__":
    _program()
