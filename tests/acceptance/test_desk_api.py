"""The desk by its API: what needs a person, deciding, searching, the story."""

import itertools

import pytest

from acceptance.desk import DeskProgram, program, subject_id
from acceptance.merchant import Merchant
from ml_connector.sim.shipbob.books.receiving import Wro
from web.people import add_user

WITH_CONSOLE = True

_names = itertools.count()


@pytest.fixture
def finance(acme: Merchant) -> DeskProgram:
    return program(acme, f"finance-{next(_names)}", "finance")


@pytest.fixture
def viewer(acme: Merchant) -> DeskProgram:
    return program(acme, f"viewer-{next(_names)}", "viewer")


def stopped(acme: Merchant, sku: str, units: int = 40) -> Wro:
    """Return a WRO that waits for a SKU which NetSuite does not have."""
    wro = acme.deliver({sku: units})
    acme.wait_for(wro, "parked")
    return wro


def test_what_waits_for_one_thing_is_one_group(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    first, second = stopped(acme, sku, 40), stopped(acme, sku, 50)

    found = finance.get("/attention", cause="sku_missing_in_netsuite")
    [group] = [one for one in found["groups"]["rows"] if one["thing"] == f"sku:{sku}"]
    members = finance.get(f"/attention/{group['id']}/subjects")

    assert (group["count"], group["counted"], group["units"]) == (2, "2 WROs", 90)
    assert (group["who"], group["word"]) == ("finance", "Waiting")
    assert [one["key"] for one in members["rows"]] == [str(first.id), str(second.id)]
    assert {one["kind"] for one in group["choices"]} >= {"map", "again"}
    [mapping] = [one for one in group["choices"] if one["kind"] == "map"]
    assert (mapping["names"], mapping["begins"]) == ("mapping", f"{sku}=")


def test_what_cures_itself_leaves_by_itself(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)
    acme.world.netsuite.add_item(sku, cost="1")
    acme.wait_for(wro)

    found = finance.get("/attention", cause="sku_missing_in_netsuite")

    assert f"sku:{sku}" not in [one["thing"] for one in found["groups"]["rows"]]


def test_a_decision_is_shown_decided_and_taken_back(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)
    here = f"/subjects/{subject_id(acme, wro)}"
    look = finance.done(f"{here}/preview", {"decision": "not-ours"})["answer"]

    decided = finance.done(
        f"{here}/decisions",
        {"decision": "not-ours", "note": "A sample for us", "seen": look["seen"]},
    )
    acme.wait_for(wro)
    story = finance.get(here)
    back = finance.done(f"/decisions/{decided['answer']['id']}/take-back", {"note": "Ours"})
    acme.wait_for(wro, "parked")

    assert look["plan"]["documents"] == []
    assert [one["quantity"] for one in look["refused"]] == [40]
    assert decided["state"] == "done"
    assert [(one["says"], one["stands"]) for one in story["decisions"]] == [("not-ours", True)]
    assert back["answer"]["says"] == "not-ours"
    assert [one["ended"] for one in finance.get(here)["decisions"]] != [""]


def test_a_decision_shows_its_documents_and_journal_rows(
    acme: Merchant, finance: DeskProgram
) -> None:
    sku, other = acme.sku(in_netsuite=False), acme.sku()
    wro = stopped(acme, sku)

    look = finance.done(
        f"/subjects/{subject_id(acme, wro)}/preview",
        {"decision": "map", "value": f"{sku}={other}"},
    )

    [document] = [
        one for one in look["answer"]["plan"]["documents"] if one["system"] == "netsuite"
    ]
    assert document["kind"] == "inventoryAdjustment"
    assert [(one["sku"], one["quantity"]) for one in document["lines"]] == [(sku, 40)]
    assert acme.documents(wro) == []


def test_what_was_not_seen_is_not_decided(acme: Merchant, finance: DeskProgram) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False))

    ended = finance.done(
        f"/subjects/{subject_id(acme, wro)}/decisions",
        {"decision": "not-ours", "note": "A sample", "seen": "of another plan"},
    )

    assert ended["state"] == "failed"
    assert "by now" in ended["failure"]["what"]
    assert acme.rows("select 1 from decision where key = %(key)s", key=str(wro.id)) == []


