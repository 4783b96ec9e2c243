"""Who works at the simulated ShipBob, and what they do."""
