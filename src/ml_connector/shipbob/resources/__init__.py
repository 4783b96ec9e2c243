"""ShipBob's resources: each with its calls and its payloads."""
