"""``selftest --chaos``: this build killed again and again under a month's events."""
