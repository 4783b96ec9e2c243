"""Values of a JSON body as the books hold them, by the property's kind (reference 6.3)."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.numbers import bounded


def _enumeration(value: object) -> str:
    return str(value["id"] if isinstance(value, dict) else value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool):
        raise TypeError("a number is wanted")
    return bounded(value)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("t", "true", "f", "false"):
        return str(value).lower() in ("t", "true")
    raise TypeError("a boolean is wanted")


def _day(value: object) -> str:
    return instants.from_date(date.fromisoformat(str(value)[:10]))


def _moment(value: object) -> str:
    return instants.utc_text(instants.parse_utc(str(value)))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return str(value["id"])
    if isinstance(value, list):
        raise TypeError("a text is wanted")
    return str(value)


def _as_it_is(value: object) -> object:
    return value


SCALARS: Final[Mapping[str, Callable[[object], object]]] = {
    "enum": _enumeration,
    "num": _number,
    "bool": _boolean,
    "date": _day,
    "time": _moment,
    "text": _text,
    "sub": _as_it_is,
    "list": _as_it_is,
}
"""Converters; they raise ValueError, TypeError or KeyError for what can't be used."""

ENUMERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "approvalstatus": ("1", "2", "3"),
    "orderstatus": tuple("ABCDEFGH"),
    "shipstatus": tuple("ABC"),
    "shipmentstatus": ("toBeShipped", "inTransit", "partiallyReceived", "received", "closed"),
}
"""What these properties can be (schemas/rest-schema-2026.1.json)."""
