"""Ping: everything about both systems that can be known without changing anything."""
