"""Our documents: as they were posted, compared with how NetSuite has them now. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.document_names import at, named, numbered
from ml_connector.reconcile.compare.document_pairs import (
    FoundDocument,
    Place,
    PostedDocument,
)
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.others_documents import doubled, moved_by_others
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.transaction_types import BILLS, OF_OTHERS
from ml_connector.rules.external_ids import tags
from ml_connector.words import ExternalIdPrefix

_NO_ACCOUNT: Final = ("", "")


class _DocumentPair(NamedTuple):
    """A document of ours, the one in NetSuite that it is, and copies of that one."""

    posted: PostedDocument
    found: FoundDocument | None
    copies: Sequence[FoundDocument]


class Fates(NamedTuple):
    """What the books know beyond the journal: of ours by external id, of others by internal id.

    Attributes:
        remade: the internal id of the document that stands in place of one that was deleted.
        not_needed: those that were deleted and that nothing needs any more.
        known: documents of others that the books know as those of a source, and so no copies.
        corrected: what records hold, by internal id, that people corrected to what ShipBob says
            now, as the last look at their source found.
    """

    remade: Mapping[str, str] = MappingProxyType({})
    not_needed: Collection[str] = ()
    known: Collection[str] = ()
    corrected: Mapping[str, Mapping[Place, Decimal]] = MappingProxyType({})


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
    return _Index(
        by_external_id={one.head.external_id: one for one in found if one.head.external_id},
        by_id={one.head.id: one for one in foreign},
        by_tag=_by_tag(foreign),
        by_twin=_by_twin(one for one in foreign if one.head.id not in known),
        standing=_standing(posted),
    )


def _pair(month: Month, document: PostedDocument, index: _Index, fates: Fates) -> _DocumentPair:
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
    return _DocumentPair(document, own, list({one.head.id: one for one in copies}.values()))


def _of_pair(
    month: Month, pair: _DocumentPair, names: SkuNames, fates: Fates
) -> Iterator[Difference]:
    """Yield the differences of one document; of another month's document only its copies."""
    found_day = pair.found.head.date if pair.found else pair.posted.date
    if pair.posted.date in month or found_day in month:
        yield from _differences(month, pair, names, fates)
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


def _differences(
    month: Month, pair: _DocumentPair, names: SkuNames, fates: Fates
) -> Iterator[Difference]:
    posted, found = pair.posted, pair.found
    if found is None and posted.external_id in fates.not_needed:
        yield _not_needed(posted)
    elif found is None or found.head.voided:
        yield from _gone(pair, names)
    else:
        remade = fates.remade.get(posted.external_id) == found.head.id
        yield from _entered_otherwise(pair, found, remade=remade)
        if found.head.date != posted.date and not (
            remade and posted.date in month and found.head.date in month
        ):
            yield _dated(month, pair, found)
        if posted.currency and found.currency and found.currency != posted.currency:
            yield _currency(pair, found)
        yield from _moved(pair, found, names, fates.corrected.get(found.head.id))


def _entered_otherwise(
    pair: _DocumentPair, found: FoundDocument, *, remade: bool
) -> Iterator[Difference]:
    """Yield that a document is not the record that was made, or not by its external id."""
    posted = pair.posted
    if posted.kind in OF_OTHERS:
        return  # it keeps the external id that it had
    if remade:
        yield _reentered(pair, found)
    elif found.head.external_id != posted.external_id:
        yield _external_id(pair, found)
    elif found.head.id != posted.remote_id and posted.places == found.places:
        yield _reentered(pair, found)


