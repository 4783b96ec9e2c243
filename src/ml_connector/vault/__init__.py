"""Secrets: envelope encryption under a master key outside the database, and tokens."""
