"""``events decide`` and ``undecide``: what is shown, what is recorded, what is refused."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant
from cli.conftest import Command
from ml_connector.sim.shipbob.books.receiving import Wro

NOTE = ("--note", "Asked the dock")


@pytest.fixture(scope="module")
def dock(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("dock"), url) as made,
    ):
        made.world.shipbob.announcer.tune(losses=1.0)
        made.world.netsuite.add_subsidiary("Other", internal_id=2)
        made.world.netsuite.add_location("Other's", internal_id=8, subsidiary=2)
        yield made


@pytest.fixture
def acme(bare: Command, dock: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in dock.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare


class Stopped(NamedTuple):
    """A WRO that stopped since a person had received a part of it."""

    event: str
    receipt: str
    receipt_id: int
    order: str
    sku: str
    wro: Wro


def receive_by_hand(dock: Merchant, order: str, units: int) -> tuple[int, str]:
    netsuite = dock.world.netsuite
    [found] = [one for one in netsuite.documents("purchaseOrder") if one["tranId"] == order]
    line = {"orderLine": 1, "itemReceive": True, "quantity": units}
    made = netsuite.transform(
        "purchaseOrder", int(found["id"]), "itemReceipt", {"item": {"items": [line]}}
    )
    [shown] = [one for one in netsuite.documents("itemReceipt") if int(one["id"]) == made]
    return made, str(shown["tranId"])


def event_of(dock: Merchant, wro: Wro) -> str:
    [row] = dock.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s",
        key=str(wro.id),
    )
    return str(row["id"])


def stop(dock: Merchant) -> Stopped:
    sku = dock.sku("TEE")
    order = dock.order({sku: 100})
    receipt_id, receipt = receive_by_hand(dock, order, 60)
    wro = dock.deliver({sku: 100}, number=order)
    sync(dock, "receiving", [str(wro.id)])
    assert dock.subject(wro)["cause"] == "received_by_others"
    return Stopped(event_of(dock, wro), receipt, receipt_id, order, sku, wro)


@pytest.fixture(scope="module")
def stopped(dock: Merchant) -> Stopped:
    """A WRO about which nothing is ever decided."""
    return stop(dock)


@pytest.fixture(scope="module")
def done(dock: Merchant) -> str:
    """An event about a WRO that is done; its receipt is ours."""
    sku = dock.sku("CAP")
    wro = dock.deliver({sku: 5}, number=dock.order({sku: 5}))
    sync(dock, "receiving", [str(wro.id)])
    return event_of(dock, wro)


def decisions(dock: Merchant) -> int:
    [row] = dock.rows("select count(*)::int as n from decision")
    return int(row["n"])


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--document", "{receipt}", *NOTE], 2, "It is not said what is decided"),
        (["--as", "ignored", *NOTE], 2, '"ignored" is no decision'),
        (["--as", "handled", "--document", "{receipt}"], 2, "needs a note"),
        (["--as", "handled", "--document", "{receipt}", "--note", "  "], 2, "needs a note"),
        (["--as", "handled", *NOTE], 1, '"handled" names a document, and none was given'),
        (["--as", "separate", *NOTE], 1, '"separate" names a document, and none was given'),
        (["--as", "belongs", *NOTE], 1, '"belongs" names an order, and none was given'),
        (["--as", "belongs", "--document", "X", *NOTE], 1, '"belongs" names no document'),
        (["--as", "handled", "--document", "X", "--value", "Y", *NOTE], 1, "takes no value"),
        (["--as", "adjust", *NOTE], 1, 'about which "adjust" can\'t be decided'),
        (["--as", "map", "--value", "A=B", *NOTE], 1, 'about which "map" can\'t be decided'),
        (
            ["--as", "handled", "--document", "IR-NONE", *NOTE],
            1,
            "NetSuite has no item receipt or inventory adjustment IR-NONE",
        ),
        (["--as", "handled", "--document", "{order}", *NOTE], 1, "it has purchase order (id"),
        (["--as", "belongs", "--value", "PO-NONE", *NOTE], 1, "no purchase order PO-NONE"),
    ],
)
def test_what_can_not_be_meant_changes_nothing(  # noqa: PLR0917 - drawn
    acme: Command,
    dock: Merchant,
    stopped: Stopped,
    options: list[str],
    status: int,
    said: str,
) -> None:
    before = decisions(dock), dock.subject(stopped.wro)
    named = [one.format(receipt=stopped.receipt, order=stopped.order) for one in options]
    answered = acme("events", "decide", stopped.event, *named)

    assert answered.status == status
    assert said in answered.err
    assert "Where:" in answered.err
    assert "Next:" in answered.err
    assert (decisions(dock), dock.subject(stopped.wro)) == before


def test_an_event_that_is_unknown_or_done_can_not_be_decided_about(
    acme: Command, done: str
) -> None:
    unknown = acme("events", "decide", "999999", "--as", "handled", "--document", "X", *NOTE)
    nothing = acme("events", "decide", done, "--as", "handled", "--document", "X", *NOTE)

    assert (unknown.status, nothing.status) == (1, 1)
    assert "There is no event 999999" in unknown.err
    assert "has not stopped: it is done" in nothing.err
    assert "--as again" in nothing.err


def test_what_is_done_runs_again_and_a_dry_run_shows_what_it_leads_to(
    acme: Command, dock: Merchant, done: str
) -> None:
    before = decisions(dock)
    looked = acme("events", "decide", done, "--as", "again", *NOTE, "--dry-run")
    after = decisions(dock)
    decided = acme("events", "decide", done, "--as", "again", *NOTE, "--json")
    [row] = dock.rows(
        "select s.state, s.key from subject as s join event as e on e.subject_id = s.id"
        " where e.id = %(id)s",
        id=int(done),
    )
    sync(dock, "receiving", [row["key"]])
    [act] = acme("audit", "acts", "--what", "events.decide", "--json").json["acts"]

    assert (looked.status, after) == (0, before)
    assert "All of it is posted" in looked.out or "Nothing" in looked.out
    assert decided.status == 0, decided.err
    assert row["state"] == "received"
    assert act["details"]["before"] == {"state": "done", "cause": None}
    assert len([one for one in dock.external_ids() if one.startswith("mlc-ir-")]) >= 1


def test_what_retries_runs_again_at_once(acme: Command, dock: Merchant, done: str) -> None:
    [row] = dock.rows(
        "update subject set state = 'retrying', cause = 'upstream_unavailable', attempt = 3,"
        " job_id = null, due_at = now() + interval '1 hour'"
        " where id = (select subject_id from event where id = %(id)s) returning id, key",
        id=int(done),
    )
    refused = acme("events", "decide", done, "--as", "handled", "--document", "X", *NOTE)
    shown = acme("events", "show", done)
    looked = acme("events", "decide", done, "--as", "again", *NOTE, "--dry-run")
    decided = acme("events", "decide", done, "--as", "again", *NOTE)
    sync(dock, "receiving", [row["key"]])
    [now] = dock.rows("select state from subject where id = %(id)s", id=row["id"])

    assert refused.status == 1
    assert "has not stopped: it is retrying" in refused.err
    assert "You may decide: again, separate." in shown.out
    assert f"events decide {done} --as again --note TEXT --dry-run" in shown.out
    assert (looked.status, decided.status) == (0, 0), decided.err
    assert now["state"] == "done"


def test_who_does_not_say_what_is_decided_is_told_what_works_here(
    acme: Command, stopped: Stopped
) -> None:
    said = acme("events", "decide", stopped.event, *NOTE)

    assert said.status == 2
    assert "is dead, received_by_others. About it you may decide:" in said.err
    assert f"events decide {stopped.event} --as handled --document NUMBER" in said.err
    assert f"events decide {stopped.event} --as belongs --value V" in said.err
    assert "What else there is (adjust, correct, accept, map) is for" in " ".join(said.err.split())


def test_documents_that_account_for_nothing_of_it_are_refused(
    acme: Command, dock: Merchant, stopped: Stopped, done: str
) -> None:
    netsuite, before = dock.world.netsuite, decisions(dock)
    del done  # it has made a receipt of ours
    other = dock.sku("SOCK")
    elsewhere = netsuite.add_to_stock(stopped.sku, 7, 60)
    foreign = netsuite.add_to_stock(stopped.sku, 8, 60)
    another = netsuite.add_to_stock(other, 6, 60)
    less = netsuite.add_to_stock(stopped.sku, 7, -1)
    [ours] = [one for one in dock.external_ids() if one.startswith("mlc-ir-")][:1]
    [row] = dock.rows("select remote_id from posting where external_id = %(id)s", id=ours)
    said = {
        named: acme(
            *("events", "decide", stopped.event, "--as", "handled", "--document", str(named)),
            *NOTE,
        )
        for named in (elsewhere, foreign, another, less, row["remote_id"])
    }

    assert {one.status for one in said.values()} == {1}
    assert "holds nothing of WRO" in said[elsewhere].err
    assert "is of subsidiary 2" in said[foreign].err
    assert "holds nothing of WRO" in said[another].err
    assert "holds nothing of WRO" in said[less].err
    assert "is ours" in said[row["remote_id"]].err
    assert decisions(dock) == before


def test_a_receipt_of_another_order_can_not_be_separate(
    acme: Command, dock: Merchant, stopped: Stopped
) -> None:
    _, other = receive_by_hand(dock, dock.order({stopped.sku: 9}), 9)
    answered = acme(
        "events", "decide", stopped.event, "--as", "separate", "--document", other, *NOTE
    )

    assert answered.status == 1
    assert "is no receipt that may hold the units of WRO" in answered.err


def test_a_number_that_several_documents_have_is_named_by_its_id(
    acme: Command, dock: Merchant, stopped: Stopped
) -> None:
    twin = dock.world.netsuite.add_to_stock(stopped.sku, 6, 5, tranId=stopped.receipt)
    several = acme(
        *("events", "decide", stopped.event, "--as", "handled", "--document", stopped.receipt),
        *(*NOTE, "--dry-run"),
    )
    dock.world.netsuite.delete("inventoryAdjustment", twin)
    one = acme(
        *("events", "decide", stopped.event, "--as", "handled"),
        *("--document", str(stopped.receipt_id), *NOTE, "--dry-run"),
    )

    assert several.status == 1
    assert f"item receipt (id {stopped.receipt_id})" in several.err
    assert (one.status, one.err) == (0, "")


def test_a_dry_run_shows_what_it_leads_to_and_records_nothing(
    acme: Command, dock: Merchant, stopped: Stopped
) -> None:
    before = decisions(dock), dock.subject(stopped.wro)
    options = ("--as", "handled", "--document", stopped.receipt, *NOTE, "--dry-run")
    shown = acme("events", "decide", stopped.event, *options)
    as_json = acme("events", "decide", stopped.event, *options, "--json").json

    assert shown.status == 0
    assert f"Item receipt from {stopped.order} for WRO {stopped.wro.id}" in shown.out
    assert f"+40 {stopped.sku} at location 6" in shown.out
    assert f"Handled by item receipt {stopped.receipt}: 60 of inventory" in shown.out
    assert "Nothing was decided" in shown.out
    assert (as_json["recorded"], as_json["decision"]["kind"]) == (False, "handled")
    assert [one["quantity"] for one in as_json["plan"]["handled"]] == [60]
    assert (decisions(dock), dock.subject(stopped.wro)) == before


def test_a_decision_is_an_act_that_is_shown_and_taken_back(acme: Command, dock: Merchant) -> None:
    one = stop(dock)
    offered = acme("events", "show", one.event)
    decided = acme(
        *("events", "decide", one.event, "--as", "handled", "--document", one.receipt),
        *(*NOTE, "--json"),
    )
    number = decided.json["id"]
    runs = dock.subject(one.wro)["state"]
    [event] = dock.rows(
        "select source, topic from event where id = (select max(id) from event where"
        " source = 'person')"
    )
    sync(dock, "receiving", [str(one.wro.id)])
    shown = acme("events", "show", one.event)
    as_json = acme("events", "show", one.event, "--json").json
    taken_back = acme("events", "undecide", str(number), "--note", "A mistake")
    twice = acme("events", "undecide", str(number))
    unknown = acme("events", "undecide", "999999")
    made = acme("audit", "acts", "--what", "events.decide", "--json").json["acts"][0]
    ended = acme("audit", "acts", "--what", "events.undecide", "--json").json["acts"][0]

    assert "You may decide: handled, separate, belongs, not-ours, again." in offered.out
    assert (decided.status, runs) == (0, "received")
    assert (event["source"], event["topic"]) == ("person", f"events decide {one.event}")
    assert f"handled {one.receipt}" in shown.out
    assert "You may decide: again, separate." in shown.out
    assert as_json["decisions"][0]["note"] == "Asked the dock"
    assert as_json["may_decide"] == ["again", "separate"]
    assert taken_back.status == 0
    assert "is taken back" in taken_back.out
    assert (twice.status, unknown.status) == (1, 1)
    assert "was taken back before, by" in twice.err
    assert "There is no decision 999999" in unknown.err
    details = made["details"]
    assert details["before"] == {"state": "dead", "cause": "received_by_others"}
    assert details["after"]["decided"] == f"handled {one.receipt}"
    assert any("Handled by" in said for said in details["after"]["leads_to"])
    assert (details["note"], details["decision"]) == ("Asked the dock", number)
    assert (ended["details"]["note"], ended["details"]["after"]) == ("A mistake", None)


def test_what_is_decided_already_is_not_decided_again(acme: Command, dock: Merchant) -> None:
    one = stop(dock)
    words = ("events", "decide", one.event, "--document", one.receipt, *NOTE)
    first = acme(*words, "--as", "separate", "--json")
    dock.rows(
        "update subject set state = 'dead' where key = %(key)s returning 1", key=str(one.wro.id)
    )
    again = acme(*words, "--as", "separate")
    otherwise = acme(*words, "--as", "handled")

    assert first.status == 0
    assert (again.status, otherwise.status) == (1, 1)
    for answered in (again, otherwise):
        assert f'decision {first.json["id"]}, "separate {one.receipt}"' in answered.err
        assert f"Take it back first: events undecide {first.json['id']}" in answered.err