def _gone(pair: _DocumentPair, names: SkuNames) -> Iterator[Difference]:
    posted, found = pair.posted, pair.found
    kind = Kind.DOCUMENT_VOIDED if found else Kind.DOCUMENT_DELETED
    done = "voided" if found else "deleted"
    for place, value in sorted(posted.places.items()):
        what = names.of_item(place[0])
        yield Difference(
            kind=kind,
            section=posted.section,
            what=what,
            item=place[0],
            where=place[1],
            currency=posted.currency,
            shipbob=None,
            journal=value,
            netsuite=Decimal(0),
            source=posted.entries[0].source,
            external_id=posted.external_id,
            documents=(found.ref if found else posted.ref,),
            says=(
                f"{named(posted)} was {done} in NetSuite:"
                f" {with_unit(value, posted.currency, what)}{at(place)} is missing there"
            ),
            remedy=(
                "If that was a mistake, enter it again in NetSuite with the external id"
                f" {posted.external_id}, the date {posted.date} and these lines."
                " If it was meant, enter a document that explains it on the ShipBob side too."
            ),
        )


def _not_needed(posted: PostedDocument) -> Difference:
    return Difference(
        kind=Kind.DOCUMENT_NOT_NEEDED,
        section=posted.section,
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(posted.ref,),
        says=(
            f"{named(posted)} was deleted in NetSuite; its units did not leave, or another"
            " document has them"
        ),
    )


def _external_id(pair: _DocumentPair, found: FoundDocument) -> Difference:
    posted = pair.posted
    now = f"now {found.head.external_id}" if found.head.external_id else "now empty"
    return Difference(
        kind=Kind.EXTERNAL_ID_CHANGED,
        section=posted.section,
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(found.ref,),
        says=f"{named(posted)}: its external id is {now}; without it we can't know it again",
        remedy=f"Set the external id of {numbered(found)} back to {posted.external_id}.",
    )


def _reentered(pair: _DocumentPair, found: FoundDocument) -> Difference:
    posted = pair.posted
    return Difference(
        kind=Kind.DOCUMENT_REENTERED,
        section=posted.section,
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(posted.ref, found.ref),
        says=(
            f"{named(posted)} was posted as {posted.remote_id} and stands as {found.head.id}"
            " now"
            + (", with the same lines" if posted.places == found.places else "")
            + (f", dated {found.head.date}" if found.head.date != posted.date else "")
        ),
    )


def _dated(month: Month, pair: _DocumentPair, found: FoundDocument) -> Difference:
    posted = pair.posted
    elsewhere = not (posted.date in month and found.head.date in month)
    period = "another month" if elsewhere else "another day"
    return Difference(
        kind=Kind.PERIOD_CHANGED if elsewhere else Kind.DATE_CHANGED,
        section=posted.section,
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(found.ref,),
        says=(
            f"{named(posted)} was posted on {posted.date} and is dated {found.head.date} in"
            f" NetSuite now: {period}"
        ),
        remedy=f"Set the date of {numbered(found)} back to {posted.date}.",
    )


def _currency(pair: _DocumentPair, found: FoundDocument) -> Difference:
    posted = pair.posted
    return Difference(
        kind=Kind.CURRENCY_CHANGED,
        section=posted.section,
        currency=posted.currency,
        journal=sum(posted.places.values(), Decimal(0)),
        netsuite=Decimal(0),
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(found.ref,),
        says=(
            f"{named(posted)} was posted in {posted.currency} and is in {found.currency} in"
            " NetSuite"
        ),
        remedy=(
            f"Find out which currency is right. If it is {posted.currency}, delete"
            f" {numbered(found)} and enter it again in {posted.currency} with the external id"
            f" {posted.external_id}; if not, undo it and enter the right one by hand."
        ),
    )


def _moved(
    pair: _DocumentPair,
    found: FoundDocument,
    names: SkuNames,
    corrected: Mapping[Place, Decimal] | None,
) -> Iterator[Difference]:
    """Yield how the lines differ: another location, another account, other numbers.

    Args:
        pair: the document.
        found: the one in NetSuite.
        names: what people call items.
        corrected: what it holds since a person corrected it; None where nobody did.
    """
    if corrected is None:
        for _, one in _lines_apart(pair, found, names, pair.posted.places):
            yield one
    elif corrected == found.places:
        yield from _corrected(pair, found, names)
    else:
        for place, one in _lines_apart(pair, found, names, corrected):
            yield _corrected_once(pair, one, place)


