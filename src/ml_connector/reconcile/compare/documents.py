"""Our documents: as they were posted, compared with how NetSuite has them now. Pure.

Assumptions: NS-038.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from ml_connector.reconcile.compare.document_differences import (
    DocumentPair,
    Fates,
    differences_of,
)
from ml_connector.reconcile.compare.document_pairs import (
    FoundDocument,
    Place,
    PostedDocument,
)
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.others_documents import doubled, moved_by_others
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.transaction_types import BILLS
from ml_connector.rules.external_ids import tags
from ml_connector.words import ExternalIdPrefix

_NO_FATES: Final = Fates()


class _Index(NamedTuple):
    """NetSuite's documents by each thing that a document of ours may be recognised by.

    Attributes:
        by_external_id: all of them that have one.
        by_id: by internal id, those without an external id that we posted.
        by_tag: of those, by the external ids of ours that their memos carry.
        by_twin: of those, by what two copies of one document share.
        standing: sources of which our documents still move something.
    """

    by_external_id: Mapping[str, FoundDocument]
    by_id: Mapping[str, FoundDocument]
    by_tag: Mapping[str, list[FoundDocument]]
    by_twin: Mapping[tuple[object, ...], list[FoundDocument]]
    standing: Collection[str]


def judge(
    month: Month,
    posted: Sequence[PostedDocument],
    found: Sequence[FoundDocument],
    names: SkuNames,
    *,
    fates: Fates = _NO_FATES,
    decided: Mapping[str, str] = MappingProxyType({}),
) -> list[Difference]:
    """Say how our documents differ from what was posted, and what others moved.

    Args:
        month: a document is looked at when the journal or NetSuite dates it in this month.
        posted: our documents by the journal, among them every one of ours in ``found``.
        found: NetSuite's side of ``posted``, and all that others moved.
        names: what people call items.
        fates: what the books know beyond the journal.
        decided: what documents of others do by decision, such as ``handles wro 7 (decision 3)``,
            by their internal id.
    """
    known = {one.external_id for one in posted}
    foreign = [one for one in found if (one.head.external_id or "") not in known]
    index = _indexed(posted, found, foreign, {*fates.known, *decided})
    pairs = [_pair(month, document, index, fates) for document in posted]
    differences = [one for pair in pairs for one in _of_pair(month, pair, names, fates)]
    taken = {one.head.id for pair in pairs for one in (*pair.copies, pair.found) if one}
    for document in foreign:
        if document.head.id not in taken and document.head.date in month and document.counts:
            differences += moved_by_others(document, names, decided.get(document.head.id, ""))
    return differences


def _indexed(
    posted: Iterable[PostedDocument],
    found: Iterable[FoundDocument],
    foreign: Sequence[FoundDocument],
    known: Collection[str],
) -> _Index:
    ours = {(one.remote_id, one.type) for one in posted}
    return _Index(
        by_external_id={one.head.external_id: one for one in found if one.head.external_id},
        by_id={one.head.id: one for one in foreign},
        by_tag=_by_tag(foreign),
        by_twin=_by_twin(
            one
            for one in foreign
            if one.head.id not in known and (one.head.id, one.head.type) not in ours
        ),
        standing=_standing(posted),
    )


def _pair(month: Month, document: PostedDocument, index: _Index, fates: Fates) -> DocumentPair:
    copies: Sequence[FoundDocument] = index.by_tag.get(document.external_id, [])
    own = index.by_external_id.get(document.external_id)
    if own is None:
        same = index.by_id.get(document.remote_id)
        own = same if same is not None and same.head.type == document.type else None
    if own is None and document.external_id in fates.remade:
        own = index.by_id.get(fates.remade[document.external_id])
    if own is None and copies:
        own, *copies = copies
    if own is not None or document.date not in month:  # else it was deleted: nothing is doubled
        copies = [one for one in (*copies, *_twins(document, own, index)) if one is not own]
    return DocumentPair(document, own, list({one.head.id: one for one in copies}.values()))


def _of_pair(
    month: Month, pair: DocumentPair, names: SkuNames, fates: Fates
) -> Iterator[Difference]:
    """Yield the differences of one document; of another month's document only its copies."""
    found_day = pair.found.head.date if pair.found else pair.posted.date
    if pair.posted.date in month or found_day in month:
        yield from differences_of(month, pair, names, fates)
    yield from doubled(month, pair.posted, pair.found, pair.copies, names)


def _by_tag(foreign: Iterable[FoundDocument]) -> Mapping[str, list[FoundDocument]]:
    tagged: dict[str, list[FoundDocument]] = defaultdict(list)
    for one in foreign:
        memo = one.head.memo or ""
        for tag in tags(memo):
            tagged[tag].append(one)
    return tagged


def _standing(posted: Iterable[PostedDocument]) -> Collection[str]:
    """Return the sources of which our documents, counter-documents included, move something."""
    moved: dict[tuple[str, Place], Decimal] = defaultdict(Decimal)
    for document in posted:
        for place, value in document.places.items():
            moved[document.entries[0].source, place] += value
    return {source for (source, _), value in moved.items() if value}


def _twins(
    document: PostedDocument, own: FoundDocument | None, index: _Index
) -> Sequence[FoundDocument]:
    """Return others' documents that are what this one is.

    A bill is known by its number, whatever its date; where ours was taken back, that of others
    is no copy.
    """
    if document.type in BILLS:
        number = document.external_id.removeprefix(ExternalIdPrefix.VENDOR_BILL)
        number = number.removeprefix(ExternalIdPrefix.VENDOR_CREDIT)
        number = (own.head.number if own else None) or number
        is_standing = document.entries[0].source in index.standing
        return index.by_twin.get((document.type, number), []) if is_standing else []
    return index.by_twin.get(_twin(own), []) if own is not None else []


def _twin(document: FoundDocument) -> tuple[object, ...]:
    """Return what two documents share when one is a copy of the other, memo or not."""
    head = document.head
    if head.type in BILLS and head.number:
        return (head.type, head.number)
    if head.created_from is None:
        return (head.type, head.id)
    places = tuple(sorted(document.places.items()))
    return (head.type, head.created_from, head.date, places)


def _by_twin(
    foreign: Iterable[FoundDocument],
) -> Mapping[tuple[object, ...], list[FoundDocument]]:
    twins: dict[tuple[object, ...], list[FoundDocument]] = defaultdict(list)
    for one in foreign:
        if one.counts and not one.ours:
            twins[_twin(one)].append(one)
    return twins
