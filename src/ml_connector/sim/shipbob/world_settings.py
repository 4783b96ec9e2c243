"""What a world sets in a simulator when it is made."""

from collections.abc import Mapping
from typing import Any, Final

from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.shipbob_pages import PAGE_PAST_THE_END, SCOPES
from ml_connector.sim.readings.shipbob_rules import (
    FEES_APPEAR,
    INVOICE_LINES,
    NEW_WRO,
    WRO_COUNTERS,
)
from ml_connector.sim.readings.shipbob_webhooks import SHIPPED_BODY, TOPICS_OFFERED
from ml_connector.sim.readings.shipbob_words import INVOICE_TYPES, RETURN_WORDS
from ml_connector.sim.shipbob.values.vocabulary import TOPICS, TOPICS_2026_01

_SETTINGS: Final[Mapping[Switch[Any], Mapping[str, Mapping[str, object]]]] = {
    TOPICS_OFFERED: {
        "without-wro": {
            "topics_not_offered": tuple(one for one in TOPICS if one.startswith("wro."))
        },
        "of-2026-01": {
            "topics_not_offered": tuple(one for one in TOPICS if one not in TOPICS_2026_01)
        },
    },
    SHIPPED_BODY: {"shipment": {"shipped_as_shipment": True}},
    PAGE_PAST_THE_END: {"nothing": {"empty_past_the_end": True}},
    SCOPES: {"text": {"one_string_of_scopes": True}},
    RETURN_WORDS: {"spaced": {"spaced_return_statuses": True}},
    INVOICE_TYPES: {"live": {"live_invoice_names": True}},
    NEW_WRO: {"later": {"listed_after_seconds": 2.0}},
    WRO_COUNTERS: {
        "received-lags": {"received_lags": True},
        "stowed-lags": {"stowed_lags": 1},
    },
    FEES_APPEAR: {"later": {"fees_appear_after_hours": 6.0}},
    INVOICE_LINES: {"gone": {"lines_vanish_after_days": 0.0}},
}


def settings_of(readings: Readings) -> dict[str, object]:
    """What differs from the usual settings, by the names of ``Settings``."""
    return {
        name: value
        for switch, by_reading in _SETTINGS.items()
        for name, value in by_reading.get(readings[switch], {}).items()
    }
