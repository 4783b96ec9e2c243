"""The desk's pages without scripts: forms, files, and texts from outside."""

import csv
import io
import itertools
import re
from html import unescape

import pytest

from acceptance.desk import subject_id
from acceptance.merchant import Merchant
from acceptance.test_inventory import long_ago
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import wait_until
from web.api import Program
from web.browser import Browser
from web.people import add_user

WITH_CONSOLE = True

_names = itertools.count()

SCRIPT = "<script>alert('taken')</script>"
FORMULA = "=cmd|'/c calc'!A1"
BIDI = "A\u202eB"


@pytest.fixture
def fiona(acme: Merchant) -> Browser:
    return signed_in(acme, "finance")


def signed_in(acme: Merchant, role: str) -> Browser:
    name = f"{role}-{next(_names)}"
    add_user(acme, name, role)
    browser = Browser(acme.url)
    assert browser.sign_in(name).status_code == 303
    return browser


def stopped(acme: Merchant, sku: str, *, known: bool = False) -> Wro:
    if not known:
        acme.world.shipbob.add_product(sku)
    wro = acme.deliver({sku: 5})
    acme.wait_for(wro, "parked")
    return wro


def ended(browser: Browser, address: str) -> str:
    """Return a page once the worker that it waits for has ended."""

    def look() -> str:
        text = browser.get(address).text
        return "" if "It waits for a worker" in text or "A worker reads" in text else text

    return wait_until(look)


def hidden(text: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that goes to an address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}[^"]*".*?</form>', text, re.DOTALL)
    assert form is not None, action
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: unescape(value) for name, value in found}


def test_texts_from_outside_stay_texts(acme: Merchant, fiona: Browser) -> None:
    wros = [stopped(acme, text) for text in (SCRIPT, BIDI)]

    for wro in wros:
        one = subject_id(acme, wro)
        for path in (
            "/attention",
            f"/attention?decide={one}",
            f"/events?subject={wro.id}",
            f"/subjects/{one}",
            "/search?q=%3Cscript%3E",
        ):
            answer = fiona.get(path)
            assert answer.status_code == 200, path
            assert SCRIPT not in answer.text
            assert "\u202e" not in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_file_holds_what_is_shown_and_no_formula(acme: Merchant, fiona: Browser) -> None:
    wro = stopped(acme, FORMULA)

    listed = fiona.get("/attention/export.csv?cause=sku_missing_in_netsuite")
    of_it = fiona.get(f"/events/export.csv?subject={wro.id}")

    rows = list(csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig"))))
    [row] = [one for one in rows if one["subject"] == str(wro.id)]
    assert (row["waits_for"], row["units"]) == (f"sku:{FORMULA}", "5")
    assert not any(value.startswith(("=", "+", "@")) for one in rows for value in one.values())
    events = list(csv.DictReader(io.StringIO(of_it.content.decode("utf-8-sig"))))
    assert {one["subject"] for one in events} == {str(wro.id)}
    assert "attachment" in listed.headers["content-disposition"]


def test_a_decision_needs_no_script(acme: Merchant, fiona: Browser) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False), known=True)
    one = subject_id(acme, wro)
    asked = fiona.post(f"/subjects/{one}/preview", {"decision": "not-ours"})
    shown = ended(fiona, asked.headers["location"].partition("#")[0])
    fields = hidden(shown, f"/subjects/{one}/decide")
    without = fiona.post(f"/subjects/{one}/decide", {**fields, "note": ""})
    decided = fiona.post(f"/subjects/{one}/decide", {**fields, "note": "A sample"})
    twice = fiona.post(f"/subjects/{one}/decide", {**fields, "note": "A sample"})
    said = ended(fiona, decided.headers["location"].partition("#")[0])

    assert "5 of" in shown
    assert without.status_code == 400
    assert "needs a note" in fiona.alert(without)
    assert "Decided: not-ours" in said
    assert twice.headers["location"] == decided.headers["location"]
    acme.wait_for(wro)


def test_stock_that_differs_is_corrected_from_its_page(acme: Merchant, fiona: Browser) -> None:
    sku = acme.sku()
    acme.wait_for(acme.deliver({sku: 10}, number=acme.order({sku: 10})))
    acme.world.netsuite.add_to_stock(sku, 6, -3)
    long_ago(acme)
    acme.command("sync", "inventory")
    vera = signed_in(acme, "viewer")
    listed = fiona.get(f"/stock?sku={sku}").text
    button = re.search(r'action="(/subjects/\d+/preview)\?at=stock', listed)
    assert button is not None
    fields = hidden(listed, button[1])
    asked = fiona.post(f"{button[1]}?at=stock", fields)
    shown = ended(fiona, asked.headers["location"].partition("#")[0])
    decide = button[1].replace("preview", "decide")
    form = {**hidden(shown, decide), "note": "Counted"}
    decided = fiona.post(f"{decide}?at=stock", form)
    said = ended(fiona, decided.headers["location"].partition("#")[0])

    assert fields["value"] == sku
    paths = {one.headers["location"].partition("?")[0] for one in (asked, decided)}
    assert paths == {"/stock"}
    assert "<h1>Stock</h1>" in shown
    assert f"Correct: {sku} leads to" in shown
    assert "+3" in shown
    assert "Decided: correct" in said
    wait_until(lambda: acme.world.netsuite.stock().get((sku, 6)) == 10)
    assert "/preview" not in vera.get("/stock").text
    assert vera.post(button[1], fields).status_code == 403


