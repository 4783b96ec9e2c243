"""A database is lost for good: what was booked of a WRO before it counts, whichever there is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.closing import close
from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, quantities
from acceptance.test_deciding import drifts
from ml_connector.app.installation import setup
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.people.dock import Item


@pytest.fixture
def second(
    unserved: Merchant, tmp_path: Path, server_url: str, template: str
) -> Iterator[Merchant]:
    """The same merchant with an installation anew, whose database is empty."""
    folder = tmp_path / "second"
    folder.mkdir()
    with fresh_database(server_url, template) as url:
        made = replace(unserved, folder=folder, database_url=url)
        setup.initialise(made.settings)
        yield made


def test_several_receipts_of_one_wro_are_taken_in_and_only_the_rest_is_booked(
    unserved: Merchant, second: Merchant
) -> None:
    netsuite, shipbob = unserved.world.netsuite, unserved.world.shipbob
    tee, cap = unserved.sku("TEE"), unserved.sku("CAP")
    wro = unserved.announce({tee: 60, cap: 9}, number=unserved.order({tee: 90, cap: 9}))
    states = []
    parts: list[dict[Item, int]] = [{tee: 20}, {tee: 15, cap: 9}, {tee: 5}]
    for units in parts:
        shipbob.stow(wro, units)
        states += [one["state"] for one in sync(unserved, "receiving", [str(wro.id)])]
    before = unserved.books(tee, cap)
    first, middle, last = (int(one["id"]) for one in unserved.documents(wro))
    netsuite.delete("itemReceipt", first)
    netsuite.books.update("transaction", {"externalid": None}, id=middle)
    second.apply()
    shipbob.stow(wro)
    shipbob.complete(wro)
    [done] = sync(second, "receiving", [str(wro.id)])
    rows = second.rows(
        "select external_id, state, remote_id from posting where system = 'netsuite' order by id"
    )
    made = {str(one["externalId"]): one for one in second.documents(wro)}
    known = close(second).report  # by the tag in its memo
    netsuite.books.update("transaction", {"externalid": "TAKEN-1"}, id=middle)
    [shown] = close(second).report.open
    netsuite.books.update("transaction", {"externalid": f"mlc-ir-{wro.id}-2"}, id=middle)

    assert states == ["done"] * 3
    assert before.netsuite == {(tee, 6): 40, (cap, 6): 9}
    assert (done["state"], done["cause"]) == ("done", None)
    assert [tuple(row.values()) for row in rows] == [
        (f"mlc-ir-{wro.id}-2", "adopted", str(middle)),
        (f"mlc-ir-{wro.id}-3", "adopted", str(last)),
        (f"mlc-ir-{wro.id}-4", "done", str(made[f"mlc-ir-{wro.id}-4"]["id"])),
    ]
    assert quantities(made[f"mlc-ir-{wro.id}-4"]) == [40]
    assert second.books(tee, cap) == ({(tee, 6): 60, (cap, 6): 9},) * 3
    assert known.green
    assert shown.kind is Kind.EXTERNAL_ID_CHANGED
    assert close(second).report.green
    assert drifts(second) == []
