"""Assumptions: what could not be tried on the two systems, as data."""
