"""Documents of others: copies of ours, and what they moved. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.document_pairs import (
    FoundDocument,
    PostedDocument,
    at,
    moving,
    named,
    numbered,
)
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.transaction_types import BILLS
from ml_connector.rules.external_ids import tags


def doubled(
    month: Month,
    posted: PostedDocument,
    found: FoundDocument | None,
    copies: Sequence[FoundDocument],
    names: SkuNames,
) -> Iterator[Difference]:
    """Yield what copies of a document of ours moved.

    Args:
        month: only copies of its dates count.
        posted: our document.
        found: the same in NetSuite; None where it is not there.
        copies: of it.
        names: what people call items.
    """
    for copy in copies:
        if not copy.counts or copy.head.date not in month:
            continue
        for place, value in sorted(copy.places.items()):
            what = names.of_item(place[0])
            yield Difference(
                kind=Kind.DOCUMENT_DOUBLED,
                section=posted.section,
                what=what,
                item=place[0],
                where=place[1],
                currency=posted.currency,
                journal=Decimal(0),
                netsuite=value,
                source=posted.entries[0].source,
                external_id=posted.external_id,
                documents=((found.ref if found else posted.ref), copy.ref),
                says=(
                    f"{numbered(copy)} is a copy of {named(posted)}:"
                    f" {with_unit(value, posted.currency, what)}{at(place)} stands there twice"
                ),
                remedy=f"Delete {numbered(copy)} if nothing else explains it{_or(posted, copy)}.",
            )


def _or(posted: PostedDocument, copy: FoundDocument) -> str:
    """Return how else a copy is explained; empty where it carries our tag, as ours do."""
    if posted.external_id in tags(copy.head.memo or ""):
        return ""
    number = copy.head.number or copy.head.id
    key = posted.entries[0].source.rpartition(" ")[2]
    return (
        "; or, if it is another matter, say so: ml-connector events decide ID --as separate"
        f" --document {number}, with the id of an event that ml-connector events list --subject"
        f" {key} shows"
    )


def moved_by_others(
    document: FoundDocument, names: SkuNames, decided: str
) -> Iterator[Difference]:
    """Yield what a document moved that the journal knows nothing of.

    Args:
        document: in NetSuite.
        names: what people call items.
        decided: what it does by decision; empty for nothing.
    """
    kind = Kind.DOCUMENT_UNKNOWN if document.ours else Kind.MOVED_BY_OTHERS
    lines: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    items: dict[str, str] = {}
    for line in moving(document.lines):
        lines[names.of_line(line), line.location or ""] += line.value
        items[names.of_line(line)] = line.item or ""
    for (what, where), value in sorted(lines.items()):
        currency = document.currency
        money = document.head.type in BILLS
        moved = with_unit(value, currency, what) if currency or not money else shown(value)
        says = f"{numbered(document)} moved {moved}{at(('', where))}"
        yield Difference(
            kind=kind,
            section=document.section,
            what=what,
            item=items[what] if document.ours else "",
            where=where,
            currency=currency,
            journal=Decimal(0),
            netsuite=value,
            external_id=document.head.external_id or "" if document.ours else "",
            documents=(document.ref,),
            says=(
                f"{says}; it carries our external id {document.head.external_id}, but the"
                " journal has no such document"
                if document.ours
                else f"{says}; it is not ours{f', and {decided}' if decided else ''}"
            ),
            remedy=(
                "Find out who posted it: another installation for this account, or a database"
                " that was restored from an older backup. Then replay its source, or delete it."
                if document.ours
                else ""
            ),
        )
