"""Tracking: what left ShipBob becomes item fulfillments in NetSuite."""
