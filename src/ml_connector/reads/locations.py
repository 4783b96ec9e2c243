"""Reads of the locations that a connection maps: which subsidiaries they belong to."""

import re
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.setup import locations
from ml_connector.transport.batch import Batch

_FRESH_SECONDS: Final = 600.0
_ID: Final = re.compile(r"\d+")


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
        self._kept: tuple[float, Mapping[str, tuple[str, ...]]] | None = None
        self._missing: Batch[None, Mapping[str, tuple[str, ...]]] = Batch(self._fetch, most=1)

    def of_center(self, center_id: int) -> str | None:
        """Return the location that a fulfillment center is mapped to; None where it is not."""
        return self._by_center.get(str(center_id))

    async def subsidiaries(self) -> Mapping[str, tuple[str, ...]]:
        """Return the subsidiaries that the connection's locations belong to (section 13.1).

        Locations that the role may not see are left out, and all of them where the account has
        no subsidiaries. One that belongs to several shows them in one text, as columns with
        several values do; which signs stand between the ids is not documented (NS-035).
        """
        kept = self._kept
        if kept is not None and time.monotonic() <= kept[0]:
            return kept[1]
        return await self._missing.get(None) or {}

    async def _fetch(self, _: Sequence[None]) -> Mapping[None, Mapping[str, tuple[str, ...]]]:
        try:
            found = await locations(self._netsuite.query, self._ids)
        except UnknownIdentifier:  # the role may not see any (section 4.5)
            found = {}
        known = {
            one.id: tuple(dict.fromkeys(_ID.findall(one.subsidiary or "")))
            for one in found.values()
        }
        named = {location: ids for location, ids in known.items() if ids}
        self._kept = (time.monotonic() + _FRESH_SECONDS, named)
        return {None: named}
