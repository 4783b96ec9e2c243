"""What the references leave open about ShipBob, switch by switch."""

from typing import Any, Final

from ml_connector.sim.readings import (
    shipbob_calls,
    shipbob_pages,
    shipbob_rules,
    shipbob_values,
    shipbob_webhooks,
    shipbob_words,
)
from ml_connector.sim.readings.switch import Switch

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    *shipbob_webhooks.SWITCHES,
    *shipbob_pages.SWITCHES,
    *shipbob_words.SWITCHES,
    *shipbob_values.SWITCHES,
    *shipbob_rules.SWITCHES,
    *shipbob_calls.SWITCHES,
)
"""All of them, in the order in which they are listed."""
