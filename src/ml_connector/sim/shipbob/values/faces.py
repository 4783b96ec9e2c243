"""How the values of an answer look in a world: types, nulls, dates, words (shipbob.md 9, 13).

Views show everything in the usual way; here it is changed, key by key, on its way out. Webhooks
carry the same faces as answers.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.shipbob_values import (
    AMOUNT_TYPE,
    DATE_STYLE,
    EMPTY_OBJECTS,
    FINAL_DESTINATION,
    ID_TYPE,
    LESSER_FIELDS,
    NO_DATE,
    PARCEL_NUMBER,
    QUANTITY_TYPE,
)
from ml_connector.sim.readings.shipbob_words import (
    ACTION_TAKEN,
    FEE_NAMES,
    INVOICE_TYPES,
    PARCEL_STATUS,
    STATUSES,
)

Json = dict[str, object]
Change = Callable[[Json], None]
"""Changes one object of an answer in place."""

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+)\+00:00")
_NO_DATE: Final = "0001-01-01T00:00:00"
_AMOUNTS: Final = frozenset(
    {"amount", "invoice_amount", "running_balance", "tax_amount", "unit_price", "total_price"}
)
_OBJECTS: Final = frozenset(
    {
        "additional_hazmat_attributes",
        "financials",
        "invoice",
        "retailer_program_data",
        "shipping_terms",
        "taxonomy",
    }
)
_LESSER: Final = frozenset(
    {
        "additional_details",
        "additional_reference",
        "box_labels_uri",
        "box_packaging_type",
        "carrier_service",
        "customer_name",
        "gift_message",
        "insurance_value",
        "measurements",
        "package_material_type",
        "package_type",
        "parent_cartons",
        "recipient",
        "running_balance",
        "ship_option",
        "tags",
        "tracking_url",
        "transactions",
    }
)
_OTHER_STATUSES: Final = {
    "Arrived": "Docked",
    "Counting": "Tallying",
    "PartiallyArrived": "Docking",
    "Processing": "Underway",
    "Stowing": "Shelving",
}
_OTHER_ACTIONS: Final = {"Restock": "PutAway", "Quarantine": "SetAside", "Dispose": "Recycle"}
_NO_COST: Final = frozenset({"Payment", "BalanceAdjustment", "Credits"})
_LONG_FEE: Final = " surcharge by the addendum on peak weeks, as agreed with the merchant, part 4"


class Faces:
    """Dresses answers for a world.

    Args:
        readings: the world.
    """

    def __init__(self, readings: Readings) -> None:
        self._changes = [
            change
            for switch, changes in _CHANGES.items()
            if (change := changes.get(readings[switch])) is not None
        ]

    def dressed(self, value: object) -> object:
        """The value as it looks in this world; the same object where nothing is changed."""
        return self._dressed(value) if self._changes else value

    def _dressed(self, value: object) -> object:
        if isinstance(value, list):
            return [self._dressed(one) for one in value]
        if not isinstance(value, dict):
            return value
        made: Json = {name: self._dressed(of) for name, of in value.items()}
        for change in self._changes:
            change(made)
        return made


def _each(concerns: Callable[[str, object], bool], changed: Callable[[Any], object]) -> Change:
    """Change the values of the keys that are concerned."""

    def change(made: Json) -> None:
        for name, value in made.items():
            if concerns(name, value):
                made[name] = changed(value)

    return change


def _is_id(name: str, value: object) -> bool:
    return (name == "id" or name.endswith("_id")) and type(value) is int


def _is_quantity(name: str, value: object) -> bool:
    named = name.endswith("quantity") or name in {"quantity_processed", "quantity_change"}
    return named and type(value) is int


def _is_amount(name: str, value: object) -> bool:
    return name in _AMOUNTS and isinstance(value, Decimal)


def _is_no_date(name: str, value: object) -> bool:
    return value is None and name.endswith(("_date", "_at", "timestamp"))


def _is_time(_: str, value: object) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _zulu(text: str) -> str:
    return _TIME.sub(r"\1Z", text)


def _without_zone(text: str) -> str:
    return _TIME.sub(r"\1", text)


def _without(names: frozenset[str]) -> Change:
    def change(made: Json) -> None:
        for name in names & made.keys():
            del made[name]

    return change


def _is_one_of(names: frozenset[str]) -> Callable[[str, object], bool]:
    return lambda name, _: name in names


def _as_freight(made: Json) -> None:
    if "pro_number" in made and made.get("tracking_number"):
        made["pro_number"], made["tracking_number"] = made["tracking_number"], None


def _as_delivered(made: Json) -> None:
    if made.get("delivery_date") and made.get("status") == "Completed":
        made["status"], made["actual_fulfillment_date"] = "Delivered", None


def _in_other_words(made: Json) -> None:
    for taken in cast("list[Json]", made.get("action_taken") or []):
        taken["action"] = _OTHER_ACTIONS.get(str(taken["action"]), taken["action"])


_CHANGES: Final[Mapping[Switch[Any], Mapping[str, Change]]] = {
    PARCEL_STATUS: {"Delivered": _as_delivered},
    PARCEL_NUMBER: {"pro": _as_freight},
    ACTION_TAKEN: {
        "absent": _without(frozenset({"action_taken"})),
        "null": _each(_is_one_of(frozenset({"action_taken"})), lambda _: None),
        "unknown": _in_other_words,
    },
    STATUSES: {
        "others": _each(
            lambda name, value: name in {"status", "box_status"} and value in _OTHER_STATUSES,
            lambda value: _OTHER_STATUSES[value],
        )
    },
    INVOICE_TYPES: {
        "unknown": _each(
            lambda name, value: name == "invoice_type" and value not in _NO_COST,
            lambda value: f"{value} (second schedule)",
        )
    },
    FEE_NAMES: {
        "unknown": _each(
            lambda name, value: name == "transaction_fee" and isinstance(value, str),
            lambda value: value + _LONG_FEE,
        )
    },
    EMPTY_OBJECTS: {
        "given": _each(lambda name, value: name in _OBJECTS and value is None, lambda _: {})
    },
    LESSER_FIELDS: {
        "null": _each(_is_one_of(_LESSER), lambda _: None),
        "absent": _without(_LESSER),
    },
    FINAL_DESTINATION: {
        "absent": _without(frozenset({"final_destination_fulfillment_center_id"}))
    },
    NO_DATE: {"zero": _each(_is_no_date, lambda _: _NO_DATE)},
    DATE_STYLE: {"zulu": _each(_is_time, _zulu), "no-zone": _each(_is_time, _without_zone)},
    ID_TYPE: {
        "text": _each(_is_id, str),
        "lettered": _each(_is_id, lambda value: f"id-{value}"),
    },
    QUANTITY_TYPE: {
        "decimal": _each(_is_quantity, float),
        "text": _each(_is_quantity, str),
        "decimal-text": _each(_is_quantity, lambda value: f"{value}.0"),
        "half": _each(_is_quantity, lambda value: value + 0.5),
    },
    AMOUNT_TYPE: {"text": _each(_is_amount, str)},
}
"""What each reading changes in an object, the words before the types."""
