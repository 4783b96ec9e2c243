"""The probable causes of a drift, and how units and names are written. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

import msgspec

Likely = Literal[
    "adjusted_in_netsuite",
    "adjusted_in_shipbob",
    "never_told",
    "moved_between_centers",
    "document_deleted",
    "document_changed",
    "wrong_location",
    "unit_of_measure",
    "entered_twice",
    "day_imported_twice",
    "other_connector",
    "wrong_order",
    "received_by_others",
    "fulfilled_by_others",
    "transferred_in_netsuite",
    "built_in_netsuite",
    "moved_in_netsuite",
    "counted_at_shipbob",
    "written_off_at_shipbob",
    "kitted_at_shipbob",
    "stowed_again",
    "restocked_twice",
    "cancelled_after_label",
    "picked_again",
    "kit_exploded_twice",
    "not_posted",
    "corrected",
    "posted_elsewhere",
    "posted_in_other_unit",
    "posted_otherwise",
    "several_causes",
    "booked_by_others",
    "sku_missing_in_netsuite",
    "sku_missing_in_shipbob",
    "several_movements",
    "unknown",
]
"""The probable causes of a drift: stable codes that people filter on."""

_NAMED: Final = 3


class DriftVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The probable cause of a drift.

    Attributes:
        likely: its code.
        says: the cause, for a person.
        remedy: what to do.
    """

    likely: Likely
    says: str
    remedy: str


def units(quantity: Decimal, *, sign: bool = False) -> str:
    """Return a number of units as people write it."""
    return f"{quantity.normalize():{'+' if sign else ''}f}"


def listed(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
