"""Entries of a sublist in a request's body, and which line each one is (7.3). Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.documents import Line
from ml_connector.sim.netsuite.books.line_numbers import Numbers
from ml_connector.sim.netsuite.values.numbers import bounded
from ml_connector.sim.netsuite.values.refusal import invalid_content


def _as_queries_say(line: int) -> int:
    return line


AS_QUERIES_SAY: Final = (_as_queries_say, _as_queries_say)
"""People point at a line; here they name it by the number that queries show."""


def columns_of(item: Mapping[str, object], *, static: bool) -> Mapping[str, object]:
    """A line's properties without its address."""
    skip = {"line", "orderline"} if static else {"line"}
    return {key: value for key, value in item.items() if key.lower() not in skip}


def addressed(
    lines: Iterable[Line],
    item: Mapping[str, object],
    path: str,
    *,
    transform: bool,
    static: bool,
    numbers: tuple[Numbers, Numbers],
) -> Line | None:
    """The line an entry addresses.

    In a transform by ``orderLine``, else by ``line`` with the same meaning (7.3). In a saved
    record by ``line``; receipts and fulfilments also by ``orderLine`` alone.
    """
    own, of_source = numbers
    number, order_line = key_of(item, "line", path), key_of(item, "orderline", path)
    if transform:
        number, order_line = None, order_line if order_line is not None else number
    if number is not None:
        return next((line for line in lines if own(line.id) == number), None)
    if order_line is None or not (transform or static):
        return None
    hanging = (line for line in lines if line.values.get("orderline") is not None)
    return next(
        (line for line in hanging if of_source(whole(line.values["orderline"])) == order_line),
        None,
    )


def key_of(item: Mapping[str, object], name: str, path: str = "") -> int | None:
    """The number that an entry gives under a name; None where it gives none.

    Raises:
        Refusal: it is no number.
    """
    for key, value in item.items():
        if key.lower() == name and value is not None:
            try:
                return int(bounded(value))
            except (TypeError, ValueError) as error:
                raise invalid_content(
                    f"Invalid value for the field {key}.", path=f"{path}.{key}"
                ) from error
    return None


def has(item: Mapping[str, object], name: str) -> bool:
    """Whether an entry gives a property, whatever its case."""
    return any(key.lower() == name for key in item)


def items_of(value: object) -> list[dict[str, object]]:
    """The entries of a sublist, or of what stands in its place.

    Raises:
        TypeError: it is no list of entries.
    """
    if value is None:
        return []
    if isinstance(value, dict):
        value = {key.lower(): part for key, part in value.items()}.get("items") or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("items are wanted")
    return value
