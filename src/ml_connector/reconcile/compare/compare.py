"""The comparison: three sides in, one report out. Pure: no clock, no database, no network."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.reconcile import accepted, decision_rows, shipment_lines
from ml_connector.reconcile.accepted import AcceptedSource
from ml_connector.reconcile.amounts import with_unit
from ml_connector.reconcile.compare import (
    documents,
    handled,
    in_transit,
    order_lines,
    sources,
    stopped,
)
from ml_connector.reconcile.compare.document_differences import Fates
from ml_connector.reconcile.compare.document_pairs import (
    FoundDocument,
    Place,
    PostedDocument,
    found_documents,
    moving,
    posted_documents,
)
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.order_lines import OrderSide
from ml_connector.reconcile.compare.report import (
    Difference,
    Report,
    ReportedHead,
    Row,
    RowKey,
    SectionEquation,
    identified,
    ordered,
)
from ml_connector.reconcile.compare.sides import Fact, JournalRow, Movement
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.compare.stopped import StoppedSource
from ml_connector.reconcile.decision_rows import DecisionRows
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.unread_rows import UnreadRow, with_unread
from ml_connector.words import ACCEPTED, OUR_EXTERNAL_IDS, DocumentKind, ExternalIdPrefix

_NO_ORDERS: Final = OrderSide()


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The three sides, ready to be judged.

    Lines and documents that agree may be left out of ``states``, ``posted`` and ``found`` as
    long as ``rows`` and ``equations`` count them: the report is the same.

    Attributes:
        sections: the parts of the report.
        states: lines of sources with what was posted of them.
        posted: our documents, by the journal.
        found: the same documents by NetSuite, and all that others moved.
        rows: of the tables of all parts, without the open and refused units of ``states``.
        equations: line conservation.
        cut_off: journal rows whose fact and posting lie in different months.
        journal_rows: number of them that are posted with a date in the month.
        documents: number of ours with a date in the month.
        remade: by external id, the document that stands in place of one of ours that was deleted.
        not_needed: external ids of documents of ours that nothing needs any more.
        known: documents of others that the books know as those of a source, or of none.
        taken: by internal id, the source that a bill of others is taken for, by decision.
        corrected: by internal id, what records hold that were corrected to what the source says.
        separate: documents of others that are another matter by decision: of which source they
            are none, for a person, by internal id.
        in_transit: units that are booked elsewhere than where they go.
        taken_before: what others took of them before the month, by item and location.
        stopped: sources that stopped since what is posted of them may be wrong.
        accepted: sources that people took as they are.
    """

    sections: Sections
    states: Sequence[SourceState]
    posted: Sequence[PostedDocument]
    found: Sequence[FoundDocument]
    names: SkuNames
    rows: Sequence[tuple[RowKey, Row]]
    equations: Sequence[SectionEquation]
    cut_off: Sequence[JournalRow]
    journal_rows: int
    documents: int
    remade: Mapping[str, str] = MappingProxyType({})
    not_needed: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    taken: Mapping[str, str] = MappingProxyType({})
    corrected: Mapping[str, Mapping[Place, Decimal]] = MappingProxyType({})
    separate: Mapping[str, str] = MappingProxyType({})
    in_transit: Sequence[InTransit] = ()
    taken_before: Mapping[tuple[str, str], Decimal] = MappingProxyType({})
    stopped: Sequence[StoppedSource] = ()
    accepted: Sequence[AcceptedSource] = ()


def compare(
    month: Month,
    shipbob: Sequence[Fact],
    netsuite: Sequence[Movement],
    journal: Sequence[JournalRow],
    *,
    sections: Sections,
    skus: Mapping[str, str] | None = None,
) -> Report:
    """Compare a month three ways.

    Args:
        month: which month.
        shipbob: the lines of every source that has a date or a journal row in the month.
        netsuite: the lines of our documents, and of all that others moved at the mapped
            locations in the month.
        journal: all rows of those sources and of those documents, in any month.
        sections: the parts of the report.
        skus: ShipBob's SKU to NetSuite's item name, where they differ.
    """
    names = SkuNames.learn(journal, netsuite, skus)
    posted, found = posted_documents(journal, sections), found_documents(netsuite, sections)
    states = sources.states(shipbob, journal, sections)
    gathered = Gathered(
        sections=sections,
        states=states,
        posted=posted,
        found=found,
        names=names,
        rows=[
            *journal_rows(month, journal, sections),
            *netsuite_rows(month, posted, found, names),
        ],
        equations=sources.equations(month, states),
        cut_off=[
            one for one in journal if (one.fact_date in month) != (one.posting_date in month)
        ],
        journal_rows=sum(entry.posting_date in month for entry in journal),
        documents=sum(document.date in month for document in posted),
    )
    return judge(month, gathered)


