"""What may make a difference of stock, from all that is known of a month."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from ml_connector.ledger.decisions.decisions import NamedDocument, NamedUnits
from ml_connector.ledger.postings.documents import UnitsInTransit
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report, ReportedHead, Row, RowKey
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.open_items import (
    KnownOpen,
    OpenStock,
    QuarantinedStock,
    is_alone,
    moved_alone,
    open_items,
)
from ml_connector.reconcile.tie_out.rows import TiePlace
from ml_connector.shipbob.resources.inventory_history import Change, Note, StockMovement
from reconcile.worlds import SECTIONS

TEE = TiePlace("TEE", "6")
KNOWN = KnownOpen(names=SkuNames({"501": "TEE"}), locations={"228": "6", "10": "7"})


def report(*differences: Difference, rows: tuple[tuple[RowKey, Row], ...] = ()) -> Report:
    return Report(
        sections=SECTIONS,
        connection="acme",
        month="2026-11",
        zone="America/Chicago",
        head=ReportedHead(),
        rows=rows,
        equations=(),
        differences=differences,
    )


def told(made: Report, known: KnownOpen = KNOWN) -> list[tuple[OpenKind, TiePlace, int]]:
    return [(one.kind, one.place, int(one.quantity)) for one in open_items(made, known)]


def line(**changes: object) -> OpenStock:
    whole = OpenStock(
        source="wro 90311",
        name="inventory 1",
        fact_date=date(2026, 11, 20),
        sku="TEE",
        center="228",
        rest=0,
        refused=0,
    )
    return msgspec.structs.replace(whole, **changes)


def by_others(
    units: int, where: str, *, document: str = "9001", day: str = "2026-11-20"
) -> Difference:
    return Difference(
        kind=Kind.MOVED_BY_OTHERS,
        section="other",
        what="TEE",
        where=where,
        netsuite=Decimal(units),
        documents=(DocumentRef(type="Inventory adjustment", id=document, date=day),),
        says=f"{document} moved {units}",
    )


def movement(units: int, *, order: int | None = None, **notes: str) -> StockMovement:
    return StockMovement(
        inventory_audit_event_id=7001,
        inventory_id=1,
        event_category="InventoryAdjusted",
        event_datetime=datetime(2026, 11, 20, 12, tzinfo=UTC),
        increment=Change(quantity_change=units, sku="TEE"),
        additional_reference=tuple(Note(key=key, value=value) for key, value in notes.items()),
        shipbob_order_id=order,
    )


def test_what_is_not_posted_lies_at_its_centers_location() -> None:
    known = msgspec.structs.replace(
        KNOWN, open_stock=[line(rest=40), line(center="10", refused=-5)]
    )

    assert told(report(), known) == [
        (OpenKind.WAITING, TEE, 40),
        (OpenKind.REFUSED, TiePlace("TEE", "7"), -5),
    ]


def test_a_center_without_location_has_no_place() -> None:
    known = msgspec.structs.replace(
        KNOWN, open_stock=[line(center="99", rest=4), line(center=None)]
    )

    assert told(report(), known) == []


def test_units_that_a_document_of_others_must_hold_explain_nothing() -> None:
    held = HandlingDocument(
        decision=0,
        flow="receiving",
        source="wro 90311",
        then=NamedDocument(
            type="ItemRcpt",
            id="9001",
            number="IR77",
            units=(NamedUnits(item="501", location="6", quantity=5),),
        ),
    )
    known = msgspec.structs.replace(
        KNOWN, open_stock=[line(refused=5), line(refused=3, sku="CAP")], resting=[held]
    )

    assert told(report(), known) == [(OpenKind.REFUSED, TiePlace("CAP", "6"), 3)]


def test_the_columns_of_the_three_ways_have_the_sign_with_which_shipbob_has_more() -> None:
    row = Row(
        later=Decimal(1),
        earlier=Decimal(2),
        decided=Decimal(4),
        journal=Decimal(10),
        netsuite=Decimal(2),
    )
    changed = Difference(
        kind=Kind.DOCUMENT_CHANGED, section="receipts", what="TEE", where="6", says="8 fewer"
    )
    made = report(
        changed,
        rows=((RowKey("receipts", "TEE", "6"), row), (RowKey("fees", "62", "", "USD"), row)),
    )

    assert told(made) == [
        (OpenKind.POSTED_LATER, TEE, 1),
        (OpenKind.POSTED_FROM_EARLIER, TEE, -2),
        (OpenKind.DECIDED, TEE, -4),
        (OpenKind.DOCUMENT_DIFFERS, TEE, 8),
    ]


def test_a_sum_without_a_document_that_differs_is_no_reason() -> None:
    kits = Row(journal=Decimal(-4))

    made = report(rows=((RowKey("fulfilments", "TEE", "6"), kits),))

    assert told(made) == []
    assert told(made, msgspec.structs.replace(KNOWN, hides_kits=True)) == [
        (OpenKind.DOCUMENT_DIFFERS, TEE, -4)
    ]


def test_a_document_that_was_moved_to_another_month_lacks_its_units_here() -> None:
    moved = Difference(
        kind=Kind.PERIOD_CHANGED, section="adjustments", external_id="mlc-ia-1-1", says="Moved"
    )
    row = (RowKey("adjustments", "TEE", "6"), Row(journal=Decimal(10)))

    assert told(report(moved, rows=(row,))) == [(OpenKind.DOCUMENT_DIFFERS, TEE, 10)]


def test_documents_of_others_count_from_the_start_date_on() -> None:
    known = msgspec.structs.replace(KNOWN, since=date(2026, 11, 15))
    made = report(by_others(7, "6"), by_others(9, "6", document="9000", day="2026-11-14"))

    assert told(made, known) == [(OpenKind.MOVED_BY_OTHERS, TEE, -7)]


def test_a_release_from_quarantine_is_no_movement_between_the_systems() -> None:
    known = msgspec.structs.replace(KNOWN, quarantine="9")
    made = report(by_others(5, "6"), by_others(-5, "9"), by_others(2, "6", document="9002"))

    assert told(made, known) == [
        (OpenKind.QUARANTINED, TEE, -5),
        (OpenKind.QUARANTINED, TiePlace("TEE", "9"), 5),
        (OpenKind.MOVED_BY_OTHERS, TEE, -2),
    ]


def test_quarantined_units_lie_at_the_center_and_at_netsuites_location_for_it() -> None:
    known = msgspec.structs.replace(
        KNOWN, quarantine="9", quarantined=[QuarantinedStock(sku="TEE", center="228", quantity=2)]
    )

    assert told(report(), known) == [
        (OpenKind.QUARANTINED, TEE, 2),
        (OpenKind.QUARANTINED, TiePlace("TEE", "9"), -2),
    ]


def test_units_behind_a_hub_are_booked_at_the_hub_and_lie_at_the_center() -> None:
    units = UnitsInTransit(
        source_line="inventory 1",
        sku="TEE",
        item="501",
        location="6",
        bound_for="7",
        quantity=12,
        reason="no transfer",
    )
    moving = InTransit(flow="receiving", source="wro 90311", units=units, since=date(2026, 11, 20))
    before = msgspec.structs.replace(moving, since=date(2026, 10, 31))
    known = msgspec.structs.replace(KNOWN, in_transit=[moving, before], since=date(2026, 11, 1))

    assert told(report(), known) == [
        (OpenKind.IN_TRANSIT, TEE, -12),
        (OpenKind.IN_TRANSIT, TiePlace("TEE", "7"), 12),
    ]


def test_a_movement_that_names_an_order_a_wro_or_a_return_is_not_shipbobs_alone() -> None:
    assert is_alone(movement(3, Reason="cycle count 12"))
    assert not is_alone(movement(3, order=5512))
    assert not is_alone(movement(3, WRO="90311"))
    assert not is_alone(movement(3, Return="88"))


def test_what_shipbob_moved_alone_says_its_category_and_audit_event() -> None:
    one = moved_alone(movement(3, Reason="found"), TEE, date(2026, 11, 20))

    assert one.quantity == 3
    assert one.says == "InventoryAdjusted (Reason: found) of 2026-11-20, audit event 7001"
    assert one.documents[0].id == "7001"
