"""Whether somebody has taken care of goods without a WRO by now."""

from collections.abc import Collection
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.reads.reads import Reads


async def linked_or_gone(reads: Reads, numbers: Collection[str]) -> set[str]:
    """Return the unidentified receiving orders that have a WRO by now, or exist no more."""
    appeared: set[str] = set()
    for number in numbers:
        uro = await reads.unidentified.get(int(number))
        if uro is None or uro.linked_wro_id:
            appeared.add(number)
    return appeared


URO: Final = Waking(kind=AwaitedKind.URO, appeared=linked_or_gone)
