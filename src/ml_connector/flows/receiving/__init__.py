"""Receiving: what ShipBob has stowed becomes stock in NetSuite."""
