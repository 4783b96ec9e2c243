"""Decisions of people as plans see them. Shared by all flows."""
