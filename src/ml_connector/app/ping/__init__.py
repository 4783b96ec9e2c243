"""Ping: everything about both systems that can be checked without changing anything."""