def judge(
    month: Month,
    gathered: Gathered,
    *,
    connection: str = "",
    zone: str = "UTC",
    head: ReportedHead | None = None,
    handling: Sequence[HandlingDocument] = (),
    resting: Sequence[HandlingDocument] = (),
    orders: OrderSide = _NO_ORDERS,
    decided: Sequence[DecisionRows] = (),
    unread: Sequence[UnreadRow] = (),
) -> Report:
    """Make the report of three sides.

    Args:
        month: which month.
        gathered: the sides.
        connection: name of the merchant's connection.
        zone: the merchant's time zone, in which the dates are local.
        head: the journal chain's last row.
        handling: documents of others that account for facts of the month, as they are now.
        resting: likewise, those because of which facts of the month are refused.
        orders: the purchase orders that were received from in the month.
        decided: decisions in force, with what is booked of their sources.
        unread: rows of either system that can't be read.
    """
    table: dict[RowKey, Row] = defaultdict(Row)
    for key, row in (*gathered.rows, *sources.rows(month, gathered.states)):
        table[key].add(row)
    of_sources = list(sources.judge(month, gathered.states))
    of_documents = decision_rows.with_their_decisions(
        _of_documents(month, gathered, handling), decided
    )
    found = [
        *of_sources,
        *stopped.judge(gathered.stopped, of_sources, gathered.sections),
        *accepted.judge(gathered.accepted, gathered.sections),
        *handled.judge(handling, gathered.sections),
        *handled.judge_resting(resting, gathered.sections),
        *shipment_lines.judge(gathered.states, resting, gathered.names, gathered.sections),
        *of_documents,
        *decision_rows.judge(month, decided, gathered.found, gathered.sections, told=of_documents),
        *cut_off(month, gathered.cut_off, gathered.sections),
        *in_transit.judge(
            month, gathered.in_transit, table, gathered.sections, gathered.taken_before
        ),
    ]
    wrong_lines = order_lines.judge(
        month,
        orders,
        gathered.names,
        section=gathered.sections.of_movement("ItemRcpt", "PurchOrd").key,
        told=found,
    )
    return Report(
        sections=gathered.sections,
        connection=connection,
        month=str(month),
        zone=zone,
        head=head or ReportedHead(),
        rows=tuple(sorted((key, row) for key, row in table.items() if row != Row())),
        equations=tuple(gathered.equations),
        differences=tuple(
            identified(
                str(month),
                ordered(with_unread([*found, *wrong_lines], unread, gathered.posted)),
            )
        ),
        order_lines=order_lines.rows(orders, gathered.names),
        shipment_lines=shipment_lines.rows(month, gathered.states, resting, gathered.sections),
        journal_rows=gathered.journal_rows,
        documents=gathered.documents,
    )


def _of_documents(
    month: Month, gathered: Gathered, handling: Sequence[HandlingDocument]
) -> list[Difference]:
    return documents.judge(
        month,
        gathered.posted,
        gathered.found,
        gathered.names,
        fates=Fates(gathered.remade, gathered.not_needed, gathered.known, gathered.corrected),
        decided={
            **{one: f"is another matter than {of}" for one, of in gathered.separate.items()},
            **{
                one: f"handles {of}"
                for one, of in {**handled.sources_by_document(handling), **gathered.taken}.items()
            },
        },
    )


def journal_rows(
    month: Month, entries: Iterable[JournalRow], sections: Sections
) -> Iterator[tuple[RowKey, Row]]:
    """Yield the journal's part of the table: facts and postings of the month."""
    rows = list(entries)
    undone = _undone(rows)
    for entry in rows:
        fact, posting = entry.fact_date in month, entry.posting_date in month
        if fact or posting:
            value, nothing = entry.measured.value, Decimal(0)
            if entry.kind == DocumentKind.ACCEPTED_DIFFERENCE:
                yield _key_of(entry, sections), accepted_row(value)
                continue
            yield (
                _key_of(entry, sections),
                Row(
                    shipbob=value if fact and entry.external_id not in undone else nothing,
                    undone=value if fact and entry.external_id in undone else nothing,
                    later=value if fact and not posting else nothing,
                    earlier=value if posting and not fact else nothing,
                    journal=value if posting else nothing,
                ),
            )


