"""Reads of units of measure: how many eaches are in a case, and the quantities of lines."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import units
from ml_connector.transport.batch import Batch

_FRESH_SECONDS: Final = 3600.0


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    line: int | None = None
    quantity: Decimal | None = None


class _UnitLines(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[_Line, ...] = ()


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    item: _UnitLines = _UnitLines()


class UnitReads:
    """What may be read of units, for one connection. Units seldom change: kept for an hour."""

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._rates: Batch[str, Decimal] = Batch(self._fetch, most=1000)
        self._kept: dict[str, tuple[float, Decimal | None]] = {}

    async def rates(self, unit_ids: Collection[str]) -> dict[str, Decimal]:
        """Return how many base units one of each unit holds; none where it can't be read."""
        now = time.monotonic()
        missing = [
            unit for unit in sorted(unit_ids) if self._kept.get(unit, (-1.0, None))[0] < now
        ]
        found = await asyncio.gather(*map(self._rates.get, missing))  # at once: one call
        for unit, rate in zip(missing, found, strict=True):
            self._kept[unit] = (now + _FRESH_SECONDS, rate)
        rates = {unit: self._kept[unit][1] for unit in unit_ids}
        return {unit: rate for unit, rate in rates.items() if rate is not None}

    async def quantities(self, record_type: str, order_id: str) -> dict[int, Decimal]:
        """Return what an order's lines order, in their own units (netsuite.md section 13.3).

        The record service counts in the line's unit, queries count in base units.
        """
        order = await self._netsuite.get(record_type, record_id=order_id, shape=_Order)
        lines = order.item.items if order is not None else ()
        return {
            line.line: line.quantity
            for line in lines
            if line.line is not None and line.quantity is not None
        }

    async def _fetch(self, unit_ids: Sequence[str]) -> Mapping[str, Decimal]:
        return await units.unit_rates(self._netsuite.query, unit_ids)
