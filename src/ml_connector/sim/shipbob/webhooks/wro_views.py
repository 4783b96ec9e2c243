"""WROs, boxes and unidentified receiving orders as JSON (reference shipbob.md, 9.4)."""

from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.receiving import Box, Wro
from ml_connector.sim.shipbob.values.dates import stamp, stamp_or_none
from ml_connector.sim.shipbob.values.vocabulary import WRO_STATUSES


def wro_view(
    wro: Wro,
    *,
    version: str,
    centers: Centers,
    products: Products,
    received_lags: bool = False,
    stowed_lags: bool = False,
    awaiting: str = "Awaiting",
    completed_written: str | None = None,
) -> dict[str, object]:
    """The WRO object.

    Args:
        wro: the WRO.
        version: the API version; freight is new in 2026-07.
        centers: to show the center.
        products: to show the SKUs.
        received_lags: the WRO's own received counter leaves out boxes that are not closed, so
            that it disagrees with the boxes while work goes on, as seen live (9.4).
        stowed_lags: its stowed counters are those before the last stowing, while its boxes
            show what was stowed: both can disagree while work goes on (9.4).
        awaiting: how the first status is written; ``AwaitingArrival`` was seen (9.4).
        completed_written: what stands in place of the moment of a completion; None: the moment.
            Serialisers write what is no date in ways of their own (13.6).
    """
    view: dict[str, object] = {
        "id": wro.id,
        "status": awaiting if wro.status == "Awaiting" else wro.status,
        "package_type": wro.package_type,
        "box_packaging_type": wro.box_packaging_type,
        "expected_arrival_date": stamp(wro.expected_arrival),
        "insert_date": stamp(wro.inserted),
        "last_updated_date": stamp(wro.updated),
        "box_labels_uri": f"/{version}/receiving/{wro.id}/labels",
        "fulfillment_center": centers[wro.center_id].view(),
        "purchase_order_number": wro.purchase_order_number,
        "inventory_quantities": _totals(
            wro, products, received_lags=received_lags, stowed_lags=stowed_lags
        ),
        "status_history": [
            {
                "id": WRO_STATUSES.index(status) + 1,
                "status": status,
                "timestamp": completed_written
                if status == "Completed" and completed_written is not None
                else stamp(at),
            }
            for status, at in wro.history
        ],
        "external_sync_timestamp": stamp_or_none(wro.external_sync),
    }
    if version != "2026-01":
        view["freight"] = wro.freight
        view["final_destination_fulfillment_center_id"] = wro.final_destination_id
    return view


def box_view(box: Box) -> dict[str, object]:
    """One box. Its items carry no SKU: they are resolved through the inventory id."""
    return {
        "box_id": box.id,
        "box_number": box.number,
        "box_status": box.status,
        "tracking_number": box.tracking_number,
        "arrived_date": stamp_or_none(box.arrived),
        "received_date": stamp_or_none(box.received),
        "counting_started_date": stamp_or_none(box.counting_started),
        "box_items": [
            {
                "inventory_id": item.inventory_id,
                "quantity": item.quantity,
                "received_quantity": item.received,
                "stowed_quantity": item.stowed,
                "lot_number": item.lot_number,
                "lot_date": stamp_or_none(item.lot_date),
            }
            for item in box.items
        ],
    }


def _totals(
    wro: Wro, products: Products, *, received_lags: bool, stowed_lags: bool
) -> list[dict[str, object]]:
    totals: dict[int, list[int]] = {}
    for box in wro.boxes:
        counted = not received_lags or box.status == "Completed"
        for item in box.items:
            total = totals.setdefault(item.inventory_id, [0, 0, 0])
            total[0] += item.quantity
            total[1] += item.received if counted else 0
            total[2] += item.stowed_before if stowed_lags else item.stowed
    return [
        {
            "inventory_id": inventory_id,
            "sku": products.by_inventory_id[inventory_id].sku,
            "expected_quantity": expected,
            "received_quantity": received,
            "stowed_quantity": stowed,
        }
        for inventory_id, (expected, received, stowed) in totals.items()
    ]