def test_the_same_key_asks_once(acme: Merchant, finance: DeskProgram) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False))
    here = f"/subjects/{subject_id(acme, wro)}/decisions"
    body = {"decision": "not-ours", "note": "A sample"}
    key = f"key-{wro.id}"

    first = finance.post(here, body, key=key).json()["id"]
    again = finance.post(here, body, key=key).json()["id"]

    assert first == again
    assert finance.ended(first)["state"] == "done"


def test_a_role_decides_what_it_may(acme: Merchant, viewer: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)
    here = f"/subjects/{subject_id(acme, wro)}"
    dock = program(acme, f"dock-{wro.id}", "warehouse")

    refused = viewer.post(f"{here}/decisions", {"decision": "not-ours", "note": "x"})
    adjusting = dock.post(f"{here}/decisions", {"decision": "adjust", "note": "x"})
    viewing = viewer.done(f"{here}/preview", {"decision": "map", "value": f"{sku}=X"})
    mapping = dock.done(f"{here}/preview", {"decision": "map", "value": f"{sku}={acme.sku()}"})

    assert (refused.status_code, adjusting.status_code) == (403, 403)
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert viewing["state"] == "failed"
    assert mapping["state"] == "done"
    assert viewer.post("/attention/again", {"subjects": [1]}).status_code == 403


def test_subjects_are_given_to_a_person_with_a_note(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)
    add_user(acme, "dana", "warehouse")
    one = subject_id(acme, wro)

    given = finance.post(
        "/attention/assign", {"subjects": [one], "to": "dana", "note": "Look on shelf 4"}
    )
    hers = finance.get("/attention", assigned="dana")["groups"]["rows"]
    nobody = finance.post("/attention/assign", {"subjects": [one], "to": "nobody-known"})

    assert given.json() == {"subjects": 1}
    assert [(one["assigned_to"], one["note"]) for one in hers] == [("dana", "Look on shelf 4")]
    assert nobody.status_code == 400
    said = acme.command("events", "assign", str(_event(acme, wro)), "--to", "")
    assert said.status == 0, said.err
    assert finance.get("/attention", assigned="dana")["groups"]["rows"] == []
    acts = acme.rows(
        "select person, details -> 'after' ->> 'assigned_to' as to from act"
        " where what = 'events.assign' order by id"
    )
    assert [row["to"] for row in acts] == ["dana", None]


