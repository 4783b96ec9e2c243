"""Settle: each document exactly once, in either system."""
