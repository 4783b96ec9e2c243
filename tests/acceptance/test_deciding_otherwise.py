"""Adjusted, not ours, mapped, again: what a person decides about a WRO, and both books after."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from acceptance.test_deciding import booked, decide, drifts, event_of, run, standing, undecide
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.receiving import Wro

PARKS = 'unmatched_wro = "park"\nover_receipt = "park"'


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and who parks what no order has."""
    folder = tmp_path_factory.mktemp("otherwise")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        made.apply(policies=PARKS)
        yield made


def looked(acme: Merchant, wro: Wro, kind: str, *names: str) -> Answered:
    return acme.command(
        *("events", "decide", event_of(acme, wro), "--as", kind, *names),
        *("--note", "Asked the dock", "--dry-run", "--json"),
    )


def refused(acme: Merchant, wro: Wro, kind: str, *names: str) -> Answered:
    said = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", kind, *names, "--note", "Asked"),
    )
    assert said.status == 1, said.out
    return said


def titles(answer: Mapping[str, Any]) -> list[str]:
    return [one["title"] for one in answer["plan"].get("documents", [])]


def test_a_wro_whose_number_no_order_has_is_adjusted(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.deliver({tee: 12}, number="PO-NOWHERE")
    run(acme, wro)
    stopped = standing(acme, wro)
    seen = looked(acme, wro, "adjust")
    unchanged = acme.rows("select id from decision"), booked(acme, wro)
    decided = decide(acme, wro, "adjust")

    assert stopped == ("parked", "purchase_order_not_found")
    assert seen.json["recorded"] is False
    assert titles(seen.json) == titles(decided)
    assert "Inventory adjustment" in titles(decided)[0]
    assert unchanged == ([], [])
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("inventoryAdjustment", 12)]
    [made] = acme.documents(wro)
    assert "no purchase order PO-NOWHERE" in str(made["memo"])
    assert acme.books(tee) == ({(tee, 6): 12},) * 3
    assert drifts(acme) == []
    assert close(acme).report.green

    acme.order({tee: 12}, number="PO-NOWHERE")
    run(acme, wro)

    assert booked(acme, wro) == [("inventoryAdjustment", 12)]
    assert f"journal undo mlc-ia-{wro.id}-1" in undecide(acme, wro, decided)
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee) == ({(tee, 6): 12},) * 3


def test_surplus_is_adjusted_until_the_line_changes(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 100})
    wro = acme.announce({tee: 110, cap: 5}, number=number)
    acme.world.shipbob.stow(wro, {tee: 110})
    run(acme, wro)
    stopped = standing(acme, wro), booked(acme, wro)
    first = decide(acme, wro, "adjust")
    after = standing(acme, wro), booked(acme, wro)
    acme.world.shipbob.stow(wro, {cap: 5})
    run(acme, wro)
    new_line = standing(acme, wro), booked(acme, wro)
    second = decide(acme, wro, "adjust")

    assert stopped == (("dead", "over_receipt"), [("itemReceipt", 100)])
    assert after == (("done", None), [("inventoryAdjustment", 10), ("itemReceipt", 100)])
    assert new_line == (("dead", "over_receipt"), after[1])
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee, cap) == ({(tee, 6): 110, (cap, 6): 5},) * 3
    assert close(acme).report.green
    stands = acme.rows("select id, taken_back_at is null as stands from decision order by id")
    assert stands == [
        {"id": first["id"], "stands": False},
        {"id": second["id"], "stands": True},
    ]


def test_what_was_adjusted_and_changes_stops_again(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.announce({tee: 30}, number="PO-NOWHERE")
    acme.world.shipbob.stow(wro, {tee: 10})
    run(acme, wro)
    first = decide(acme, wro, "adjust")
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.complete(wro)
    run(acme, wro)
    lapsed = standing(acme, wro), acme.subject(wro)["sentence"]
    report = close(acme).report
    decide(acme, wro, "adjust")

    assert lapsed[0] == ("dead", "purchase_order_not_found")
    assert f'decision {first["id"]}, "adjust unmatched_wro", does not hold any more' in lapsed[1]
    assert "is 30, and was 10" in lapsed[1]
    assert [one.kind for one in report.open] == [Kind.FACT_WAITING]
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("inventoryAdjustment", 10), ("inventoryAdjustment", 20)]
    assert close(acme).report.green