def _lines_apart(
    pair: _DocumentPair, found: FoundDocument, names: SkuNames, wanted: Mapping[Place, Decimal]
) -> Iterator[tuple[Place, Difference]]:
    """Yield where a document does not hold what it must."""
    there = found.places
    if found.has_kit and not {item for item, _ in wanted} <= {item for item, _ in there}:
        return  # its members are not listed, so their units can't be compared
    if pair.posted.currency and set(there) == {_NO_ACCOUNT}:
        wanted = {_NO_ACCOUNT: sum(wanted.values(), Decimal(0))}  # the ledger is hidden from us
    gaps = {
        place: there.get(place, Decimal(0)) - wanted.get(place, Decimal(0))
        for place in sorted({*wanted, *there})
    }
    gaps = {place: gap for place, gap in gaps.items() if gap}
    money = bool(pair.posted.currency)
    items: dict[str, list[Place]] = defaultdict(list)
    for place in gaps:
        items["" if money else place[0]].append(place)
    for places in items.values():
        relocated = not sum(gaps[place] for place in places)
        for place in places:
            sides = (wanted.get(place, Decimal(0)), there.get(place, Decimal(0)))
            yield place, _moved_line(pair, found, names, place, sides, relocated=relocated)


def _corrected_once(pair: _DocumentPair, one: Difference, place: Place) -> Difference:
    """Return the difference of a document that held, for a while, what ShipBob says now."""
    was, now = shown(one.journal), shown(one.netsuite)
    return msgspec.structs.replace(
        one,
        journal=pair.posted.places.get(place, Decimal(0)),
        says=(
            f"{named(pair.posted)}, {one.what}{at(place)}: corrected was {was}, NetSuite says"
            f" {now} now"
        ),
    )


def _moved_line(
    pair: _DocumentPair,
    found: FoundDocument,
    names: SkuNames,
    place: Place,
    sides: tuple[Decimal, Decimal],
    *,
    relocated: bool,
) -> Difference:
    posted = pair.posted
    was, now = sides
    what = names.of_item(place[0])
    if posted.currency:
        kind = Kind.ACCOUNT_CHANGED if relocated else Kind.AMOUNT_CHANGED
        subject = f"account {what}"
    else:
        kind = Kind.LOCATION_CHANGED if relocated else Kind.DOCUMENT_CHANGED
        subject = f"{what}{at(place)}"
    back = shown(was, posted.currency)
    return Difference(
        kind=kind,
        section=posted.section,
        what=what,
        item=place[0],
        where=place[1],
        currency=posted.currency,
        journal=was,
        netsuite=now,
        source=posted.entries[0].source,
        external_id=posted.external_id,
        documents=(found.ref,),
        says=(
            f"{named(posted)}, {subject}: posted was {back}, NetSuite says"
            f" {shown(now, posted.currency)} now"
        ),
        remedy=(
            f"Set {numbered(found)} back to {back} for {subject}, or correct it by a document"
            " of its own."
        ),
    )


def _corrected(pair: _DocumentPair, found: FoundDocument, names: SkuNames) -> Iterator[Difference]:
    """Yield where a document holds what ShipBob says now, and not what was posted."""
    posted = pair.posted
    for place in sorted({*posted.places, *found.places}):
        was, now = (one.get(place, Decimal(0)) for one in (posted.places, found.places))
        if was == now:
            continue
        what = names.of_item(place[0])
        yield Difference(
            kind=Kind.DOCUMENT_CORRECTED,
            section=posted.section,
            what=what,
            item=place[0],
            where=place[1],
            journal=was,
            netsuite=now,
            source=posted.entries[0].source,
            external_id=posted.external_id,
            documents=(found.ref,),
            says=(
                f"{named(posted)}, {what}{at(place)}: posted was {shown(was)}, NetSuite says"
                f" {shown(now)} now, as ShipBob does since it changed"
            ),
        )
