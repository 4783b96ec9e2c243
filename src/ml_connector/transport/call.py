"""A call to one of the two systems and what came back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from ml_connector.errors import ConnectorError
from ml_connector.words import System


class Patience(StrEnum):
    """How long a kind of call may take in all, from the first byte to the last."""

    TOKEN = "token"  # noqa: S105 - a kind of call, not a secret
    READ = "read"
    QUERY = "query"
    WRITE = "write"


class Priority(IntEnum):
    """Who goes first where calls queue for a limit: by who waits for what comes of them.

    ``LIVE``: somebody just told us of it, a webhook or a person. ``PUSH``: orders that are
    announced at their time of day. ``BULK``: sweeps, which only look. ``REPORT``: month ends
    and audits.
    """

    LIVE = 0
    PUSH = 1
    BULK = 2
    REPORT = 3


_present: Final[ContextVar[Priority]] = ContextVar("priority of calls", default=Priority.LIVE)


def present_priority() -> Priority:
    """Return the priority of the work that this code is done for; ``LIVE`` unless said."""
    return _present.get()


_in_crowd: Final[ContextVar[bool]] = ContextVar("reads gather a moment longer", default=False)


def comes_in_crowds() -> bool:
    """Whether this work may wait a moment for others whose reads it can share."""
    return _in_crowd.get() or present_priority() is not Priority.LIVE


@contextmanager
def working_at(priority: Priority, *, in_crowds: bool = False) -> Iterator[None]:
    """Let all calls within the block, and in tasks begun there, go no sooner than this.

    Args:
        priority: of the calls.
        in_crowds: live work of which much comes at once and nobody waits for one of it: its
            reads gather a moment longer. Less urgent work does so anyway.
    """
    before, crowd_before = _present.set(priority), _in_crowd.set(in_crowds)
    try:
        yield
    finally:
        _in_crowd.reset(crowd_before)
        _present.reset(before)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request.

    Attributes:
        connection: name of the connection it is made for.
        system: which of the two systems it goes to.
        operation: name of the client's method, such as ``receiving.get``; seen in
            metrics, logs and recordings.
        headers: names as they go on the wire.
        body: the raw bytes; None for no body.
        patience: which time limits apply.
        repeatable: a second one changes nothing (reads, queries, idempotent marks), so
            the transport may try again by itself.
        priority: its place in the queue for a limit.
        limit: key of the limit it counts against, such as ``netsuite:TSTDRV1234567``;
            empty for none (token endpoints).
        send_by: when (``elapsed.seconds``) the call must have begun at the latest;
            later it is not sent at all. Keeps a paused process from sending a stale write.
    """

    connection: str
    system: System
    operation: str
    method: str
    url: str
    # Tokens and assertions must not come out with a traceback that shows the call.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    patience: Patience = Patience.READ
    repeatable: bool = False
    priority: Priority = Priority.LIVE
    limit: str = ""
    send_by: float | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: any status, header names in lower case, the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """Return a header by its lower-case name."""
        return self.headers.get(name)


Classify = Callable[[Answer], ConnectorError | None]
"""Turns an answer into the failure it means, or None when it is a success.

There is one per system, and no status code anywhere else.
"""
