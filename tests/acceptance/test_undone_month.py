"""What a person takes back, at month end: ShipBob's column shows only what ShipBob said."""

from collections.abc import Iterator

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.reconcile.compare.report import Row
from ml_connector.reconcile.report.page import totals


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("undone")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def numbers(row: Row, *names: str) -> list[int]:
    return [int(getattr(row, name)) for name in names]


def test_an_undone_receipt_is_in_a_column_of_its_own(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    ordered = acme.deliver({tee: 100}, number=acme.order({tee: 100}))
    again = acme.deliver({tee: 100}, number=acme.order({tee: 100}))
    unordered = acme.deliver({cap: 20})
    sync(acme, "receiving", ordered.id, again.id, unordered.id)
    said = acme.command("journal", "undo", f"mlc-ir-{ordered.id}-1", "--yes")
    assert said.status == 0, said.err
    done = close(acme)

    parts = {key.section: row for key, row in totals(done.report) if not key.currency}
    receipts, adjustments = parts["receipts"], parts["adjustments"]
    assert numbers(receipts, "shipbob", "refused", "undone") == [200, 100, 100]
    assert numbers(receipts, "journal", "netsuite") == [200, 200]
    assert numbers(adjustments, "shipbob", "undone", "journal") == [20, -100, -80]
    for row in parts.values():
        said_by_shipbob = row.shipbob - row.open - row.refused
        assert row.journal == said_by_shipbob - row.later + row.earlier + row.decided + row.undone
    page = done.files[0].read_text("utf-8")
    assert "Undone" in page
    assert "made by tests on" in page
    assert "Prepared by" in page


def test_what_a_further_wro_brings_is_on_its_way(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 150})
    first = acme.deliver({tee: 100}, number=number)
    acme.announce({tee: 30}, number=f"{number}-2")
    sync(acme, "receiving", first.id)
    [row] = close(acme).report.order_lines

    assert [int(one) for one in (row.ordered, row.ours, row.on_its_way, row.to_come)] == [
        *(150, 100, 30, 20)
    ]
