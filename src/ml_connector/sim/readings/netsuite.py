"""What the references leave open about NetSuite, switch by switch."""

from typing import Any, Final

from ml_connector.sim.readings.switch import Switch

SWITCHES: Final[tuple[Switch[Any], ...]] = ()
"""All of them, in the order in which they are listed."""
