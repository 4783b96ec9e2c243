"""The simulated ShipBob's values: dates, words, labels."""
