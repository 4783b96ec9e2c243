"""A month in temporary tables, so that its size does not matter."""
