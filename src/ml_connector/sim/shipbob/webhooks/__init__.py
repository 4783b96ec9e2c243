"""The simulated ShipBob's webhooks."""
