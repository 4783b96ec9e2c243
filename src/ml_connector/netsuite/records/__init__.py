"""NetSuite's records: their bodies, written and read."""
