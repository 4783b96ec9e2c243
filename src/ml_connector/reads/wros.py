"""Reads of WROs that somebody waits for the end of."""

from collections.abc import Collection
from typing import Final

from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.receiving import ENDED
from ml_connector.transport.call import Priority

_MOST: Final = 150
"""WROs in one call (shipbob.md section 9.3); each look makes one."""


class WroEnds:
    """Looks which WROs have ended, however many are waited for, with one call each time.

    A mass edit may leave thousands of them. They are then looked at in turn, so that the limit of
    ShipBob's calls is left to those who work.

    Args:
        shipbob: the client of the account.
    """

    def __init__(self, shipbob: ShipBob) -> None:
        self._shipbob = shipbob
        self._last = 0

    async def ended(self, wro_ids: Collection[int]) -> set[int]:
        """Return those of these WROs that are found to have ended."""
        ordered = sorted(set(wro_ids))
        begin = next((at for at, wro_id in enumerate(ordered) if wro_id > self._last), 0)
        some = (ordered[begin:] + ordered[:begin])[:_MOST]
        if not some:
            return set()
        self._last = some[-1]
        wros = self._shipbob.wros(ids=some, priority=Priority.BULK)
        return {wro.id async for wro in wros if wro.status in ENDED and wro.id in some}
