"""The simulated NetSuite's values: numbers, instants, types, refusals."""
