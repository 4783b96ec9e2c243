"""Returns: what came back becomes stock in NetSuite, or is written off."""
