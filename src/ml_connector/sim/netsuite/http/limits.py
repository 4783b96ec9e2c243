"""Requests in flight (reference 10.1-10.3)."""

from dataclasses import dataclass


@dataclass(slots=True)
class Limits:
    """Requests in flight, and how many may be.

    Attributes:
        concurrency: of the account, all its integrations together.
        reserved: taken by somebody else's integrations.
        in_flight: right now.
        peak: the most there were.
        refused: answered with 429.
    """

    concurrency: int
    reserved: int = 0
    in_flight: int = 0
    peak: int = 0
    refused: int = 0

    @property
    def free(self) -> int:
        """How many more requests would be taken now."""
        return max(0, self.concurrency - self.reserved - self.in_flight)
