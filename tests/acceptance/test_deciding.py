"""What a person decides about a WRO that stopped: both systems, month end and stock afterwards."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant, quantities
from acceptance.service import Answered
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("deciding")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


class Receipt:
    """An item receipt that a person makes from an order in NetSuite."""

    def __init__(self, acme: Merchant, number: str, units: int) -> None:
        self._netsuite = acme.world.netsuite
        [order] = [
            one for one in self._netsuite.documents("purchaseOrder") if one["tranId"] == number
        ]
        line = {"orderLine": 1, "itemReceive": True, "quantity": units}
        self.id = self._netsuite.transform(
            "purchaseOrder", int(order["id"]), "itemReceipt", {"item": {"items": [line]}}
        )
        [made] = [
            one for one in self._netsuite.documents("itemReceipt") if int(one["id"]) == self.id
        ]
        self.number = str(made["tranId"])
        self._line = made["item"]["items"][0]["line"]

    def change(self, units: int) -> None:
        body = {"item": {"items": [{"line": self._line, "quantity": units}]}}
        self._netsuite.edit("itemReceipt", self.id, body)

    def delete(self) -> None:
        self._netsuite.delete("itemReceipt", self.id)


def run(acme: Merchant, *wros: Wro) -> None:
    """Let receiving look at these WROs; at all that a sweep finds when none is named."""
    sync(acme, "receiving", *(wro.id for wro in wros))


def event_of(acme: Merchant, wro: Wro) -> str:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s",
        key=str(wro.id),
    )
    return str(row["id"])


def decide(acme: Merchant, wro: Wro, kind: str, *names: str) -> Mapping[str, Any]:
    """Decide about a WRO and let it run; return what the command said."""
    said: Answered = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", kind, *names),
        *("--note", "Asked the dock", "--json"),
    )
    assert said.status == 0, said.err or said.out
    run(acme, wro)
    return dict(said.json)


def undecide(acme: Merchant, wro: Wro, decided: Mapping[str, Any]) -> str:
    said = acme.command("events", "undecide", str(decided["id"]))
    assert said.status == 0, said.err
    run(acme, wro)
    return said.out


def standing(acme: Merchant, wro: Wro) -> tuple[str, str | None]:
    subject = acme.subject(wro)
    return subject["state"], subject["cause"]


def booked(acme: Merchant, wro: Wro) -> list[tuple[str, int]]:
    """What we posted in NetSuite of a WRO."""
    return [
        (str(one["recordType"]), int(units))
        for one in acme.documents(wro)
        for units in quantities(one)
    ]


def drifts(acme: Merchant) -> list[Mapping[str, Any]]:
    return [row for row in sync(acme, "inventory").details if row["drift"]]


def received_by_hand(acme: Merchant, *, ordered: int, by_hand: int) -> tuple[str, Receipt, Wro]:
    """A WRO of a whole order, of which a person has received a part; it stops."""
    tee = acme.sku("TEE")
    number = acme.order({tee: ordered})
    receipt = Receipt(acme, number, by_hand)
    wro = acme.deliver({tee: ordered}, number=number)
    run(acme, wro)
    assert standing(acme, wro) == ("dead", "received_by_others")
    return tee, receipt, wro


def test_what_a_person_received_is_handled_until_it_is_taken_back(acme: Merchant) -> None:
    tee, receipt, wro = received_by_hand(acme, ordered=100, by_hand=60)
    stopped = close(acme).report
    handled = decide(acme, wro, "handled", "--document", receipt.number)

    assert not stopped.green
    assert [one["quantity"] for one in handled["plan"]["handled"]] == [60]
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 40)]
    books = acme.books(tee)
    assert books.shipbob == books.netsuite == {(tee, 6): 100}
    assert books.journal == {(tee, 6): 40}
    assert drifts(acme) == []

    report = close(acme).report
    [shown] = report.of(Kind.FACT_HANDLED)
    [others] = report.of(Kind.MOVED_BY_OTHERS)

    assert report.green
    assert (
        f"60 x {tee} is not ours to post. Handled by item receipt {receipt.number}" in shown.says
    )
    assert others.says.endswith(f"not ours, and handles wro {wro.id} (decision {handled['id']})")
    [equation] = [one for one in report.equations if one.lines]
    assert [equation.source, equation.posted, equation.refused] == [100, 40, 60]

    undecide(acme, wro, handled)

    assert standing(acme, wro) == ("dead", "received_by_others")
    assert acme.rows("select * from refusal") == acme.rows("select * from handled_line") == []
    again = close(acme).report
    assert [one.kind for one in again.open] == [Kind.FACT_WAITING]
    assert drifts(acme) != []  # 60 wait, and are in both systems' stock


def test_a_receipt_that_is_another_matter_is_separate_and_ours_is_booked(acme: Merchant) -> None:
    tee, receipt, wro = received_by_hand(acme, ordered=100, by_hand=60)
    separate = decide(acme, wro, "separate", "--document", receipt.number)

    assert standing(acme, wro) == ("done", None)
    assert sorted(booked(acme, wro)) == [("inventoryAdjustment", 60), ("itemReceipt", 40)]
    assert acme.books(tee).journal == {(tee, 6): 100}

    # The database's clock was set back since the decision.
    acme.rows("update decision set made_at = made_at + interval '1 hour' returning id")
    said = undecide(acme, wro, separate)

    assert standing(acme, wro) == ("done", None)
    assert f"journal undo mlc-ir-{wro.id}-1" in said
    assert f"journal undo mlc-ia-{wro.id}-1" in said


def test_a_wro_without_a_number_belongs_to_the_order_that_a_person_names(acme: Merchant) -> None:
    acme.apply(policies='unmatched_wro = "park"')
    tee = acme.sku("TEE")
    number = acme.order({tee: 30})
    wro = acme.announce({tee: 30})
    acme.world.shipbob.stow(wro, {tee: 10})
    run(acme, wro)
    stopped = standing(acme, wro)
    decide(acme, wro, "belongs", "--value", number)
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.complete(wro)
    run(acme, wro)

    assert stopped == ("dead", "purchase_order_not_found")
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 10), ("itemReceipt", 20)]
    assert acme.books(tee) == ({(tee, 6): 30},) * 3
    assert close(acme).report.green


def test_a_decision_survives_further_stows_and_counts_a_document_once(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 100})
    receipt = Receipt(acme, number, 60)
    first, second = (acme.announce({tee: 50}, number=number) for _ in range(2))
    for wro in (first, second):
        acme.world.shipbob.stow(wro, {tee: 25})
    run(acme, first, second)
    stopped = [standing(acme, wro) for wro in (first, second)]
    for wro in (first, second):
        decide(acme, wro, "handled", "--document", receipt.number)
        run(acme, first, second)  # the other one wakes: of its document less is left
    for wro in (first, second):
        acme.world.shipbob.stow(wro)
        acme.world.shipbob.complete(wro)
        run(acme, wro)

    assert stopped == [("dead", "received_by_others")] * 2
    assert [standing(acme, wro) for wro in (first, second)] == [("done", None)] * 2
    taken = acme.rows("select sum(quantity)::int as units from handled_line group by decision_id")
    assert sorted(row["units"] for row in taken) == [25, 35]
    assert (booked(acme, first), booked(acme, second)) == (
        [("itemReceipt", 15)],
        [("itemReceipt", 25)],
    )
    books = acme.books(tee)
    assert books.shipbob == books.netsuite == {(tee, 6): 100}
    assert drifts(acme) == []
    assert close(acme).report.green


def test_what_the_document_no_longer_shows_is_open_again(acme: Merchant) -> None:
    tee, receipt, wro = received_by_hand(acme, ordered=100, by_hand=60)
    first = decide(acme, wro, "handled", "--document", receipt.number)
    run(acme)  # looks at the document once more
    receipt.change(50)
    [changed] = close(acme).report.open
    run(acme)
    stopped = standing(acme, wro)
    waits = close(acme).report
    shown = acme.command("events", "show", event_of(acme, wro))

    assert changed.kind is Kind.HANDLED_CHANGED
    assert "it shows 50 of item" in changed.says
    assert stopped == ("dead", "received_by_others")
    assert [one.kind for one in waits.open] == [Kind.FACT_WAITING, Kind.HANDLED_CHANGED]
    assert waits.open[0].says.startswith(f"wro {wro.id}, ")
    assert f"10 x {tee} waits" in waits.open[0].says
    assert "no: item receipt" in shown.out
    assert drifts(acme) == []

    second = decide(acme, wro, "handled", "--document", receipt.number)

    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 40), ("itemReceipt", 10)]
    made = acme.rows("select id, taken_back_at is null as stands from decision order by id")
    assert made == [
        {"id": first["id"], "stands": False},
        {"id": second["id"], "stands": True},
    ]
    assert close(acme).report.green

    receipt.delete()
    run(acme)

    assert standing(acme, wro) == ("dead", "received_by_others")
    assert "is not in NetSuite any more" in acme.subject(wro)["sentence"]
    assert drifts(acme) == []

    undecide(acme, wro, second)

    assert standing(acme, wro) == ("done", None)
    books = acme.books(tee)
    assert books.shipbob == books.netsuite == books.journal == {(tee, 6): 100}


def test_what_a_person_adjusted_handles_a_wro_without_an_order(acme: Merchant) -> None:
    acme.apply(policies='unmatched_wro = "park"')
    tee = acme.sku("TEE")
    adjusted = acme.world.netsuite.add_to_stock(tee, 6, 12, tranId="IA77")
    wro = acme.deliver({tee: 12})
    run(acme, wro)
    stopped = standing(acme, wro)
    decide(acme, wro, "handled", "--document", "IA77")

    assert stopped == ("dead", "purchase_order_not_found")
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == []
    assert acme.books(tee).netsuite == acme.books(tee).shipbob == {(tee, 6): 12}
    assert drifts(acme) == []
    assert close(acme).report.green

    acme.world.netsuite.delete("inventoryAdjustment", adjusted)
    [gone] = drifts(acme)
    run(acme)

    assert (gone["sku"], gone["drift"]) == (tee, 12)
    assert standing(acme, wro) == ("dead", "purchase_order_not_found")
    assert not close(acme).report.green
    assert drifts(acme) == []


def test_what_a_decision_counted_is_in_question_for_no_other_wro(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 100})
    first, second = (acme.announce({tee: units}, number=number) for units in (60, 40))
    receipt = Receipt(acme, number, 60)
    for wro in (first, second):
        acme.world.shipbob.stow(wro)
        acme.world.shipbob.complete(wro)
        run(acme, wro)
    stopped = [standing(acme, wro) for wro in (first, second)]
    decide(acme, first, "handled", "--document", receipt.number)
    run(acme, second)

    assert stopped == [("dead", "received_by_others")] * 2
    assert [standing(acme, wro) for wro in (first, second)] == [("done", None)] * 2
    assert (booked(acme, first), booked(acme, second)) == ([], [("itemReceipt", 40)])
    books = acme.books(tee)
    assert books.shipbob == books.netsuite == {(tee, 6): 100}
    assert close(acme).report.green


def test_what_a_receipt_handles_is_not_on_its_way_to_its_order(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 200})
    receipt = Receipt(acme, number, 60)
    wro = acme.deliver({tee: 100}, number=number)
    run(acme, wro)
    stopped = standing(acme, wro)
    decide(acme, wro, "handled", "--document", receipt.number)
    sync(acme, "purchase-orders")
    announced = [
        one["quantity"]
        for row in acme.rows("select document from posting where kind = 'wro'")
        for box in row["document"]["request"]["body"]["boxes"]
        for one in box["box_items"]
    ]

    assert stopped == ("dead", "received_by_others")
    assert booked(acme, wro) == [("itemReceipt", 40)]
    assert announced == [100]


def test_fewer_than_is_booked_and_handled_together_is_shown_to_a_person(acme: Merchant) -> None:
    tee, shipbob = acme.sku("TEE"), acme.world.shipbob
    number = acme.order({tee: 100})
    wro = acme.announce({tee: 100}, number=number)
    receipt = Receipt(acme, number, 60)
    shipbob.stow(wro, {tee: 100})
    run(acme, wro)
    decide(acme, wro, "handled", "--document", receipt.number)
    settled = standing(acme, wro)
    shipbob.stow(wro, {tee: -30})
    run(acme, wro)

    assert settled == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 40)]
    assert standing(acme, wro) == ("dead", "quantity_went_down")
    assert not close(acme).report.green

    receipt.change(30)
    run(acme, wro)
    lapsed = standing(acme, wro)
    decide(acme, wro, "handled", "--document", receipt.number)

    assert lapsed == ("dead", "received_by_others")
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee).netsuite == acme.books(tee).shipbob == {(tee, 6): 70}
    assert close(acme).report.green
