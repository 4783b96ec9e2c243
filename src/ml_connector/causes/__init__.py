"""Why subjects stop, as data."""
