"""What is refused because somebody else has it is looked at again when theirs changes or goes."""

from acceptance.closing import close, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail
from acceptance.test_polls import look
from ml_connector.reconcile.compare.kinds import Kind


def swept(acme: Merchant) -> None:
    """Sweep as a worker does, and do what was found."""
    acme.rows("update turn set taken_at = '-infinity', not_before = '-infinity' returning what")
    look(acme)
    for row in acme.rows("select flow, key from subject where state in ('received', 'retrying')"):
        sync(acme, row["flow"], row["key"])


def runs(acme: Merchant, key: object) -> int:
    [row] = acme.rows(
        "select count(*) as n from run as r join subject as s on s.id = r.subject_id"
        " where s.flow = 'tracking' and s.key = %(key)s",
        key=str(key),
    )
    return int(row["n"])


def test_a_fulfilment_of_others_that_is_deleted_reopens_its_shipment(unserved: Merchant) -> None:
    retail = Retail(unserved)
    unserved.apply()
    tee = retail.sku()
    order = retail.sell({tee: 2})
    [shipment] = order.shipments
    netsuite = unserved.world.netsuite
    unserved.world.shipbob.ship(shipment)
    [sales_order] = [
        one["id"] for one in netsuite.documents() if one.get("tranId") == order.reference_id
    ]
    netsuite.transform(
        "salesOrder",
        int(sales_order),
        "itemFulfillment",
        {
            "shipStatus": {"id": "C"},
            "package": {"items": [{"packageTrackingNumber": shipment.parcels[0].tracking_number}]},
        },
    )
    sync(unserved, "tracking", shipment.id)
    before = close(unserved).report
    swept(unserved)
    settled = runs(unserved, shipment.id)
    swept(unserved)
    again = runs(unserved, shipment.id)
    [theirs] = retail.fulfillments(order)
    netsuite.delete("itemFulfillment", int(theirs["id"]))
    named = close(unserved).report.open
    [changed] = [one for one in named if one.section != "stock"]
    swept(unserved)
    [ours] = retail.fulfillments(order)

    assert before.open == ()
    assert again == settled
    assert changed.kind is Kind.HANDLED_CHANGED
    assert {one.what for one in named if one.section == "stock"} == {tee}
    assert f"shipment {shipment.id}" in changed.says
    assert str(ours["externalId"]).startswith(f"mlc-if-{shipment.id}")
    assert close(unserved).report.open == ()
