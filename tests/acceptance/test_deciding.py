"""A person decides about a WRO that somebody else received, and the list empties."""

from collections.abc import Iterator

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant, quantities
from acceptance.service import Answered
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything."""
    folder = tmp_path_factory.mktemp("deciding")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        yield made


def receive_by_hand(acme: Merchant, number: str, units: int) -> tuple[int, str]:
    """Receive units of an order in NetSuite as a person does; return id and number."""
    netsuite = acme.world.netsuite
    [order] = [one for one in netsuite.documents("purchaseOrder") if one["tranId"] == number]
    receipt = netsuite.transform(
        "purchaseOrder",
        int(order["id"]),
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "itemReceive": True, "quantity": units}]}},
    )
    [made] = [one for one in netsuite.documents("itemReceipt") if int(one["id"]) == receipt]
    return receipt, str(made["tranId"])


def event_of(acme: Merchant, wro: Wro) -> str:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s",
        key=str(wro.id),
    )
    return str(row["id"])


def decide(acme: Merchant, wro: Wro, *options: str) -> Answered:
    return acme.command(
        *("events", "decide", event_of(acme, wro), "--note", "Asked the dock", "--json"), *options
    )


def test_what_a_person_received_is_handled_and_the_rest_is_booked(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 100})
    _, receipt = receive_by_hand(acme, number, 60)
    wro = acme.deliver({tee: 100}, number=number)
    sync(acme, "receiving", [str(wro.id)])
    stopped = acme.subject(wro)
    decided = decide(acme, wro, "--as", "handled", "--document", receipt)
    [done] = sync(acme, "receiving", [str(wro.id)])

    assert (stopped["state"], stopped["cause"]) == ("dead", "received_by_others")
    assert decided.status == 0, decided.err
    assert [one["quantity"] for one in decided.json["plan"]["handled"]] == [60]
    assert done["state"] == "done"
    assert [quantities(one) for one in acme.documents(wro)] == [[40]]
    books = acme.books(tee)
    assert books.shipbob == books.netsuite == {(tee, 6): 100}
    assert books.journal == {(tee, 6): 40}
