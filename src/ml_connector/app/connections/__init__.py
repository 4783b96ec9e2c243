"""Connections: applied, checked, paused, removed."""
