"""How the ledger names the lines of a WRO. Pure."""

import re
from typing import Final

_LINE: Final = re.compile(r"inventory (\d+)(?: lot .*)?", re.DOTALL)


def source_line(inventory_id: int, lot: str | None) -> str:
    """Return how the journal names a line of a WRO."""
    return f"inventory {inventory_id}" + (f" lot {lot}" if lot else "")


def inventory_of(name: str) -> int | None:
    """Return the inventory id that a line of a WRO is about; None for another name."""
    found = _LINE.fullmatch(name)
    return int(found[1]) if found else None
