"""Signing in to ShipBob: consent, tokens, hosts."""
