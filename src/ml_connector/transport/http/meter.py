"""Counting calls."""

from typing import Protocol

from ml_connector.transport.call import Call


class Meter(Protocol):
    """Is told of every attempt that is sent, not of the wait for a limit before it."""

    def call_began(self, call: Call) -> None:
        """An attempt is about to be sent."""

    def call_ended(self, call: Call, outcome: str, seconds: float) -> None:
        """An attempt is over.

        Args:
            call: the call.
            outcome: ``ok``, ``already_exists``, ``cancelled``, or the cause of the failure.
            seconds: how long it took.
        """


class Unmetered:
    """Counts nothing."""

    def call_began(self, call: Call) -> None:
        """Nothing."""

    def call_ended(self, call: Call, outcome: str, seconds: float) -> None:
        """Nothing."""
