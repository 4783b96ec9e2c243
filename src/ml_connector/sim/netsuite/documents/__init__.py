"""What each document does to the simulated NetSuite's books."""
