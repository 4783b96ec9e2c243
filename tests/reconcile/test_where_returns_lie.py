"""Where units of a return lie is known although the return does not say it any more."""

from datetime import date

import msgspec

from ml_connector.flows import FLOWS
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.stored import stored
from ml_connector.reconcile.tie_out.open_items import QuarantinedStock
from ml_connector.storage.database import Database
from views.shop import Shop, line


async def test_units_of_a_return_that_was_taken_up_again_still_lie_in_quarantine(
    database: Database,
) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject(
        "returns", "7001", state="dead", cause="return_reopened", facts={"center_id": 228}
    )
    put = msgspec.structs.replace(
        line("TEE", 3), source="return 7001", source_line="inventory 1 quarantine", location="9"
    )
    await shop.document(subject, "itemReceipt", "mlc-rr-7001-1", "6100", [put], flow="returns")
    async with stored.opened(database.url, "acme", Month(date(2026, 11, 1)), FLOWS) as books:
        await books.freeze()
        found = await books.quarantined("9")

    assert found == [QuarantinedStock(sku="TEE", center="228", quantity=3)]


async def test_units_that_a_return_no_longer_names_are_open_at_its_center(
    database: Database,
) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject(
        "returns", "7002", state="dead", cause="quantity_went_down", facts={"center_id": 228}
    )
    put = msgspec.structs.replace(
        line("TEE", 2), source="return 7002", source_line="inventory 1 restock"
    )
    await shop.document(subject, "itemReceipt", "mlc-rr-7002-1", "6101", [put], flow="returns")
    async with stored.opened(database.url, "acme", Month(date(2026, 11, 1)), FLOWS) as books:
        await books.freeze()
        found = await books.open_stock()

    assert [(one.sku, one.center, one.rest) for one in found] == [("TEE", "228", -2)]
