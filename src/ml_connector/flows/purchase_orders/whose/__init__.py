"""Whose a WRO is that has a number which several orders may lead to."""
