"""The simulated NetSuite's SuiteQL."""
