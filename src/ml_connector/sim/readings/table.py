"""All switches of both systems."""

from types import MappingProxyType
from typing import Any, Final

from ml_connector.sim.readings import netsuite, shipbob
from ml_connector.sim.readings.switch import Switch
from ml_connector.words import System

SWITCHES: Final[tuple[Switch[Any], ...]] = (*netsuite.SWITCHES, *shipbob.SWITCHES)
"""NetSuite's first; a name stands once."""

BY_NAME: Final = MappingProxyType({switch.name: switch for switch in SWITCHES})


def of_system(system: System) -> tuple[Switch[Any], ...]:
    """Return the switches that one simulator plays."""
    return tuple(switch for switch in SWITCHES if switch.system == system)
