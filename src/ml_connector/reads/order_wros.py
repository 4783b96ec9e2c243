"""Reads of the WROs of orders, found by their numbers (shipbob.md section 8)."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ml_connector.reads.free_numbers import FreeNumbers
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.filters import refuse_comma
from ml_connector.shipbob.gathering import CROWD_APART_SECONDS
from ml_connector.shipbob.payloads import Wro
from ml_connector.transport.batch import Batch
from ml_connector.transport.call import Priority

_AHEAD: Final = 2
"""So many numbers beyond the highest one that is taken are looked for as well."""

_SUFFIX: Final = re.compile(r"(.*)-(\d{1,3})", re.DOTALL)


class OrderWroReads:
    """Finds WROs by the numbers of orders, those of many orders in one call.

    The WROs of order ``PO123`` are called ``PO123``, ``PO123-2``, ``PO123-3`` and so on. Two
    numbers beyond the highest that is taken are always looked for: a person may have made a WRO
    and left a number out.

    Args:
        shipbob: the client of the account.
        priority: of the calls.
        free: where it is kept which numbers are free.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        *,
        priority: Priority = Priority.LIVE,
        free: FreeNumbers | None = None,
    ) -> None:
        self._shipbob = shipbob
        self._priority = priority
        self._free = free or FreeNumbers()
        self._by_number: Batch[str, tuple[Wro, ...]] = Batch(
            self._fetch, most=500, crowd_apart_seconds=CROWD_APART_SECONDS
        )

    async def of_order(self, number: str) -> Sequence[Wro]:
        """Return all WROs with one of an order's numbers, whatever their status.

        Raises:
            NeedsHuman: the number has a comma, so that ShipBob can't search for it.
        """
        refuse_comma(number)  # before it joins others, whose call it would spoil
        return await self._by_number.get(number) or ()

    async def _fetch(self, numbers: Sequence[str]) -> Mapping[str, tuple[Wro, ...]]:
        found: dict[str, dict[int, Wro]] = {number: {} for number in numbers}
        asked = dict.fromkeys(numbers, 0)
        while wanted := _wanted(asked, found):
            asked |= {number: last for number, (_, last) in wanted.items()}
            # ``PO9-2`` may be an order of its own beside the second WRO of ``PO9``.
            owners: dict[str, list[str]] = defaultdict(list)
            for number, (first, last) in wanted.items():
                for n in range(first, last + 1):
                    owners[numbered(number, n)].append(number)
            began = self._free.clock()
            pages = self._shipbob.wros(
                purchase_order_numbers=list(owners), priority=self._priority
            )
            wros = [wro async for wro in pages]
            self._free.keep(owners.keys(), wros, began=began)
            for wro in wros:
                for number in owners[wro.purchase_order_number or ""]:
                    found[number][wro.id] = wro
        return {
            number: tuple(wros[wro_id] for wro_id in sorted(wros))
            for number, wros in found.items()
        }


def numbered(number: str, n: int) -> str:
    """Return the number of an order's n-th WRO, counted from 1."""
    return number if n == 1 else f"{number}-{n}"


def suffix(number: str, wro_number: str) -> int:
    """Return which WRO of an order a number says it is, counted from 1; 0 where it is none."""
    if wro_number == number:
        return 1
    later = _SUFFIX.fullmatch(wro_number)
    return int(later[2]) if later and later[1] == number else 0


def _wanted(
    asked: Mapping[str, int], found: Mapping[str, Mapping[int, Wro]]
) -> dict[str, tuple[int, int]]:
    """Return, by order number, the first and last of its numbers that must still be asked for."""
    wanted: dict[str, tuple[int, int]] = {}
    for number, last in asked.items():
        wros = found[number].values()
        taken = [suffix(number, wro.purchase_order_number or "") for wro in wros]
        enough = max([1, *taken]) + _AHEAD
        if last < enough:
            wanted[number] = (last + 1, enough)
    return wanted
