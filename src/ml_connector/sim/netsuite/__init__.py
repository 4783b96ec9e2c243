"""A simulator of Oracle NetSuite's SuiteTalk REST web services, with books of its own."""

from ml_connector.sim.netsuite.company import Preferences
from ml_connector.sim.netsuite.simulator import NetSuiteSim

__all__ = ["NetSuiteSim", "Preferences"]
