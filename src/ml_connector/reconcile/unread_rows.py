"""Rows of either system that can't be read: named in the report, while all else is compared. Pure.

Of a document in NetSuite with such a row nothing is compared: without the row it would look as if
somebody had changed it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.reconcile.compare.document_pairs import PostedDocument, named
from ml_connector.reconcile.compare.kinds import ROW_REMEDY, Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.sections import OTHER
from ml_connector.transport.spoiled import SpoiledRow

_OF_DOCUMENTS: Final = frozenset({"StockLine", "MoneyLine"})
"""The rows whose ``id`` is that of a document."""

MOST_NAMED: Final = 1000
"""Rows that a report names one by one; of the others it says how many there are."""

_COMPARED: Final = frozenset(
    {
        Kind.DOCUMENT_DELETED,
        Kind.DOCUMENT_VOIDED,
        Kind.DOCUMENT_CHANGED,
        Kind.DOCUMENT_DOUBLED,
        Kind.DOCUMENT_UNKNOWN,
        Kind.EXTERNAL_ID_CHANGED,
        Kind.LOCATION_CHANGED,
        Kind.DATE_CHANGED,
        Kind.PERIOD_CHANGED,
        Kind.AMOUNT_CHANGED,
        Kind.ACCOUNT_CHANGED,
        Kind.CURRENCY_CHANGED,
        Kind.DOCUMENT_REENTERED,
        Kind.DOCUMENT_CORRECTED,
        Kind.MOVED_BY_OTHERS,
    }
)
"""What is said of a document by its rows."""


class UnreadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that can't be read.

    Attributes:
        system: whose, as people call it.
        row: which one, such as ``id 5003``.
        reason: what is wrong, with the path.
        record: internal id of the document in NetSuite that it is of; empty where it is of none,
            or does not say it.
    """

    system: str
    row: str
    reason: str
    record: str = ""


def unread_rows(rows: Iterable[SpoiledRow]) -> list[UnreadRow]:
    """Return rows as the report names them, each once: a document is asked for more than once."""
    found = {
        (one.system, one.name, one.reason): UnreadRow(
            system=one.system,
            row=one.name if one.ids else f"{one.name} ({one.doing})",
            reason=one.reason,
            record=one.ids.get("id", "") if one.kind in _OF_DOCUMENTS else "",
        )
        for one in rows
    }
    return list(found.values())


def with_unread(
    found: Sequence[Difference],
    rows: Sequence[UnreadRow],
    posted: Iterable[PostedDocument],
) -> list[Difference]:
    """Return the differences with one for each row that can't be read.

    Args:
        found: without them.
        rows: that can't be read.
        posted: our documents, among them all that NetSuite does not show as they were posted.
    """
    if not rows:
        return list(found)
    records = {one.record for one in rows if one.record}
    compared = [one for one in found if not _is_of(one, records)]
    return [*compared, *_named(rows, {one.remote_id: one for one in posted})]


def _is_of(one: Difference, records: set[str]) -> bool:
    return one.kind in _COMPARED and any(ref.id in records for ref in one.documents)


def _named(
    rows: Iterable[UnreadRow], posted: Mapping[str, PostedDocument]
) -> Iterator[Difference]:
    every = list(rows)
    for row in every[:MOST_NAMED]:
        ours = posted.get(row.record)
        ref = ours.ref if ours else DocumentRef(type="Transaction", id=row.record)
        what = f"; nothing of {named(ours)} is compared" if ours else ""
        yield Difference(
            kind=Kind.ROW_UNREADABLE,
            section=ours.section if ours else OTHER.key,
            source=ours.entries[0].source if ours else "",
            external_id=ours.external_id if ours else "",
            documents=(ref,) if row.record else (),
            says=f"{row.system}'s row {row.row} can't be read: {row.reason}{what}",
            remedy=ROW_REMEDY,
        )
    if further := every[MOST_NAMED:]:
        yield Difference(
            kind=Kind.ROW_UNREADABLE,
            section=OTHER.key,
            says=f"{len(further):,} further rows can't be read: {_systems(further)}; the first is"
            f" {further[0].system}'s row {further[0].row}: {further[0].reason}. Nothing is"
            " compared of a document with such a row",
            remedy=ROW_REMEDY,
        )


def _systems(rows: Iterable[UnreadRow]) -> str:
    counted = Counter(one.system for one in rows)
    return ", ".join(f"{count:,} of {system}'s" for system, count in sorted(counted.items()))
