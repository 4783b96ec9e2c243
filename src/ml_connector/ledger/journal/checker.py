"""The check of one connection's journal, row by row: what is wrong with it, and where.

It reads nothing itself: ``chain`` brings the rows in their order, and their postings.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, Literal

import msgspec

from ml_connector.ledger.journal.journal import COLUMNS, GENESIS, HASHED, Head, plain
from ml_connector.ledger.journal.noted_heads import NotedHead
from ml_connector.ledger.postings.documents import JournalLine

How = Literal["changed", "removed", "inserted", "reordered", "cut off", "rewritten"]

MOST: Final = 100
"""The most broken rows of a connection that are named; one is enough to know."""


class BrokenLink(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and where.

    Attributes:
        number: of the row in its connection's journal.
    """

    connection: str
    number: int
    how: How
    sentence: str


class JournalVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of one connection's journal has found.

    Attributes:
        rows: how many were looked at.
        head: the last row's number and hash; None when there is no row.
        heads_met: how many noted heads lie on the chain.
        broken: by number; empty when all is well.
    """

    connection: str
    rows: int
    head: Head | None
    heads_met: int
    broken: tuple[BrokenLink, ...]


POSTING: Final = HASHED.index("posting_id")
"""Where a row says of which posting it is."""

_NUMBER: Final = HASHED.index("number")
_PREVIOUS: Final = HASHED.index("previous_hash")
_TARGET: Final = HASHED.index("target")
_EXTERNAL_ID: Final = HASHED.index("external_id")
_FIRST_LATER: Final = len(HASHED)
_HASH: Final = len(COLUMNS) - 1
_LINE: Final = tuple(JournalLine.__struct_fields__)
_as_said: Final = itemgetter(*(COLUMNS.index(name) for name in _LINE))


class JournalChecker:
    """Looks at one connection's rows in their order."""

    def __init__(self, name: str, noted: Sequence[NotedHead]) -> None:
        self.name = name
        self.rows = 0
        self.broken: list[BrokenLink] = []
        self._noted: dict[int, list[NotedHead]] = defaultdict(list)
        for one in noted:
            self._noted[one.number].append(one)
        self._met = 0
        self._number = 0
        self._previous = GENESIS
        self._posting = 0
        self._lines: list[tuple[Any, ...]] = []
        self._lines_seen = 0
        self._seen: set[int] = set()
        self._met_up_to = 0

    def see(self, row: tuple[Any, ...], postings: Mapping[int, Mapping[str, Any]]) -> None:
        """Look at the next row."""
        self.rows += 1
        number = row[_NUMBER]
        good = self._in_order(row, number)
        good = self._linked(row, number) and good
        self._compare_with_posting(row, number, postings, is_named=not good)
        for one in self._noted.pop(number, ()):
            if one.hash == row[_HASH]:
                self._met += 1
                self._met_up_to = number
            else:
                self._rewritten(one, number)
        self._number = max(number, self._number)
        self._previous = row[_HASH]

    def end(self, kept: Head | None, unwritten: Sequence[Mapping[str, Any]]) -> None:
        """Look at what should be there and is not."""
        beyond = [one for number in sorted(self._noted) for one in self._noted[number]]
        last = max((one.number for one in beyond), default=0)
        if last > self._number:
            farthest = next(one for one in beyond if one.number == last)
            self._cut_off(
                last, f"row {last} was noted on {farthest.at:%Y-%m-%d %H:%M} UTC by {farthest.by}"
            )
        elif kept is not None and kept.number > self._number:
            self._cut_off(kept.number, f"the database's own note says that row {kept.number} is")
        elif kept is not None and (kept.number, kept.hash) != (self._number, self._previous):
            self._breaks(
                self._number,
                "inserted",
                "it goes beyond the end that the database's own note says",
            )
        self._posting_ends(self._number + 1)
        for one in unwritten:
            self._breaks(
                self._number + 1,
                "removed",
                f"{one['kind']} {one['remote_id']} ({one['external_id']}) was posted and has no"
                " row",
            )

    def verdict(self) -> JournalVerdict:
        """Return what was found."""
        last = Head(connection=self.name, number=self._number, hash=self._previous)
        return JournalVerdict(
            connection=self.name,
            rows=self.rows,
            head=last if self.rows else None,
            heads_met=self._met,
            broken=tuple(sorted(self.broken, key=lambda one: one.number)),
        )

    def _in_order(self, row: tuple[Any, ...], number: int) -> bool:
        if number == self._number + 1:
            return True
        if number > self._number + 1:
            first, last = self._number + 1, number - 1
            some = f"rows {first} to {last} are" if last > first else "it is"
            self._breaks(first, "removed", f"{some} missing")
            self._previous = row[_PREVIOUS]  # what was removed is said; go on from here
            return True
        self._breaks(number, "inserted", "there are two rows with this number")
        return False

    def _linked(self, row: tuple[Any, ...], number: int) -> bool:
        values = list(row[:_FIRST_LATER])
        later = row[_FIRST_LATER:_HASH]
        if any(value is not None for value in later):
            values += later
        own = hashlib.sha256(msgspec.json.encode(values)).hexdigest()
        if own != row[_HASH]:
            self._breaks(number, "changed", "its hash is not that of what it says")
            return False
        if row[_PREVIOUS] != self._previous:
            if not self.broken or self.broken[-1].number != number - 1:
                self._breaks(
                    number,
                    "reordered",
                    f"it does not continue row {number - 1}: that row was changed together with"
                    " its hash, or this row was not written after it",
                )
            return False
        return True

    def _compare_with_posting(
        self,
        row: tuple[Any, ...],
        number: int,
        postings: Mapping[int, Mapping[str, Any]],
        *,
        is_named: bool,
    ) -> None:
        """See that the row is the next line of its posting.

        Args:
            row: the row.
            number: its number.
            postings: of this row and others, by id.
            is_named: what is wrong with the row is named already.
        """
        posting_id = row[POSTING]
        if posting_id != self._posting:
            self._posting_ends(number)
            self._posting_begins(posting_id, number, postings, is_named=is_named)
        if self._lines_seen >= len(self._lines):
            if not is_named and self._lines:
                self._breaks(
                    number, "inserted", f"posting {posting_id} has only {self._lines_seen} lines"
                )
            return
        posting = postings[posting_id]
        differs = _differences(row, self._lines[self._lines_seen], posting)
        self._lines_seen += 1
        if differs and not is_named:
            self._breaks(
                number,
                "changed",
                f"{', '.join(differs)} not as posting {posting_id} ({posting['external_id']})"
                " says",
            )

    def _posting_begins(
        self,
        posting_id: int,
        number: int,
        postings: Mapping[int, Mapping[str, Any]],
        *,
        is_named: bool,
    ) -> None:
        """Take up the lines of the next posting; none where its rows should not be here."""
        self._posting = posting_id
        self._lines = []
        self._lines_seen = 0
        posting = postings.get(posting_id)
        is_again = posting_id in self._seen
        if posting is not None and posting["connection"] == self.name and not is_again:
            self._lines = [_meant(line) for line in posting["lines"] or ()]
            self._seen.add(posting_id)
        elif not is_named:
            why = "a second time" if is_again else "that does not exist"
            self._breaks(number, "inserted", f"it is of posting {posting_id} {why}")

    def _posting_ends(self, number: int) -> None:
        missing = len(self._lines) - self._lines_seen
        if missing > 0 and not any(one.number >= number - 1 for one in self.broken):
            self._breaks(
                number, "removed", f"posting {self._posting} has {missing} more lines than rows"
            )

    def _rewritten(self, one: NotedHead, number: int) -> None:
        if any(self._met_up_to < found.number <= number for found in self.broken):
            return  # named already, by what it says
        first = self._met_up_to + 1
        some = f"rows {first} to {number}" if number > first else "it"
        self._breaks(
            first,
            "rewritten",
            f"{some} and all hashes after were written anew: row {number} had another hash when"
            f" it was noted on {one.at:%Y-%m-%d %H:%M} UTC by {one.by}",
        )

    def _cut_off(self, last: int, evidence: str) -> None:
        first = self._number + 1
        some = f"rows {first} to {last} are" if last > first else "it is"
        self._breaks(first, "cut off", f"{some} missing at the end, but {evidence} there")

    def _breaks(self, number: int, how: How, sentence: str) -> None:
        if len(self.broken) < MOST:
            self.broken.append(
                BrokenLink(connection=self.name, number=number, how=how, sentence=sentence)
            )


def _differences(
    row: tuple[Any, ...], line: tuple[Any, ...], posting: Mapping[str, Any]
) -> list[str]:
    """Return the columns in which a row is not as the line of its posting says."""
    said = _as_said(row)
    differs = (
        []
        if said == line
        else [name for name, one, other in zip(_LINE, said, line, strict=True) if one != other]
    )
    if row[_EXTERNAL_ID] != posting["external_id"]:
        differs.append("external_id")
    if row[_TARGET] != posting["target"]:
        differs.append("target")
    return differs


def _meant(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a line of a document as its row should say it."""
    if line.get("amount") is not None:
        line = {**line, "amount": plain(Decimal(line["amount"]))}
    return tuple(map(line.get, _LINE))
