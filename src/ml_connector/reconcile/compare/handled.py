"""Documents of others that account for facts by decision: whether they still do. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.reconcile.compare.kinds import ROW_REMEDY, Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.sections import Sections
from ml_connector.rules.decisions.decided import document_change, document_name


class HandlingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that accounts for lines of a source in the month.

    Attributes:
        decision: id of the decision that names it.
        source: such as ``wro 90311``.
        then: as it was when it was decided.
        now: as it is now; None where it was deleted.
        unread: why that can't be read; empty where it can.
    """

    decision: int
    flow: str
    source: str
    then: NamedDocument
    now: NamedDocument | None = None
    unread: str = ""

    @property
    def ref(self) -> DocumentRef:
        """How a difference names the document."""
        return DocumentRef(
            type=document_name(self.then).rpartition(" ")[0].capitalize(),
            id=self.then.id,
            number=self.then.number,
            date=str(self.then.day or ""),
        )


def judge(handling: Iterable[HandlingDocument], sections: Sections) -> Iterator[Difference]:
    """Yield a difference for each that was changed since it was decided."""
    for one in handling:
        if one.unread:
            yield _unread(one, sections)
            continue
        change = document_change(one.then, one.now)
        if change:
            yield Difference(
                kind=Kind.HANDLED_CHANGED,
                section=sections.of_facts(one.flow).key,
                source=one.source,
                documents=(one.ref,),
                says=(
                    f"{one.source} was handled by {document_name(one.then)}, decision"
                    f" {one.decision}: {change}"
                ),
                remedy=(
                    f"Run: ml-connector sync {one.flow} --id {one.source.rpartition(' ')[2]};"
                    " then decide again, or take the decision back with: ml-connector events"
                    f" undecide {one.decision}"
                ),
            )


def judge_resting(resting: Iterable[HandlingDocument], sections: Sections) -> Iterator[Difference]:
    """Yield a difference for each that does not show any more what it showed to a run.

    Args:
        resting: of documents without units, such as bills, ``now`` says only that they are there.
        sections: of the report.
    """
    for one in resting:
        if one.unread:
            yield _unread(one, sections)
            continue
        if not _shows_less(one):
            continue
        called = document_name(one.then)
        gone = "is not in NetSuite any more, or does not count"
        says = "shows fewer units than it did" if one.now and not one.now.voided else gone
        yield Difference(
            kind=Kind.HANDLED_CHANGED,
            section=sections.of_facts(one.flow).key,
            source=one.source,
            documents=(msgspec.structs.replace(one.ref, date=""),),
            says=f"{one.source} is not posted because of {called}, and that {says}",
            remedy=f"Run: ml-connector sync {one.flow} --id {one.source.rpartition(' ')[2]}",
        )


def _unread(one: HandlingDocument, sections: Sections) -> Difference:
    return Difference(
        kind=Kind.ROW_UNREADABLE,
        section=sections.of_facts(one.flow).key,
        source=one.source,
        documents=(one.ref,),
        says=f"{one.source} is accounted for by {document_name(one.then)}. {one.unread}",
        remedy=ROW_REMEDY,
    )


def _shows_less(one: HandlingDocument) -> bool:
    if one.now is None or one.now.voided:
        return True
    there = {(held.item, held.location): held.quantity for held in one.now.units}
    return any(
        there.get((held.item, held.location), 0) < held.quantity
        for held in one.then.units
        if held.location
    )


def sources_by_document(handling: Iterable[HandlingDocument]) -> Mapping[str, str]:
    """Return which sources each document accounts for, for a person, by its internal id."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in handling:
        found[one.then.id].append(f"{one.source} (decision {one.decision})")
    return {document_id: ", ".join(sources) for document_id, sources in found.items()}
