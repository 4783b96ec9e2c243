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
"""So many numbers beyond the highest one that is taken are looked for at the least."""

_FURTHER: Final = re.compile(r"(.+)-([2-9]|[1-9][0-9]{1,8})", re.DOTALL | re.ASCII)
"""The number of an order's second or later WRO: never ``PO9-0``, ``PO9-1`` or ``PO9-002``."""


class OrderWroReads:
    """Finds WROs by the numbers of orders, those of many orders in one call.

    The WROs of order ``PO123`` are called ``PO123``, ``PO123-2``, ``PO123-3`` and so on. As many
    numbers beyond the highest that is taken are always looked for, two at the least: a person may
    have made a WRO and left a number out. So an order with very many takes few calls.

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
        return await self._by_number.get(bare(number)) or ()

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
                for number in owners[bare(wro.purchase_order_number)]:
                    found[number][wro.id] = wro
        return {
            number: tuple(wros[wro_id] for wro_id in sorted(wros))
            for number, wros in found.items()
        }


def bare(number: str | None) -> str:
    """Return a number as a WRO carries it: without blanks around, which a system may drop."""
    return (number or "").strip()


def numbered(order_number: str, n: int) -> str:
    """Return the number of an order's n-th WRO, counted from 1."""
    return bare(order_number) if n == 1 else f"{bare(order_number)}-{n}"


def part_of(order_number: str, wro_number: str | None) -> int:
    """Return which WRO of an order a number says it is, counted from 1; 0 where it is none."""
    if bare(wro_number) == bare(order_number):
        return 1
    further = further_of(wro_number)
    return further[1] if further and further[0] == bare(order_number) else 0


def further_of(wro_number: str | None) -> tuple[str, int] | None:
    """Return the order number and part that a WRO's number may be made of; None for no such.

    ``PO123-2`` may be the second WRO of ``PO123``, and may as well be an order's own number.
    """
    found = _FURTHER.fullmatch(bare(wro_number))
    return (bare(found[1]), int(found[2])) if found else None


def _wanted(
    asked: Mapping[str, int], found: Mapping[str, Mapping[int, Wro]]
) -> dict[str, tuple[int, int]]:
    """Return, by order number, the first and last of its numbers that must still be asked for."""
    wanted: dict[str, tuple[int, int]] = {}
    for number, last in asked.items():
        wros = found[number].values()
        taken = max([1, *(part_of(number, wro.purchase_order_number) for wro in wros)])
        enough = taken + max(_AHEAD, taken)
        if last < enough:
            wanted[number] = (last + 1, enough)
    return wanted
