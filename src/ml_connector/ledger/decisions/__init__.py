"""Decisions: what people decided about what was stopped, and what these decisions account for."""