def test_what_was_adjusted_by_decision_and_taken_back_is_not_booked_again(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.deliver({tee: 12})
    run(acme, wro)
    decide(acme, wro, "adjust")
    said = acme.command("journal", "undo", f"mlc-ia-{wro.id}-1", "--yes")
    run(acme, wro)

    assert said.status == 0, said.err
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee).netsuite == {}


def test_a_wro_that_is_not_ours_is_refused_until_that_is_taken_back(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    acme.sku("GIFT", in_netsuite=False)
    wro = acme.deliver({tee: 12}, number="SAMPLE-17")
    run(acme, wro)
    seen = looked(acme, wro, "not-ours")
    decided = decide(acme, wro, "not-ours")

    assert seen.json["rule"] == 'wro_prefixes = ["SAMPLE-"]'
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == []

    report = close(acme).report
    [shown] = report.of(Kind.FACT_REFUSED)
    [equation] = [one for one in report.equations if one.lines]

    assert report.green
    assert "Not ours, as a person decided: Asked the dock" in shown.says
    assert [equation.source, equation.posted, equation.refused] == [12, 0, 12]

    undecide(acme, wro, decided)

    assert standing(acme, wro) == ("parked", "purchase_order_not_found")
    assert acme.rows("select * from refusal") == []
    assert not close(acme).report.green


def test_what_came_after_it_was_not_ours_waits_for_a_person(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    wro = acme.announce({tee: 12, cap: 4}, number="SAMPLE-17")
    acme.world.shipbob.stow(wro, {tee: 12})
    run(acme, wro)
    decide(acme, wro, "not-ours")
    acme.world.shipbob.stow(wro, {cap: 4})
    run(acme, wro)
    new_line = standing(acme, wro), acme.subject(wro)["sentence"]
    handled = refused(acme, wro, "belongs", "--value", acme.order({cap: 4}))
    decide(acme, wro, "not-ours")

    assert new_line[0] == ("dead", "purchase_order_not_found")
    assert "which is not about" in new_line[1]
    assert "Take it back first: events undecide" in handled.err
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == []
    assert close(acme).report.green


def test_a_sku_is_mapped_and_what_waits_goes_on(acme: Merchant) -> None:
    item = acme.sku("TEE")
    worn = acme.sku("WORN", in_netsuite=False)
    number = acme.order({item: 24})
    wros = [acme.deliver({worn: 12}, number=number) for _ in range(2)]
    run(acme, *wros)
    stopped = [standing(acme, wro) for wro in wros]
    wrong = refused(acme, wros[0], "map", "--value", f"{item}=NOTHING")
    formless = refused(acme, wros[0], "map")
    seen = looked(acme, wros[0], "map", "--value", f"{worn}={item}")
    before = acme.command("connection", "show", "--json").json["skus"]
    said = decide(acme, wros[0], "map", "--value", f"{worn}={item}")
    run(acme)

    assert stopped == [("parked", "sku_missing_in_netsuite")] * 2
    assert "It would stop as before" in wrong.err
    assert "TEE-BLK-M=TEE : TEE-BLK-M" in formless.err
    assert [one.split(" ")[0] for one in titles(seen.json)] == ["Item", "Mark"]
    assert before == {}
    assert said["decision"]["about"]["setting"]["table"] == "skus"
    assert acme.command("connection", "show", "--json").json["skus"] == {worn: item}
    assert [standing(acme, wro) for wro in wros] == [("done", None)] * 2
    assert close(acme).report.green
    [act] = acme.rows(
        "select details from act where what = 'connection.apply' order by id desc limit 1"
    )
    assert act["details"]["before"]["skus"] == {}
    assert act["details"]["after"]["skus"] == {worn: item}

    taken = undecide(acme, wros[0], said)

    assert f'"{worn}" = "{item}" under [skus]' in taken
    assert acme.command("connection", "show", "--json").json["skus"] == {}
    assert standing(acme, wros[0]) == ("done", None)


def test_a_center_is_mapped_only_to_a_location_that_is_there(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    acme.apply(policies=PARKS, locations='"10" = "7"')
    wro = acme.deliver({tee: 12}, number=acme.order({tee: 12}))
    run(acme, wro)
    stopped = standing(acme, wro)
    nowhere = refused(acme, wro, "map", "--value", "228=4711")
    settings = acme.command("connection", "show", "--json").json["locations"]
    decide(acme, wro, "map", "--value", "228=6")

    assert stopped == ("parked", "location_unmapped")
    assert "Nothing was saved" in nowhere.err
    assert settings == {"10": "7"}
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 12)]
    assert close(acme).report.green


def test_again_runs_a_stopped_wro_as_an_act_of_its_own(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.deliver({tee: 12}, number="PO-LATE")
    run(acme, wro)
    first = decide(acme, wro, "again")
    second = decide(acme, wro, "again")
    acme.order({tee: 12}, number="PO-LATE")
    third = decide(acme, wro, "again")

    assert [len(titles(one)) for one in (first, second, third)] == [0, 0, 2]
    assert standing(acme, wro) == ("done", None)
    assert close(acme).report.green
    acts = acme.rows("select details ->> 'note' as note from act where what = 'events.decide'")
    assert acts == [{"note": "Asked the dock"}] * 3


def test_of_two_people_who_decide_the_same_one_is_told(acme: Merchant) -> None:
    wro = acme.deliver({acme.sku("TEE"): 12}, number="SAMPLE-1")
    run(acme, wro)
    event = event_of(acme, wro)
    words = ("events", "decide", event, "--as", "not-ours", "--note", "Asked the dock")
    with ThreadPoolExecutor(2) as people:
        said = list(people.map(lambda _: acme.command(*words), range(2)))
    run(acme, wro)

    assert sorted(one.status for one in said) == [0, 1]
    [late] = [one.err for one in said if one.status]
    assert (
        "was decided about already" in late
        or "was decided about meanwhile" in late
        or "has not stopped" in late
    )
    assert len(acme.rows("select id from decision")) == 1
    assert standing(acme, wro) == ("done", None)


def test_a_cancelled_wro_is_announced_again_unless_that_was_taken_back(acme: Merchant) -> None:
    acme.order({acme.sku("TEE"): 50})
    sync(acme, "purchase-orders")
    [made] = acme.rows("select remote_id from posting where kind = 'wro'")
    acme.world.shipbob.cancel(int(made["remote_id"]))
    sync(acme, "purchase-orders")
    [order] = acme.rows("select id, key from subject where flow = 'purchase-orders'")
    [event] = acme.rows("select max(id) as id from event where subject_id = %(id)s", **order)
    again = (
        "events",
        "decide",
        str(event["id"]),
        "--as",
        "again",
        "--note",
        "A mistake",
        "--json",
    )

    def became() -> tuple[str, str | None, int]:
        sync(acme, "purchase-orders", int(order["key"]))
        [subject] = acme.rows("select state, cause from subject where key = %(key)s", **order)
        made = acme.rows("select id from posting where kind = 'wro'")
        return subject["state"], subject["cause"], len(made)

    stopped = became()
    first = acme.command(*again)
    back = acme.command("events", "undecide", str(first.json["id"]))
    taken_back = became()
    second = acme.command(*again)

    assert (first.status, back.status, second.status) == (0, 0, 0)
    assert stopped == taken_back == ("dead", "wro_cancelled", 1)
    assert became() == ("done", None, 2)
