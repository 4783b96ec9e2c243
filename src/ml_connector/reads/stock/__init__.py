"""Reads about stock: what lies where, and how it moved."""
