"""The readings of one world."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ml_connector.sim.readings.switch import Reading, Switch
from ml_connector.sim.readings.table import SWITCHES


class Readings:
    """One reading for each switch; immutable, and equal where all are.

    ``readings[WEBHOOK_BODY]`` is the reading of a switch, of the switch's own type.

    Args:
        chosen: readings by switch; all others are the default.

    Raises:
        ValueError: a switch has no such reading.
    """

    __slots__ = ("_chosen",)

    def __init__(self, chosen: Mapping[Switch[Any], str] | None = None) -> None:
        for switch, reading in (chosen or {}).items():
            if reading not in switch.readings:
                raise ValueError(f"{switch.name} has no reading {reading!r}")
        self._chosen: Mapping[Switch[Any], str] = MappingProxyType(
            {
                switch: reading
                for switch, reading in (chosen or {}).items()
                if reading != switch.default
            }
        )

    def __getitem__(self, switch: Switch[Reading]) -> Reading:
        """The reading of a switch."""
        reading: Reading = self._chosen.get(switch, switch.default)  # type: ignore[assignment]  # was checked when made
        return reading

    def __eq__(self, other: object) -> bool:
        """Whether both are the same world."""
        return isinstance(other, Readings) and self._chosen == other._chosen

    def __hash__(self) -> int:
        """The same for the same world."""
        return hash(frozenset(self._chosen.items()))

    def __repr__(self) -> str:
        """As a world file names them."""
        return f"Readings({self.as_named()})"

    @property
    def differing(self) -> tuple[tuple[Switch[Any], str], ...]:
        """The switches that are not at their default, in the order of the table."""
        known = [(switch, self._chosen[switch]) for switch in SWITCHES if switch in self._chosen]
        return (*known, *((one, at) for one, at in self._chosen.items() if one not in SWITCHES))

    def having(self, more: Iterable[tuple[Switch[Any], str]]) -> "Readings":
        """The same world with other readings of some switches."""
        return Readings({**self._chosen, **dict(more)})

    def as_named(self) -> dict[str, str]:
        """Readings by the names of switches, without defaults: the table of a world file."""
        return {switch.name: reading for switch, reading in self.differing}

    def sentences(self) -> list[str]:
        """A line for each switch that is not at its default: what is so in this world."""
        return [
            f'{switch.name} = "{reading}": {switch.sentence(reading)} ({switch.reference})'
            for switch, reading in self.differing
        ]