def test_several_are_tried_again_at_once(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wros = [stopped(acme, sku), stopped(acme, sku)]
    runs = (
        "select count(*) as n from run as r join subject as s on s.id = r.subject_id"
        " where s.key = any (%(keys)s)"
    )
    keys = [str(wro.id) for wro in wros]
    [before] = acme.rows(runs, keys=keys)

    answer = finance.post(
        "/attention/again", {"subjects": [subject_id(acme, wro) for wro in wros]}
    )

    assert answer.json() == {"subjects": 2}
    for wro in wros:
        acme.wait_for(wro, "parked")
    [after] = acme.rows(runs, keys=keys)
    assert after["n"] >= before["n"] + 2


def test_any_number_finds_its_subject(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku()
    number = acme.order({sku: 40})
    wro = acme.deliver({sku: 40}, number=number)
    acme.wait_for(wro)
    [event] = acme.rows(
        "select e.delivery_id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s order by e.id limit 1",
        key=str(wro.id),
    )
    [posting] = acme.rows(
        "select p.external_id, p.remote_id from posting as p join subject as s"
        " on s.id = p.subject_id where s.key = %(key)s and p.system = 'netsuite'",
        key=str(wro.id),
    )

    def by(text: str) -> dict[str, str]:
        found = finance.get("/search", number=text)["subjects"]
        return {one["key"]: one["by"] for one in found}

    assert by(str(wro.id))[str(wro.id)] == "subject"
    assert by(number.lower())[str(wro.id)] == "order"
    assert by(f" {number} ")[str(wro.id)] == "order"
    assert by(sku)[str(wro.id)] == "sku"
    assert by(event["delivery_id"])[str(wro.id)] == "webhook"
    assert by(posting["external_id"])[str(wro.id)] == "external_id"
    assert by(posting["remote_id"])[str(wro.id)] in {"internal_id", "document"}
    assert by("no-such-number") == {}


def test_a_story_tells_all_from_the_webhook_to_the_journal(
    acme: Merchant, finance: DeskProgram
) -> None:
    sku = acme.sku()
    wro = acme.deliver({sku: 40}, number=acme.order({sku: 40}))
    acme.wait_for(wro)
    here = f"/subjects/{subject_id(acme, wro)}"

    story = finance.get(here)

    [receipt] = [one for one in story["documents"] if one["system"] == "netsuite"]
    told = [event["topic"] for run in story["runs"] for event in run["events"]]
    assert story["title"] == f"WRO {wro.id}"
    assert story["word"] == "Done"
    assert any(topic.startswith("wro.") for topic in told)
    assert receipt["name"] == "Item receipt"
    assert [(one["sku"], one["quantity"]) for one in receipt["journal"]] == [(sku, 40)]
    assert story["equation"]["posted"]["quantity"] == 40
    assert sku in story["runs"][-1]["facts"]
    assert '"from_type": "purchaseOrder"' in receipt["request"]


def test_two_runs_are_compared_and_one_is_planned_again(
    acme: Merchant, finance: DeskProgram
) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)
    acme.world.netsuite.add_item(sku, cost="1")
    acme.wait_for(wro)
    one = subject_id(acme, wro)
    story = finance.get(f"/subjects/{one}")
    last, first = story["run_choices"][0]["id"], story["run_choices"][-1]["id"]

    compared = finance.get(f"/subjects/{one}/compare", first=first, second=last)
    again = finance.get(f"/runs/{last}/plan")

    assert any(one["what"].startswith("items") for one in compared["differences"])
    assert compared["same"] > 3
    assert again["rules"].startswith("receiving-")
    assert again["plan"]["documents"] or again["plan"].get("note") is not None
    assert finance.status(f"/subjects/{one}/compare", first=first, second=999_999) == 404


def test_events_are_listed_by_filter_and_page_by_page(
    acme: Merchant, finance: DeskProgram
) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)

    of_it = finance.get("/events", subject=wro.id)["rows"]
    first = finance.get("/events", subject=wro.id, limit=1)
    rest = finance.get("/events", subject=wro.id, limit=50, after=first["after"])["rows"]

    assert [one["id"] for one in first["rows"] + rest] == [one["id"] for one in of_it]
    assert of_it == sorted(of_it, key=lambda one: (one["received_at"], one["id"]), reverse=True)
    parked = finance.get("/events", status="parked", flow="receiving")["rows"]
    assert str(wro.id) in {one["subject"] for one in parked}
    assert {
        one["cause"] for one in finance.get("/events", cause="sku_missing_in_netsuite")["rows"]
    } == {"sku_missing_in_netsuite"}
    assert finance.status("/events", after="nonsense") == 400
    assert finance.status("/events", status="unheard") == 400


def test_matching_events_are_replayed(acme: Merchant, finance: DeskProgram) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku)

    by_filter = finance.post("/events/replay", {"subject": str(wro.id), "status": "parked"})
    by_id = finance.post("/events/replay", {"ids": [_event(acme, wro)]})
    all_of_it = finance.post("/events/replay", {})

    assert by_filter.json()["subjects"] == 1
    assert by_id.json()["subjects"] == 1
    assert all_of_it.status_code == 400
    acme.wait_for(wro, "parked")


def test_what_another_connection_has_is_not_there(finance: DeskProgram) -> None:
    assert finance.status("/attention", connection="nobody") == 404
    assert finance.status("/events", connection="nobody") == 404
    assert finance.status("/subjects/999999999") == 404
    assert finance.status("/errands/999999999") == 404


def _event(acme: Merchant, wro: Wro) -> int:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s",
        key=str(wro.id),
    )
    return int(row["id"])
