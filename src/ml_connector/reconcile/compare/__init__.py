"""Comparison of a month: journal, NetSuite and ShipBob."""
