"""How long what is asked of ShipBob is gathered, so that it goes out in fewer calls.

ShipBob allows 150 calls a minute (shipbob.md section 4), and each call costs one, however much
it asks for. So while further keys keep coming, a call that is not full waits so long after the
one before (``transport/batch.py``). How many keys fit into a call stands beside each resource.
"""

from typing import Final

SHIPMENTS_APART_SECONDS: Final = 1.0
"""Reads about shipments: orders, parcels, and their sales orders in NetSuite."""

SHIPMENTS_BURST: Final = 5
"""Reads about shipments after a pause that go out at once, so that one that comes alone waits
for nothing."""

CROWD_APART_SECONDS: Final = 2.5
"""Reads about WROs, their numbers and products by work that comes in crowds and that nobody waits
for: the orders of a push, WROs that were just announced."""

MARKS_APART_SECONDS: Final = 1.25
"""Marks of what is booked, which nothing waits for: the calls of the minute are left to reads."""
