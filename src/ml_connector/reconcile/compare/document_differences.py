"""What differs between a document of ours and the one in NetSuite that it is. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.ledger.decisions.differences import DecidedMove
from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.document_pairs import (
    FoundDocument,
    Place,
    PostedDocument,
    at,
    named,
    numbered,
)
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.currency import currency_named, name_it
from ml_connector.reconcile.transaction_types import OF_OTHERS
from ml_connector.words import TRANSFORMED

_NO_ACCOUNT: Final = ("", "")


class DocumentPair(NamedTuple):
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


def differences_of(
    month: Month, pair: DocumentPair, names: SkuNames, fates: Fates
) -> Iterator[Difference]:
    """Yield how a document of ours in NetSuite differs from what was posted.

    Args:
        month: of the report.
        pair: the document as it was posted, and as it is.
        names: what people call items.
        fates: what the books know beyond the journal.
    """
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
            yield _dated(month, pair, found, names)
        if found.head.date not in month:
            return  # what it holds is told in the month that NetSuite has it in
        if posted.currency and found.currency and found.currency != posted.currency:
            yield _currency(pair, found, names)
            return  # amounts of two currencies are not compared
        yield from _moved(pair, found, names, fates.corrected.get(found.head.id))


def _entered_otherwise(
    pair: DocumentPair, found: FoundDocument, *, remade: bool
) -> Iterator[Difference]:
    """Yield that a document is not the record that was made, or not by its external id."""
    posted = pair.posted
    if posted.kind in OF_OTHERS:
        return  # it keeps the external id that it had
    if remade:
        yield _reentered(pair, found)
    elif found.head.external_id != posted.external_id and not _known_by_memo(posted, found):
        yield _external_id(pair, found)
    elif found.head.id != posted.remote_id and posted.places == found.places:
        yield _reentered(pair, found)


def _known_by_memo(posted: PostedDocument, found: FoundDocument) -> bool:
    """Whether the document is known without an external id: its memo and internal id are ours.

    Some accounts may keep none from a transform (netsuite.md sections 11.4 and 11.8). What is
    created keeps it everywhere: there a person has taken it away. Assumptions: NS-041, NS-058.
    """
    return (
        not found.head.external_id
        and found.head.id == posted.remote_id
        and posted.kind in TRANSFORMED
        and found.tagged(posted.external_id)
    )


def _gone(pair: DocumentPair, names: SkuNames) -> Iterator[Difference]:
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


def _external_id(pair: DocumentPair, found: FoundDocument) -> Difference:
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


def _reentered(pair: DocumentPair, found: FoundDocument) -> Difference:
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


def _dated(month: Month, pair: DocumentPair, found: FoundDocument, names: SkuNames) -> Difference:
    """Return that a document carries another day, and what the journal gains if that stays so."""
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
        moves=(
            *_moves(_taken_out(posted.places), posted.date, posted.currency, names),
            *_moves(posted.places, found.head.date, posted.currency, names),
        )
        if elsewhere
        else (),
    )


def _moves(
    places: Mapping[Place, Decimal], day: date, currency: str, names: SkuNames
) -> Iterator[DecidedMove]:
    """Yield what the journal gains at each place on a day."""
    for (item, location), value in sorted(places.items()):
        if currency:
            yield DecidedMove(day=day, value=value, account=item or None, currency=currency)
        else:
            sku = names.of_item(item) or None
            yield DecidedMove(
                day=day, value=value, sku=sku, item=item or None, location=location or None
            )


def _taken_out(places: Mapping[Place, Decimal]) -> dict[Place, Decimal]:
    return {place: -value for place, value in places.items()}


def _currency(pair: DocumentPair, found: FoundDocument, names: SkuNames) -> Difference:
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
            f"{named(posted)} was posted in {posted.currency} and is in"
            f" {currency_named(found.currency)} in NetSuite"
        ),
        remedy=(
            f"Find out which currency is right. If it is {posted.currency}, delete"
            f" {numbered(found)} and enter it again in {posted.currency} with the external id"
            f" {posted.external_id}; if not, undo it and enter the right one by hand."
            + name_it(found.currency)
        ),
        moves=(
            *_moves(_taken_out(posted.places), found.head.date, posted.currency, names),
            *_moves(found.places, found.head.date, found.currency, names),
        ),
    )


def _moved(
    pair: DocumentPair,
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
    pair: DocumentPair, found: FoundDocument, names: SkuNames, wanted: Mapping[Place, Decimal]
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


def _corrected_once(pair: DocumentPair, one: Difference, place: Place) -> Difference:
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
    pair: DocumentPair,
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


def _corrected(pair: DocumentPair, found: FoundDocument, names: SkuNames) -> Iterator[Difference]:
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
