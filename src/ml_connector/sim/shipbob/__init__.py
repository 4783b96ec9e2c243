"""A simulated ShipBob with books of its own (reference shipbob.md, section 11)."""

from ml_connector.sim.shipbob.simulator import ShipBobSim

__all__ = ["ShipBobSim"]
