"""The queries of searches: filters in ShipBob's form, lists in pieces of allowed length. Pure.

Source: ShipBob reference, sections 6, 9.2 and 9.4.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import product as combinations
from typing import Final
from urllib.parse import quote

from ml_connector.errors import NeedsHuman
from ml_connector.words import Cause

# Some lists have at most 50 rows a page, whatever is asked for (section 6).
WROS_A_PAGE: Final = 50
LARGE_PAGE: Final = "250"

# About 150 ids a call work (section 9.3), and the address must not get too long for the edge.
_MOST_IN_A_LIST: Final = 150
_LONGEST_LIST: Final = 1500


def wro_filters(
    *,
    statuses: Collection[str] = (),
    inserted_since: datetime | None = None,
    inserted_until: datetime | None = None,
    completed_since: datetime | None = None,
    external_sync: bool | None = None,
) -> dict[str, str]:
    """Return the filters of a search for WROs, except the lists of keys.

    Raises:
        ValueError: a time has no zone.
    """
    filters = {"Limit": str(WROS_A_PAGE)}
    if statuses:
        filters["Statuses"] = ",".join(statuses)
    if inserted_since is not None:
        filters["InsertStartDate"] = moment(inserted_since)
    if inserted_until is not None:
        filters["InsertEndDate"] = moment(inserted_until)
    if completed_since is not None:
        filters["CompletedStartDate"] = moment(completed_since)
    if external_sync is not None:
        filters["ExternalSync"] = "true" if external_sync else "false"
    return filters


def wro_keys(
    ids: Collection[int | str] | None, numbers: Collection[str] | None
) -> Iterator[dict[str, str]]:
    """Yield the key filters of the calls that a search for these WROs takes, one after another.

    Raises:
        NeedsHuman: a purchase order number has a comma. ShipBob's filter can't find it, and then
            a second WRO would be made.
    """
    for number in numbers or ():
        refuse_comma(number)
    texts = None if ids is None else [str(one) for one in ids]
    for some_ids, some_numbers in combinations(lists(texts), lists(numbers)):
        keys = {}
        if some_ids is not None:
            keys["IDs"] = ",".join(some_ids)
        if some_numbers is not None:
            keys["PurchaseOrderNumbers"] = ",".join(some_numbers)
        yield keys


def refuse_comma(number: str) -> None:
    """Refuse a purchase order number that ShipBob's filter can't find.

    Raises:
        NeedsHuman: it has a comma, and a second WRO of that number would be made unseen.
    """
    if "," in number:
        raise NeedsHuman(
            f'ShipBob can\'t search for purchase order "{number}": it has a comma in it',
            cause=Cause.REFUSED_BY_SHIPBOB,
            remedy="Give the purchase order a number without a comma.",
        )


def sku_queries(skus: Collection[str] | None) -> Iterator[dict[str, str]]:
    """Yield the query of each call that a search for products takes."""
    for some in comma_safe_lists(skus):
        query = {"PageSize": LARGE_PAGE}
        if some is not None:
            query["SKU"] = _any_of(some)
        yield query


def inventory_queries(inventory_ids: Collection[int]) -> Iterator[dict[str, str]]:
    """Yield the query of each call that a search for products by inventory id takes."""
    for some in lists([str(one) for one in inventory_ids]):
        if some is not None:
            yield {"PageSize": LARGE_PAGE, "InventoryId": _any_of(some)}


def moment(when: datetime) -> str:
    """Return a time in UTC, rounded down to whole seconds.

    Raises:
        ValueError: it has no zone.
    """
    if when.tzinfo is None:
        raise ValueError("a filter needs a time with a zone")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _any_of(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"any:{','.join(values)}"


def comma_safe_lists(values: Collection[str] | None) -> Iterator[list[str] | None]:
    """Yield lists as ``lists`` does; each value with a comma comes alone, at the end.

    ShipBob separates the values of a list by commas, so such a value can't be one of several.
    """
    yield from lists(None if values is None else [one for one in values if "," not in one])
    yield from ([one] for one in values or () if "," in one)


def lists(values: Collection[str] | None) -> Iterator[list[str] | None]:
    """Yield lists that are short enough for one address; a single None for no filter."""
    if values is None:
        yield None
        return
    some: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(quote(value)) + 1
        if some and (len(some) == _MOST_IN_A_LIST or length + size > _LONGEST_LIST):
            yield some
            some, length = [], 0
        some.append(value)
        length += size
    if some:
        yield some
