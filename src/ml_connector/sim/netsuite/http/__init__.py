"""The simulated NetSuite's door: sign-in, limits, jobs."""
