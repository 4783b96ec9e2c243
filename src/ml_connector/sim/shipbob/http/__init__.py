"""The simulated ShipBob's door: calls, answers, paging, limits."""
