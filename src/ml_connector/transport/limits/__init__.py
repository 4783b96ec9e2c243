"""Limits of both systems, held in the database."""
