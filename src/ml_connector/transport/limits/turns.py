"""Turns under a limit that are taken before the calls that need them.

The clock of a write begins when it is written down, so its turns are taken before that: then
nothing that waits for the limit can use its time up (ADR 0026).
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from ml_connector.transport import elapsed

GOOD_FOR_SECONDS: Final = 25.0
"""So long a turn may be used: its call must have ended before the turn counts no more
(``grants.TURN_SECONDS``)."""


class EndTurn(Protocol):
    """Ends a turn: ``sent`` says whether a call with it may have arrived."""

    def __call__(self, *, sent: bool) -> None:
        """End the turn."""
        ...


class _Turn(NamedTuple):
    """A turn that was taken, when (``elapsed.seconds``), and how it is ended."""

    taken_at: float
    end: EndTurn


def _needs_no_end(*, sent: bool) -> None:
    del sent


class Turns:
    """Turns that one run has taken ahead; who has none waits in the queue, as without them."""

    def __init__(self) -> None:
        self._limit_key = ""
        self._taken: deque[_Turn] = deque()

    def add(self, limit_key: str, end: EndTurn = _needs_no_end) -> None:
        """Add one more turn under the same limit."""
        self._limit_key = limit_key
        self._taken.append(_Turn(elapsed.seconds(), end))

    def use(self, limit_key: str) -> EndTurn | None:
        """Use one up for a call under this limit, if there is one; return how to end it then."""
        if self._limit_key != limit_key:
            return None
        while self._taken:
            turn = self._taken.popleft()
            if elapsed.seconds() <= turn.taken_at + GOOD_FOR_SECONDS:
                return turn.end
            turn.end(sent=False)
        return None

    def give_back(self) -> None:
        """Let the turns that are left over count no more."""
        while self._taken:
            self._taken.popleft().end(sent=False)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the calls within the block use these turns up."""
        before = _in_use.set(self)
        try:
            yield
        finally:
            _in_use.reset(before)


_in_use: Final[ContextVar[Turns | None]] = ContextVar("turns taken ahead", default=None)


def use_turn(limit_key: str) -> EndTurn | None:
    """Use a turn up that was taken ahead for a call under this limit, if there is one."""
    turns = _in_use.get()
    return turns.use(limit_key) if turns is not None else None
