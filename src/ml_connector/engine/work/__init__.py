"""Jobs: lanes, workers, back-off and what is done from time to time."""