def test_the_second_of_two_is_told_who_was_first(acme: Merchant, fiona: Browser) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False), known=True)
    one, other = subject_id(acme, wro), signed_in(acme, "finance")
    pages = [
        ended(
            person,
            person.post(f"/subjects/{one}/preview", {"decision": "not-ours"})
            .headers["location"]
            .partition("#")[0],
        )
        for person in (fiona, other)
    ]
    fields = [hidden(page, f"/subjects/{one}/decide") for page in pages]
    said = [
        ended(
            person,
            person.post(f"/subjects/{one}/decide", {**of, "note": "A sample"})
            .headers["location"]
            .partition("#")[0],
        )
        for person, of in zip((fiona, other), fields, strict=True)
    ]

    assert "Decided: not-ours" in said[0]
    assert "Decided: not-ours" not in said[1]
    assert 'role="alert"' in said[1]
    [row] = acme.rows("select count(*) as n from decision where key = %(key)s", key=str(wro.id))
    assert row["n"] == 1


def test_a_role_does_only_what_it_may(acme: Merchant) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False), known=True)
    one, vera, dock = (
        subject_id(acme, wro),
        signed_in(acme, "viewer"),
        signed_in(acme, "warehouse"),
    )
    note = {"decision": "not-ours", "note": "x"}

    assert vera.get("/attention").status_code == 200
    assert vera.post("/attention/again", {"subjects": str(one)}).status_code == 403
    assert vera.post("/attention/assign", {"subjects": str(one), "to": ""}).status_code == 403
    assert vera.post("/events/replay", {"ids": "1"}).status_code == 403
    assert vera.post(f"/subjects/{one}/decide", note).status_code == 400
    assert dock.post(f"/subjects/{one}/decide", {**note, "decision": "adjust"}).status_code == 400
    assert dock.post("/attention/again", {"subjects": str(one)}).status_code == 303
    assert acme.rows("select 1 from decision where key = %(key)s", key=str(wro.id)) == []


def test_a_foreign_form_does_nothing(acme: Merchant, fiona: Browser) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False), known=True)
    one = subject_id(acme, wro)

    for path in ("/attention/again", "/attention/assign", f"/subjects/{one}/decide"):
        answer = fiona.http.post(path, data={"subjects": str(one), "decision": "not-ours"})
        assert answer.status_code == 403, path


def test_what_is_not_there_is_said_so(fiona: Browser) -> None:
    assert fiona.get("/subjects/999999999").status_code == 404
    assert fiona.get("/attention?connection=nobody").status_code == 404
    assert fiona.get("/attention?after=nonsense").status_code == 400
    assert fiona.get("/events?since=yesterday").status_code == 400
    assert "Nothing here has that number" in fiona.get("/search?q=no-such").text


def test_runs_are_compared_and_planned_again_on_the_page(acme: Merchant, fiona: Browser) -> None:
    sku = acme.sku(in_netsuite=False)
    wro = stopped(acme, sku, known=True)
    acme.world.netsuite.add_item(sku, cost="1")
    acme.wait_for(wro)
    here = f"/subjects/{subject_id(acme, wro)}"
    runs = acme.rows(
        "select r.id from run as r join subject as s on s.id = r.subject_id"
        " where s.key = %(key)s and r.facts is not null order by r.id",
        key=str(wro.id),
    )
    first, last = runs[0]["id"], runs[-1]["id"]

    compared = fiona.get(f"{here}?first={first}&second={last}")
    again = fiona.get(f"{here}?first={last}&second=today")
    mad = fiona.get(f"{here}?first={first}&second=999999")

    assert [one.status_code for one in (compared, again, mad)] == [200, 200, 200]
    assert f"items {sku}" in compared.text
    assert "Nothing is posted." in again.text
    assert "There are no such runs of it." in mad.text
    assert acme.rows("select 1 from posting where state = 'prepared'") == []


def test_netsuite_is_asked_for_a_number_that_only_it_knows(acme: Merchant, fiona: Browser) -> None:
    sku = acme.sku()
    wro = acme.deliver({sku: 5})
    acme.wait_for(wro)
    [document] = acme.documents(wro)
    number = str(document["tranId"])

    def answered() -> str:
        text = fiona.get(asked.headers["location"]).text
        return "" if "NetSuite is being asked" in text else text

    missing = fiona.get(f"/search?q={number}").text
    asked = fiona.post("/search/netsuite", {"number": number})
    found = wait_until(answered)

    token = acme.command("token", "add", "finder", "--scope", "viewer", "--json").json["token"]
    finder = Program(acme.url, token)
    errand = finder.send("POST", "/search/netsuite", {"number": number}).json()["errand"]
    by_api = wait_until(lambda: finder.get(f"/errands/{errand}").json()["answer"])

    assert [one["subject_id"] for one in by_api["found"]] == [subject_id(acme, wro)]
    assert "Ask NetSuite for a document of that number" in missing
    assert f'href="/subjects/{subject_id(acme, wro)}?' in found
    assert str(document["externalId"]) in found


def test_events_are_replayed_from_the_page(acme: Merchant, fiona: Browser) -> None:
    wro = stopped(acme, acme.sku(in_netsuite=False), known=True)
    page = fiona.get(f"/events?subject={wro.id}").text
    ids = re.findall(r'name="ids" value="(\d+)"', page)

    some = fiona.post("/events/replay", {"ids": ids[0]})
    none = fiona.post("/events/replay", {})
    matching = fiona.post("/events/replay", {"matching": "yes", "subject": str(wro.id)})
    everything = fiona.post("/events/replay", {"matching": "yes"})

    assert "replayed=1" in some.headers["location"]
    assert "replayed=1" in matching.headers["location"]
    assert (none.status_code, everything.status_code) == (400, 400)
    assert "Nothing says which events" in fiona.alert(everything)
    acme.wait_for(wro, "parked")
