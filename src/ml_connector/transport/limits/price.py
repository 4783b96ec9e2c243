"""What a call costs of ShipBob's minute, in gaps between calls at the steady pace."""

from typing import Final

PRICE_OF_A_CALL: Final = 1.0
"""Gaps that a call costs, whatever it asks for."""

LOW_WATER: Final = 15
"""Calls left in ShipBob's window below which we slow down (reference shipbob.md, section 4)."""

SURCHARGE: Final = 0.2
"""Gaps that a call costs more for each call that is left less than ``LOW_WATER``."""
