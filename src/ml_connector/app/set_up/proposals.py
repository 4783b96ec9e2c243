"""Which NetSuite location a fulfillment center is, and which time zone the account's. Pure.

ShipBob's list gives a center's name, and an address that is not always there (shipbob.md section
9.1); NetSuite's locations have names that people gave, and an address where somebody wrote one
(NS-077). So both only propose: a person accepts.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

Why = Literal["chosen", "same name", "same address", "similar name", "same city", "no proposal"]

_WORD: Final = re.compile(r"[a-z0-9]+")
_COMMON: Final = frozenset(
    {"shipbob", "center", "centre", "fulfillment", "fulfilment", "warehouse", "location", "the"}
)


ZONES: Final = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    *("America/Phoenix", "America/Anchorage", "Pacific/Honolulu", "America/Halifax"),
    *("America/St_Johns", "America/Bogota", "America/Mexico_City", "America/Sao_Paulo"),
    *("Europe/London", "UTC", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul"),
    *("Asia/Jerusalem", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka"),
    *("Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Perth", "Australia/Adelaide"),
    *("Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland"),
)
"""Zones that are proposed: where ShipBob's merchants and its fulfillment centers are first."""

_STEP: Final = timedelta(minutes=15)
"""Zones are whole quarters of an hour from UTC; the rest is the call's time and a wrong clock."""


class AddressedPlace(NamedTuple):
    """A center or a location.

    Attributes:
        address: as one text, of a center with commas between street, city and postal code; empty
            where it is not shown.
    """

    id: str
    name: str
    address: str = ""


class CenterProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A center, and the location that it may be.

    Attributes:
        location: internal id; empty: none is proposed.
    """

    center: str
    name: str
    location: str
    why: Why
    address: str = ""


def proposals(
    centers: Sequence[AddressedPlace],
    locations: Sequence[AddressedPlace],
    chosen: Mapping[str, str],
) -> tuple[CenterProposal, ...]:
    """Return a proposal for each center; a location that is one center's is proposed to no other.

    Args:
        centers: as ShipBob lists them.
        locations: as NetSuite does.
        chosen: location by center, as a person chose.
    """
    found: dict[str, tuple[str, Why]] = {
        one.id: (chosen[one.id], "chosen") for one in centers if chosen.get(one.id)
    }
    taken = set(chosen.values())
    for why, fits in _WAYS.items():
        open_centers = [one for one in centers if one.id not in found]
        free = [one for one in locations if one.id not in taken]
        for center, location in _pairs(open_centers, free, fits):
            found[center.id] = (location.id, why)
            taken.add(location.id)
    none: tuple[str, Why] = ("", "no proposal")
    return tuple(
        CenterProposal(
            center=one.id,
            name=one.name,
            address=one.address,
            location=found.get(one.id, none)[0],
            why=found.get(one.id, none)[1],
        )
        for one in centers
    )


def _pairs(
    centers: Sequence[AddressedPlace],
    locations: Sequence[AddressedPlace],
    fits: Callable[[AddressedPlace, AddressedPlace], bool],
) -> Iterator[tuple[AddressedPlace, AddressedPlace]]:
    """Yield the centers that fit one location alone, which fits no other center."""
    fitting = [(one, place) for one in centers for place in locations if fits(one, place)]
    of_center = Counter(center.id for center, _ in fitting)
    of_location = Counter(location.id for _, location in fitting)
    for center, location in fitting:
        if of_center[center.id] == 1 == of_location[location.id]:
            yield center, location


def _has_same_name(center: AddressedPlace, location: AddressedPlace) -> bool:
    name = _words(center.name)
    return bool(name) and _words(location.name) == name


def _has_same_address(center: AddressedPlace, location: AddressedPlace) -> bool:
    """Whether street and house number, and the postal code, stand in the location's address."""
    parts = center.address.split(", ")
    street, code = _every_word(parts[0]), _every_word(parts[-1])
    return len(parts) > 1 and street | code <= _every_word(location.address)


def _has_similar_name(center: AddressedPlace, location: AddressedPlace) -> bool:
    return bool(_words(center.name) & _words(location.name)) and not _elsewhere(center, location)


def _is_named_by_city(center: AddressedPlace, location: AddressedPlace) -> bool:
    city = _city(center)
    return bool(city) and city <= _words(location.name) and not _elsewhere(center, location)


_WAYS: Final[Mapping[Why, Callable[[AddressedPlace, AddressedPlace], bool]]] = {
    "same name": _has_same_name,
    "same address": _has_same_address,
    "similar name": _has_similar_name,
    "same city": _is_named_by_city,
}
"""The ways to propose a location, the surest first: a location whose address is known to be in
another city is proposed by neither of the last two."""


def _elsewhere(center: AddressedPlace, location: AddressedPlace) -> bool:
    """Whether both addresses are known, and the center's city is not the location's."""
    there, city = _every_word(location.address), _city(center)
    return bool(there) and bool(city) and not city <= there


def _city(center: AddressedPlace) -> frozenset[str]:
    """Return the words of a center's city; none where its address does not tell it."""
    parts = center.address.split(", ")
    return _every_word(parts[-2]) if len(parts) > 2 else frozenset()  # noqa: PLR2004 - street, city, code


def _words(name: str) -> frozenset[str]:
    return _every_word(name) - _COMMON


def _every_word(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def zones_at(shown: datetime, now: datetime) -> tuple[str, ...]:
    """Return the zones in which it is as late as a clock shows; the likeliest first.

    A clock tells how far it is from UTC, and not where it stands. Assumptions: NS-021.

    Args:
        shown: by the account's clock, without a zone.
        now: the same moment, with one.
    """
    off = shown - now.replace(tzinfo=None) + (now.utcoffset() or timedelta())
    rounded = round(off / _STEP) * _STEP
    return tuple(zone for zone in ZONES if now.astimezone(ZoneInfo(zone)).utcoffset() == rounded)