def _undone(entries: Iterable[JournalRow]) -> Collection[str]:
    """Return the documents that were taken back, and those that took them back."""
    reversals = {
        one.external_id for one in entries if one.external_id.startswith(ExternalIdPrefix.REVERSAL)
    }
    return reversals | {
        f"{OUR_EXTERNAL_IDS}{one.removeprefix(ExternalIdPrefix.REVERSAL)}" for one in reversals
    }


def accepted_row(value: Decimal) -> Row:
    """Return what a difference that is taken as it is adds to its line of the table."""
    return Row(decided=value, journal=value)


def _key_of(entry: JournalRow, sections: Sections) -> RowKey:
    """Return the line of the table that a journal row belongs to."""
    currency = entry.measured.currency
    return RowKey(
        section=sections.of_entry(entry.flow, entry.kind).key,
        what=(entry.account if currency else entry.sku) or "",
        where="" if currency else entry.location or "",
        currency=currency,
    )


def netsuite_rows(
    month: Month,
    posted: Sequence[PostedDocument],
    found: Sequence[FoundDocument],
    names: SkuNames,
    remade: Mapping[str, str] = MappingProxyType({}),
    *,
    taken: Collection[str] = (),
) -> Iterator[tuple[RowKey, Row]]:
    """Yield NetSuite's part of the table: our documents, and others' movements."""
    ours = {one.external_id: one for one in posted}
    by_id = _by_id(posted, remade)
    for document in found:
        head = document.head
        if head.date not in month or not document.counts:
            continue
        known = ours.get(head.external_id or "") or by_id.get((head.type, head.id))
        for line in moving(document.lines):
            money = line.item is None
            key = RowKey(
                section=(known or document).section,
                what=names.of_line(line),
                where="" if money else line.location or "",
                currency=line.currency or _currency_of(known if money else None),
            )
            counted = known is not None or head.id in taken
            yield key, Row(netsuite=line.value) if counted else Row(others=line.value)


def _by_id(
    posted: Sequence[PostedDocument], remade: Mapping[str, str]
) -> dict[tuple[str, str], PostedDocument]:
    """Return documents by type and internal id: that of the first one, and of one made again."""
    first = {(one.type, one.remote_id): one for one in posted}
    again = {(one.type, remade.get(one.external_id, one.remote_id)): one for one in posted}
    return first | again


def _currency_of(posted: PostedDocument | None) -> str:
    return posted.currency if posted else ""


def cut_off(
    month: Month, entries: Iterable[JournalRow], sections: Sections
) -> Iterator[Difference]:
    """Yield the lines whose fact and whose posting lie in different months, one of them this."""
    for entry in entries:
        fact, posting = entry.fact_date in month, entry.posting_date in month
        if fact == posting:
            continue
        key = _key_of(entry, sections)
        moved = with_unit(entry.measured.value, key.currency, key.what) if entry.moves else "news"
        too_early = _is_too_early(entry)
        yield Difference(
            kind=Kind.POSTED_TOO_EARLY if too_early else _kind_of_cut(fact=fact),
            section=key.section,
            what=key.what,
            where=key.where,
            currency=key.currency,
            shipbob=entry.measured.value if entry.moves else None,
            journal=entry.measured.value if entry.moves else None,
            source=entry.source,
            source_line=entry.source_line,
            fact_date=entry.fact_date,
            external_id=entry.external_id if too_early else "",
            documents=(sources.ref_of(entry),),
            says=(
                f"{entry.source}, {entry.source_line}: {moved} of {entry.fact_date} was posted"
                f" on {entry.posting_date}"
            ),
            remedy=_TOO_EARLY if too_early else "",
        )


def _is_too_early(entry: JournalRow) -> bool:
    """Whether a document of ours moves something before it happened; no decision does."""
    made = entry.moves and entry.kind not in ACCEPTED
    return made and entry.posting_date < entry.fact_date


def _kind_of_cut(*, fact: bool) -> Kind:
    return Kind.POSTED_LATER if fact else Kind.POSTED_FROM_EARLIER


_TOO_EARLY: Final = (
    "Nothing is posted before its fact: report it as a fault of this software. Undo the document"
    " (ml-connector journal undo ID) and let its source run again, or take it as it is with"
    " ml-connector month decide ID --as accept."
)
