"""Reads of the locations that a connection maps: which subsidiaries they belong to.

A location that NetSuite shows in a form that can't be read stops what concerns that location, and
nothing else.
"""

import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.setup import Location, locations
from ml_connector.transport.batch import Batch
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable

_FRESH_SECONDS: Final = 600.0
_ODD_FRESH_SECONDS: Final = 30.0
"""How long it is kept that a location can't be read: it is put right while people wait."""
_ID: Final = re.compile(r"\d+")


_NO_IDS: Final = "its subsidiary is a text without an id: Expected `id` - at `$.subsidiary`"


class _SeenLocations(NamedTuple):
    """What NetSuite says of the locations.

    Attributes:
        subsidiaries: by location, of those that show any.
        odd: what is wrong with those that can't be read, by location.
    """

    subsidiaries: Mapping[str, tuple[str, ...]] = {}
    odd: Mapping[str, str] = {}


class LocationReads:
    """The locations of one connection, asked for together and kept for ten minutes.

    Args:
        netsuite: the account.
        by_center: internal ids of locations by ShipBob's id of the fulfillment center.
        others: further locations that the connection puts stock into.
    """

    def __init__(
        self,
        netsuite: NetSuite,
        by_center: Mapping[str, str] | None = None,
        others: Collection[str] = (),
    ) -> None:
        self._netsuite = netsuite
        self._by_center = by_center or {}
        self._ids = sorted({*self._by_center.values(), *others})
        self._kept: tuple[float, _SeenLocations] | None = None
        self._missing: Batch[None, _SeenLocations] = Batch(self._fetch, most=1)

    def of_center(self, center_id: int) -> str | None:
        """Return the location that a fulfillment center is mapped to; None where it is not."""
        return self._by_center.get(str(center_id))

    async def subsidiaries(self, at: Iterable[str | None]) -> Mapping[str, tuple[str, ...]]:
        """Return the subsidiaries that the connection's locations belong to (section 13.1).

        Locations that the role may not see are left out, and all of them where the account has
        no subsidiaries. One that belongs to several shows them in one text, as columns with
        several values do; which signs stand between the ids is not documented (NS-035).

        Args:
            at: the locations that the question is about; None among them is none.

        Raises:
            Unreadable: NetSuite's row of one of those can't be read.
        """
        kept = self._kept
        if kept is not None and time.monotonic() <= kept[0]:
            known = kept[1]
        else:
            known = await self._missing.get(None) or _SeenLocations()
        if odd := [known.odd[one] for one in dict.fromkeys(at) if one and one in known.odd]:
            raise unreadable("NetSuite", odd)
        return known.subsidiaries

    async def _fetch(self, _: Sequence[None]) -> Mapping[None, _SeenLocations]:
        spoiled: list[SpoiledRow] = []
        try:
            with gathering(spoiled):
                found = await locations(self._netsuite.query, self._ids)
        except UnknownIdentifier:  # the role may not see any (section 4.5)
            found = {}
        known = _known(self._ids, found, spoiled)
        fresh = _ODD_FRESH_SECONDS if known.odd else _FRESH_SECONDS
        self._kept = (time.monotonic() + fresh, known)
        return {None: known}


def _known(
    asked: Iterable[str], found: Mapping[str, Location], spoiled: Sequence[SpoiledRow]
) -> _SeenLocations:
    """Return what rows say of the locations that were asked for. Pure.

    A row that can't be read and shows no id may be that of any location without a row.
    """
    nameless = "; ".join(one.sentence for one in spoiled if "id" not in one.ids)
    odd = dict.fromkeys((one for one in asked if one not in found), nameless) if nameless else {}
    odd |= {one.ids["id"]: one.sentence for one in spoiled if "id" in one.ids}
    subsidiaries: dict[str, tuple[str, ...]] = {}
    for one in found.values():
        if ids := tuple(dict.fromkeys(_ID.findall(one.subsidiary or ""))):
            subsidiaries[one.id] = ids
        elif (one.subsidiary or "").strip():
            odd[one.id] = _NO_IDS
    named = {location: f"location {location}, {said}" for location, said in odd.items()}
    return _SeenLocations(subsidiaries, named)
