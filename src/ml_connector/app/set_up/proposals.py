"""Which NetSuite location a fulfillment center of ShipBob's is, by its name. Pure.

ShipBob's list gives a center's name, and an address that is not always there (shipbob.md section
9.1); NetSuite's locations have names that people gave. So a name only proposes: a person accepts.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

import msgspec

Why = Literal["chosen", "same name", "similar name", "no proposal"]

_WORD: Final = re.compile(r"[a-z0-9]+")
_COMMON: Final = frozenset(
    {"shipbob", "center", "centre", "fulfillment", "fulfilment", "warehouse", "location", "the"}
)


class CenterProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A center, and the location that it may be.

    Attributes:
        location: internal id; empty: none is proposed.
    """

    center: str
    name: str
    location: str
    why: Why


def proposals(
    centers: Sequence[Mapping[str, str]],
    locations: Sequence[Mapping[str, str]],
    chosen: Mapping[str, str],
) -> tuple[CenterProposal, ...]:
    """Return a proposal for each center; a location that is one center's is proposed to no other.

    Args:
        centers: with ``id`` and ``name``.
        locations: likewise.
        chosen: location by center, as a person chose.
    """
    taken = set(chosen.values())
    found: list[CenterProposal] = []
    for center in centers:
        location = chosen.get(center["id"], "")
        why: Why = "chosen"
        if not location:
            location, why = _proposed(center["name"], locations, taken)
        if location:
            taken.add(location)
        found.append(
            CenterProposal(center=center["id"], name=center["name"], location=location, why=why)
        )
    return tuple(found)


def _proposed(
    name: str, locations: Sequence[Mapping[str, str]], taken: Collection[str]
) -> tuple[str, Why]:
    wanted = _words(name)
    free = [one for one in locations if one["id"] not in taken]
    same = [one["id"] for one in free if wanted and _words(one["name"]) == wanted]
    if len(same) == 1:
        return same[0], "same name"
    similar = [one["id"] for one in free if wanted & _words(one["name"])]
    if len(similar) == 1:
        return similar[0], "similar name"
    return "", "no proposal"


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(name.casefold())) - _COMMON
