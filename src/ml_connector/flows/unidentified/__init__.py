"""Unidentified receiving: boxes that ShipBob can't assign are shown to a person."""
