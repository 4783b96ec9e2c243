"""Bad input by hand: files of cases, each with a name, what is given, and what must be said.

A text may be made longer than anybody would write it: ``{{A*70000}}`` is 70,000 times A, and
``{{0xff}}`` a byte that is no text.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
_MANY: Final = re.compile(r"\{\{(.+?)\*(\d+)\}\}", re.DOTALL)
_BYTES: Final = re.compile(rb"\{\{0x([0-9a-f]+)\}\}")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One bad input.

    Attributes:
        name: what it shows.
        given: the input, by the names of its file.
    """

    name: str
    given: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a part of the input, as long as it is meant to be."""
        return lengthened(str(self.given.get(name, otherwise)))


def lengthened(text: str) -> str:
    """Return a text with what stands in it many times."""
    return _MANY.sub(lambda found: found[1] * int(found[2]), text)


def as_bytes(text: str) -> bytes:
    """Return the bytes that a text stands for."""
    return _BYTES.sub(lambda found: bytes.fromhex(found[1].decode()), lengthened(text).encode())


@cache
def cases(name: str) -> tuple[Case, ...]:
    """Return the cases of a file."""
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    return tuple(
        Case(name=str(one["name"]), given={k: v for k, v in one.items() if k != "name"})
        for one in table["case"]
    )


def names() -> list[str]:
    """Return the names of all files of cases."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
