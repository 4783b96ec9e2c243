"""Rows of an answer that can't be read: each spoils itself, and is never left out silently.

Whoever reads a list gets all rows that can be read, and then a failure that names the others. A
sweep gathers them instead: what it found counts, and each spoiled row becomes an event of its
own.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from ml_connector.errors import Unreadable

_log: Final = structlog.get_logger("rows")

_MOST_NAMED: Final = 3
_LONGEST_ID: Final = 64
_OF: Final = frozenset({"item", "location"})


class SpoiledRow(NamedTuple):
    """A row that can't be read.

    Attributes:
        kind: the name of the payload that it should be, such as ``Wro``.
        doing: what was done when it came, such as ``listing WROs``.
        reason: what is wrong, with the path: ``Expected `int`, got `str` - at `$.id```.
        ids: its own ids by their names, such as ``id`` or ``invoice_id``.
        digest: the same for the same content.
        system: whose row, as people call it.
        sku: the SKU that it names, where it does.
    """

    kind: str
    doing: str
    reason: str
    ids: Mapping[str, str]
    digest: str
    system: str
    sku: str = ""

    @property
    def name(self) -> str:
        """Which row it is, by its own ids."""
        named = ", ".join(f"{name} {value}" for name, value in list(self.ids.items())[:2])
        return named or "without an id"

    @property
    def sentence(self) -> str:
        """What is wrong, for a person."""
        return f"{self.doing}, {self.name if self.ids else 'a row without an id'}: {self.reason}"


def by_id(kind: str, *, name: str = "id", prefix: str = "") -> Callable[[SpoiledRow], str | None]:
    """Return the function that tells of which subject a spoiled row is, by one of its ids.

    Args:
        kind: of the rows that show a subject.
        name: of the id.
        prefix: what the subject's key has before it.
    """

    def key_of(row: SpoiledRow) -> str | None:
        found = row.ids.get(name, "")
        known = row.kind == kind and found.isascii() and found.isdigit()
        return f"{prefix}{found}" if known else None

    return key_of


_gathered: Final[ContextVar[list[SpoiledRow] | None]] = ContextVar(
    "where spoiled rows are gathered", default=None
)


@contextmanager
def gathering(into: list[SpoiledRow] | None) -> Iterator[None]:
    """Let spoiled rows that are read within the block be gathered; None: each is a failure."""
    token = _gathered.set(into)
    try:
        yield
    finally:
        _gathered.reset(token)


def gather(rows: Iterable[SpoiledRow]) -> None:
    """Hand spoiled rows over to whoever gathers them; where nobody does, the log has them."""
    if (into := _gathered.get()) is not None:
        into += rows


class Spoiled:
    """The spoiled rows of one list, while it is read.

    Args:
        system: whose list, as people call it.
        kind: the name of the payload.
        doing: what is done, such as ``listing WROs``.
    """

    def __init__(self, system: str, kind: str, doing: str) -> None:
        self._system = system
        self._kind = kind
        self._doing = doing
        self._rows: dict[str, SpoiledRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: object, error: msgspec.ValidationError) -> bool:
        """Note a row; return whether it is news."""
        one = SpoiledRow(
            kind=self._kind,
            doing=self._doing,
            reason=str(error),
            ids=_ids(row),
            digest=hashlib.sha256(repr(row).encode()).hexdigest()[:16],
            system=self._system,
            sku=_sku(row),
        )
        if one.digest in self._rows:
            return False
        self._rows[one.digest] = one
        _log.warning("row_unreadable", system=self._system, doing=one.doing, reason=one.sentence)
        return True

    def tell(self) -> None:
        """Hand the rows over to whoever gathers them.

        Raises:
            Unreadable: there are some, and nobody gathers them.
        """
        if self._rows and (into := _gathered.get()) is not None:
            into += self._rows.values()
        elif self._rows:
            self.fail()

    def fail(self) -> None:
        """Raise what is wrong with the rows.

        Raises:
            Unreadable: in any case.
        """
        raise unreadable(self._system, [one.sentence for one in self._rows.values()])


def unreadable(system: str, sentences: list[str]) -> Unreadable:
    """Return the failure that names these rows, or the first ones of many."""
    more = len(sentences) - _MOST_NAMED
    said = "; ".join(sentences[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return Unreadable(f"{system}'s answer can't be read ({said})")


def _sku(row: object) -> str:
    """Return the SKU that a row names; empty where it names none."""
    named = row.get("sku") if isinstance(row, dict) else None
    return named.strip() if isinstance(named, str) else ""


def _ids(row: object) -> Mapping[str, str]:
    """Return the ids that a row shows: its own first; where it has none, what it is of."""
    if not isinstance(row, dict):
        return {}
    named: dict[str, Any] = {str(name).lower(): value for name, value in row.items()}
    kept = {
        name: str(value)
        for name, value in sorted(named.items(), key=lambda one: one[0] != "id")
        if (name == "id" or name.endswith("_id") or name in _OF)
        and isinstance(value, int | str)
        and not isinstance(value, bool)
        and 0 < len(str(value)) <= _LONGEST_ID
    }
    own = {name: value for name, value in kept.items() if name not in _OF}
    return own or kept
