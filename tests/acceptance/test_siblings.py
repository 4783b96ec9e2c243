"""A decision takes or frees a document: those that stopped because of it go on by themselves."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.returning import WRITE_OFF
from acceptance.returning import Desk as ReturnDesk
from acceptance.service import working
from acceptance.test_deciding import Receipt
from acceptance.test_deciding_returns import received_by_hand
from acceptance.test_whose_fulfilment import Desk as ParcelDesk
from waiting import wait_until


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("siblings")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        netsuite = made.world.netsuite
        netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
        netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
        yield made


class Subject(NamedTuple):
    """A source of which something is looked at."""

    flow: str
    key: int


def stands(acme: Merchant, one: Subject) -> tuple[str, str]:
    [row] = acme.rows(
        "select state, coalesce(cause, '') as cause from subject"
        " where flow = %(flow)s and key = %(key)s",
        flow=one.flow,
        key=str(one.key),
    )
    return row["state"], row["cause"]


def look(acme: Merchant, one: Subject) -> tuple[str, str]:
    sync(acme, one.flow, one.key)
    return stands(acme, one)


def handled(acme: Merchant, one: Subject, number: str) -> str:
    """Decide that a document handled it, and let it run; return the decision's id."""
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = %(flow)s and s.key = %(key)s",
        flow=one.flow,
        key=str(one.key),
    )
    said = acme.command(
        *("events", "decide", str(row["id"]), "--as", "handled", "--document", number),
        *("--note", "Asked", "--json"),
    )
    assert said.status == 0, said.err or said.out
    sync(acme, one.flow, one.key)
    return str(said.json["id"])


def woken(acme: Merchant) -> list[tuple[str, str]]:
    """Whom a document woke that was taken or freed, and by whom."""
    found = acme.rows(
        "select s.key, e.topic from event as e join subject as s on s.id = e.subject_id"
        " where e.source = 'wake' and e.topic like %(topic)s order by e.id",
        topic="document %% was taken or freed by %%",
    )
    return [(row["key"], row["topic"].rpartition(" ")[2]) for row in found]


def work(acme: Merchant) -> None:
    """Let a worker run until nothing is left to run."""
    with working(acme.environment, acme.folder):
        wait_until(
            lambda: not acme.rows("select 1 from subject where state in ('received', 'working')")
        )


def two_wros(acme: Merchant) -> tuple[str, Subject, Subject, Receipt]:
    """An order of 60 that a person received, and WROs of 40 and of 60 units that name it."""
    acme.apply(policies='over_receipt = "park"')
    tee = acme.sku("TEE")
    number = acme.order({tee: 60})
    receipt = Receipt(acme, number, 60)
    one, other = (
        Subject("receiving", acme.deliver({tee: units}, number=number).id) for units in (40, 60)
    )
    assert look(acme, one) == look(acme, other) == ("dead", "received_by_others")
    return tee, one, other, receipt


def test_a_wro_goes_on_when_another_takes_a_receipt_and_when_it_gives_it_back(
    acme: Merchant,
) -> None:
    _, one, other, receipt = two_wros(acme)
    first = handled(acme, one, receipt.number)
    took = woken(acme)
    work(acme)
    handled(acme, other, receipt.number)
    in_part = stands(acme, one), stands(acme, other)
    again = woken(acme)
    undone = acme.command("events", "undecide", first)
    work(acme)

    assert took == [(str(other.key), str(one.key))]
    assert in_part == (("done", ""), ("dead", "over_receipt"))
    assert again == took  # the first is done: what the other takes is no matter to it
    assert undone.status == 0, undone.err
    assert stands(acme, other) == ("done", "")
    assert stands(acme, one)[0] == "dead"
    assert acme.external_ids() == []


def test_a_shipment_goes_on_when_another_gives_a_fulfilment_back(acme: Merchant) -> None:
    desk = ParcelDesk(acme)
    tee = desk.retail.sku()
    lost = desk.retail.sell({tee: 2}, {tee: 2}, in_netsuite=False)
    counter = desk.retail.sell({tee: 3})
    acme.world.shipbob.cancel_shipment(counter.shipments[0])
    made = desk.fulfil(counter, {tee: 3})
    [by_hand] = [
        one for one in acme.world.netsuite.documents("itemFulfillment") if str(one["id"]) == made
    ]
    one, other = (Subject("tracking", shipment.id) for shipment in lost.shipments)
    for shipment, number in zip(lost.shipments, ("1Z1", "1Z2"), strict=True):
        desk.ship(shipment, number)
    desk.look(*lost.shipments)
    first = handled(acme, one, str(by_hand["tranId"]))
    handled(acme, other, str(by_hand["tranId"]))
    took, in_part = woken(acme), (stands(acme, one), stands(acme, other))
    undone = acme.command("events", "undecide", first)
    work(acme)

    assert took == []  # the other had not seen the fulfilment before a person named it
    assert in_part == (("done", ""), ("parked", "sales_order_not_found"))
    assert undone.status == 0, undone.err
    assert stands(acme, one) == ("parked", "sales_order_not_found")
    assert stands(acme, other) == ("done", "")
    assert acme.external_ids() == []


def test_a_return_goes_on_when_another_takes_a_receipt(acme: Merchant) -> None:
    desk = ReturnDesk(acme)
    desk.apply(quarantine_location="")
    tee = acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 4})
    number = desk.authorize({tee: 2})
    receipt = received_by_hand(desk, number, 2)
    found = [desk.announce({tee: 2}, number, shipment=shipment)]
    desk.complete(found[0], {tee: {"Dispose": 2}})
    one = Subject("returns", found[0].id)
    stopped = look(acme, one)
    later = acme.world.shipbob.create_return(
        f"{number} ", {tee: 2}, fulfillment_center_id=228, shipment=shipment
    )
    desk.complete(later, {tee: {"Dispose": 2}})
    other = Subject("returns", later.id)
    beside = look(acme, other)
    sync(acme, "tracking")
    handled(acme, one, receipt)
    took = woken(acme)
    work(acme)

    assert stopped == beside == ("dead", "received_by_others")
    assert took == [(str(other.key), str(one.key))]
    assert stands(acme, one) == stands(acme, other) == ("done", "")
    assert desk.stock(tee) == {}
    assert close(acme).report.green
