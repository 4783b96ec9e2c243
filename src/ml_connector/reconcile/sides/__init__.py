"""The two systems' sides of a month."""
