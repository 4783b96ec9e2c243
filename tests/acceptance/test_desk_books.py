"""Orders, months and the audit trail without scripts and by the API: seen, decided, taken back."""

import itertools
from typing import Any

import pytest

from acceptance.closing import MONTH
from acceptance.desk import DeskProgram, program, subject_id
from acceptance.merchant import Merchant
from acceptance.test_desk_pages import ended, hidden, signed_in
from acceptance.test_purchase_orders import order_id, synced, wros_of
from waiting import wait_until
from web.browser import Browser

WITH_CONSOLE = True

_names = itertools.count()


@pytest.fixture
def fiona(acme: Merchant) -> Browser:
    return signed_in(acme, "finance")


@pytest.fixture
def finance(acme: Merchant) -> DeskProgram:
    return program(acme, f"books-{next(_names)}", "finance")


def received(acme: Merchant, units: int = 100) -> tuple[str, int]:
    """External id of our receipt of a delivery, and NetSuite's id of it."""
    sku = acme.sku()
    wro = acme.deliver({sku: units}, number=acme.order({sku: units}))
    acme.wait_for(wro)
    named = f"mlc-ir-{wro.id}-1"
    [row] = acme.rows("select remote_id from posting where external_id = %(id)s", id=named)
    return named, int(row["remote_id"])


def reduced(acme: Merchant, units: int) -> dict[str, Any]:
    """The difference of a receipt of 100 that a person reduced, as a new report shows it."""
    named, receipt = received(acme)
    netsuite = acme.world.netsuite
    [there] = [one for one in netsuite.documents("itemReceipt") if int(one["id"]) == receipt]
    line = there["item"]["items"][0]["line"]
    body = {"item": {"items": [{"line": line, "quantity": units}]}}
    netsuite.edit("itemReceipt", receipt, body)
    shown = acme.command("reconcile", str(MONTH), "--json").json["differences"]
    [found] = [one for one in shown if one["external_id"] == named]
    return dict(found)


def test_an_order_shows_what_was_received_since_it_was_announced(
    acme: Merchant, fiona: Browser, finance: DeskProgram
) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 100, cap: 60})
    synced(acme, number)
    [wro] = wros_of(acme, number)
    acme.world.shipbob.arrive(wro)
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.complete(wro)
    acme.wait_for(wro)
    key = order_id(acme, number)
    [row] = finance.get("/flows/purchase-orders/subjects", connection="acme", key=key)["rows"]
    page = fiona.get(f"/flows/purchase-orders?key={key}").text
    file = fiona.get(f"/flows/purchase-orders/export.csv?key={key}").text

    assert (row["facts"]["expected"], row["facts"]["done"]) == (160, 160)
    assert [line["received"] for line in row["facts"]["lines"]] == [100, 60]
    [shown] = row["facts"]["wros"]
    assert (shown["id"], shown["stowed"], shown["booked"]) == (wro.id, 160, 160)
    assert "160 of 160 received" in page
    assert f"WRO {wro.id}" in page
    assert f"1: 100 of 100 x {tee}, 2: 60 of 60 x {cap}" in file


def test_a_difference_is_decided_on_the_page_of_its_month(acme: Merchant, fiona: Browser) -> None:
    one = reduced(acme, 90)["id"]
    month = one.rpartition("-")[0]
    path = f"/months/{month}"
    listed = fiona.get(path).text
    opened = fiona.get(f"{path}?decide={one}&choose=accept").text
    asked = fiona.post(f"{path}/differences/{one}/preview", {"decision": "accept"})
    shown = ended(fiona, asked.headers["location"].partition("#")[0])
    form = hidden(shown, f"{path}/differences/{one}/decide")
    without = fiona.post(f"{path}/differences/{one}/decide", {**form, "note": ""})
    decided = fiona.post(f"{path}/differences/{one}/decide", {**form, "note": "Counted"})
    said = ended(fiona, decided.headers["location"].partition("#")[0])
    after = fiona.get(path).text
    undone = fiona.post(*undo_of(after))
    back = ended(fiona, undone.headers["location"].partition("#")[0])

    assert f"decide={one}&amp;choose=accept#decide" in listed
    assert "choose=accept" not in signed_in(acme, "warehouse").get(path).text
    assert "Look at what it leads to" in opened
    assert "Accept leads to" in shown
    assert "-10" in shown.replace("\u2212", "-")
    assert without.status_code == 400
    assert "Decided: accept" in said
    assert "since this report" in after
    assert undone.headers["location"].startswith(path)
    assert "Taken back: accept" in back
    [row] = acme.rows("select taken_back_by from decision where key = %(key)s", key=one)
    assert row["taken_back_by"] is not None


def undo_of(page: str) -> tuple[str, dict[str, str]]:
    """Address and fields of the button that takes a decision on a month's page back."""
    [number] = {part.split("/")[0] for part in page.split('action="/decisions/')[1:]}
    month = page.partition("at=month-")[2].partition('"')[0]
    there = f"/decisions/{number}/take-back"
    return f"{there}?at=month-{month}", hidden(page, there)


