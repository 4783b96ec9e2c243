"""The simulated NetSuite's REST record service."""
