"""What a story is: things that happen in both systems, and the books they must lead to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happens.

    Attributes:
        says: what happens, for a person.
        do: makes it happen in the simulators.
        waits: causes that subjects may wait with afterwards.
    """

    says: str
    do: Callable[[], object]
    waits: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Stock of one SKU at one place, in both systems."""

    sku: str
    fulfillment_center: int
    location: int
    shipbob: int
    netsuite: Decimal

    @property
    def agrees(self) -> bool:
        """Whether both systems say the same."""
        return self.netsuite == self.shipbob


class Story(Protocol):
    """A story told to both simulators."""

    def set_up(self) -> None:
        """Enter what both systems know before the story begins."""
        ...

    def connection_tables(self) -> dict[str, str]:
        """Return the tables of the connection file that this story wants."""
        ...

    def opening(self) -> dict[tuple[str, int], int]:
        """Return the stock of before the story began, by SKU and NetSuite location."""
        ...

    def steps(self) -> Iterator[Step]:
        """Yield what happens, one step at a time."""
        ...

    def differences(self) -> list[Difference]:
        """Compare the stock of both systems, SKU by SKU and place by place."""
        ...


Teller = Callable[[NetSuiteSim, ShipBobSim], Story]
"""Makes a story for two simulators."""
