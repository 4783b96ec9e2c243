"""Numbers under which no WRO is, as look-ups shared by many orders have found.

Nothing about a WRO is unique at ShipBob (shipbob.md section 8), so its number is looked up
before it is made. What a run has read for its plan serves for that as well, for a while.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from ml_connector.shipbob.payloads import Wro

FREE_FOR_SECONDS: Final = 60.0
"""So long after a look-up began, nothing found means that a first WRO may be made."""

# A create that began shortly before a look-up may be carried out after it.
_UNSURE_FOR_SECONDS: Final = FREE_FOR_SECONDS + 90.0


class FreeNumbers:
    """Keeps which purchase order numbers are free, for one connection in one process.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._free: dict[str, float] = {}
        self._written: dict[str, float] = {}

    def is_free(self, number: str) -> bool:
        """Whether a first WRO may be made under a number without looking it up once more.

        A look-up began at most 60 seconds ago, it found none but cancelled ones, and nothing
        was written under the number since.
        """
        began = self._free.get(number)
        return began is not None and self.clock() - began <= FREE_FOR_SECONDS

    def is_written(self, number: str) -> None:
        """Note that a WRO is about to be made under a number: what was looked up is over."""
        self._free.pop(number, None)
        self._written[number] = self.clock()

    def keep(self, numbers: Collection[str], found: Collection[Wro], *, began: float) -> None:
        """Keep what a look-up of numbers found; forget what is too old.

        Args:
            numbers: all that it asked for, and compared exactly.
            found: the WROs with one of them, whatever their status.
            began: when the look-up began, by ``clock``.
        """
        taken = {
            (wro.purchase_order_number or "").strip() for wro in found if wro.status != "Cancelled"
        }
        for number in numbers:
            self._free.pop(number, None)
            if number not in taken and number not in self._written:
                self._free[number] = began
        now = self.clock()
        self._free = _since(self._free, now - FREE_FOR_SECONDS)
        self._written = _since(self._written, now - _UNSURE_FOR_SECONDS)


def _since(times: Mapping[str, float], oldest: float) -> dict[str, float]:
    return {number: at for number, at in times.items() if at >= oldest}