def test_a_difference_is_decided_by_the_api_as_by_the_command(
    acme: Merchant, finance: DeskProgram
) -> None:
    shown = reduced(acme, 80)
    one, month = shown["id"], shown["id"].rpartition("-")[0]
    here = f"/months/{month}/differences/{one}"
    wanted = {"decision": "accept", "note": "Counted"}
    there = finance.get(f"/months/{month}", connection="acme")["shown"]["open"]
    look = finance.done(f"{here}/preview?connection=acme", wanted)["answer"]
    other = finance.done(
        f"{here}/decisions?connection=acme", {**wanted, "seen": "of another plan"}
    )
    no_such = finance.done(
        f"/months/{month}/differences/{month}-0/preview?connection=acme", wanted
    )
    nothing = acme.rows("select 1 from decision where key = %(key)s", key=one)
    decided = finance.done(f"{here}/decisions?connection=acme", {**wanted, "seen": look["seen"]})
    kept = finance.get(f"/months/{month}", connection="acme")["decisions"]
    dock = program(acme, f"dock-{next(_names)}", "warehouse")
    viewer = program(acme, f"viewer-{next(_names)}", "viewer")
    refused = [who.post(f"{here}/decisions?connection=acme", wanted) for who in (dock, viewer)]

    assert [each["offers"] for each in there if each["id"] == one] == [
        ["accept", "correct", "handled"]
    ]
    [document] = look["plan"]["documents"]
    assert [line["quantity"] for line in document["lines"]] == [-20]
    assert (other["state"], "by now" in other["failure"]["what"]) == ("failed", True)
    assert (no_such["state"], nothing) == ("failed", [])
    assert decided["answer"]["says"] == "accept"
    assert [each["difference"] for each in kept] == [one]
    assert [answer.status_code for answer in refused] == [403, 403]
    [act] = acme.rows(
        "select person from act where what = 'month.decide' and details ->> 'subject' = %(key)s",
        key=one,
    )
    assert act["person"].startswith("books-")


def test_a_difference_of_a_fact_is_decided_with_the_fact(
    acme: Merchant, fiona: Browser, finance: DeskProgram
) -> None:
    sku = acme.sku()
    wro = acme.announce({sku: 100}, number=acme.order({sku: 100}))
    acme.world.shipbob.stow(wro, {sku: 100})
    acme.wait_for(wro)
    acme.world.shipbob.stow(wro, {sku: -10})
    acme.wait_for(wro, "dead")
    shown = acme.command("reconcile", str(MONTH), "--json").json["differences"]
    [one] = [each["id"] for each in shown if each["source"] == f"wro {wro.id}"]
    opened = fiona.get(f"/months/{MONTH}?decide={one}")
    here = f"/months/{MONTH}/differences/{one}/preview?connection=acme"
    look = finance.done(here, {"decision": "correct", "note": "Counted"})["answer"]

    assert f"decide={one}#decide" in fiona.get(f"/months/{MONTH}").text
    assert f"/attention?connection=acme&decide={subject_id(acme, wro)}#decide" in str(
        opened.headers.get("location") or opened.url
    )
    [document] = look["plan"]["documents"]
    assert [line["quantity"] for line in document["lines"]] == [-10]


def test_a_document_is_taken_back_from_the_audit_trail(acme: Merchant, fiona: Browser) -> None:
    named, _ = received(acme)
    vera = signed_in(acme, "viewer")
    listed = fiona.get(f"/audit-trail?number={named}").text
    opened = fiona.get(f"/audit-trail?undo={named}").text
    asked = fiona.post("/audit-trail/undo/preview", {"document": named})
    shown = ended(fiona, asked.headers["location"].partition("#")[0])
    before = acme.rows("select 1 from posting where undoes is not null")
    form = hidden(shown, "/audit-trail/undo?")
    posted = fiona.post("/audit-trail/undo", form)
    twice = fiona.post("/audit-trail/undo", form)
    said = ended(fiona, posted.headers["location"].partition("#")[0])
    again = fiona.post("/audit-trail/undo/preview", {"document": named})
    refused = ended(fiona, again.headers["location"].partition("#")[0])

    assert f"undo={named}" in listed
    assert "Look at what is posted" in opened
    assert "100" in shown
    assert (named in shown, before) == (True, [])
    assert twice.headers["location"] == posted.headers["location"]
    assert "is taken back" in said
    assert "is undone already" in refused
    assert "Take back" not in vera.get(f"/audit-trail?number={named}").text
    assert vera.post("/audit-trail/undo", form).status_code == 403
    [counter] = acme.rows("select external_id from posting where undoes is not null")
    rows = acme.rows(
        "select sum(quantity)::int as units from journal where external_id in (%(one)s, %(two)s)",
        one=named,
        two=counter["external_id"],
    )
    assert rows == [{"units": 0}]


def test_a_document_is_taken_back_by_the_api(acme: Merchant, finance: DeskProgram) -> None:
    named, receipt = received(acme, 7)
    wanted = {"documents": [named]}
    look = finance.done("/journal/undo/preview?connection=acme", wanted)["answer"]
    other = finance.done("/journal/undo?connection=acme", {**wanted, "seen": "another"})
    done = finance.done("/journal/undo?connection=acme", {**wanted, "seen": look["seen"]})
    none = finance.post("/journal/undo?connection=acme", {"documents": []})
    dock = program(acme, f"dock-{next(_names)}", "warehouse")
    refused = dock.post("/journal/undo?connection=acme", wanted)

    assert [line["quantity"] for line in look["documents"][0]["lines"]] == [-7]
    assert (other["state"], "by now" in other["failure"]["what"]) == ("failed", True)
    [undone] = done["answer"]["undone"]
    assert (undone["undone"], undone["was"]) == (named, f"itemReceipt {receipt}")
    assert wait_until(
        lambda: acme.rows(
            "select 1 from journal where external_id = %(id)s and quantity = -7", id=undone["by"]
        )
    )
    assert (none.status_code, refused.status_code) == (400, 403)
    [act] = acme.rows(
        "select person from act where what = 'journal.undo' and details ->> 'undone' = %(id)s",
        id=named,
    )
    assert act["person"].startswith("books-")
