"""Worlds: what the references leave open, as switches that the simulators take when made.

No real account could be reached while this was written, so each fact that is not certain has
two or more readings. A world chooses one for each; what it does not name is as the references
say most often.
"""

from ml_connector.sim.readings.readings import Readings
from ml_connector.sim.readings.switch import Switch
from ml_connector.sim.readings.table import SWITCHES, of_system
from ml_connector.sim.readings.world_file import WorldFileError, read_world_file

__all__ = [
    "SWITCHES",
    "Readings",
    "Switch",
    "WorldFileError",
    "of_system",
    "read_world_file",
]
