"""The simulated ShipBob's endpoints."""
