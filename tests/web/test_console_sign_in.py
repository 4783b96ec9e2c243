"""Who gets in by the browser, what it holds, and how they get out again."""

import re

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.browser import PASSWORD, Browser
from web.people import add_user


@pytest.fixture(scope="module", autouse=True)
def people(receiver: Merchant, web: Process) -> None:
    assert web.process.poll() is None
    add_user(receiver, "frida", "viewer")
    add_user(receiver, "given", "viewer", given=True)


@pytest.fixture
def guest(receiver: Merchant) -> Browser:
    return Browser(receiver.url)


def test_a_page_leads_to_the_sign_in_and_back(guest: Browser) -> None:
    sent = guest.get("/account?x=1")
    asked = guest.get(sent.headers["location"])
    answer = guest.sign_in("frida", next="/account?x=1")

    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/sign-in?next=%2Faccount%3Fx%3D1",
    )
    assert 'value="/account?x=1"' in asked.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    assert guest.get("/account").status_code == 200
    assert guest.get("/sign-in").status_code == 303


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "evil",
        "/ok\r\nset-cookie: a=b",
        "",
    ],
)
def test_nobody_is_led_elsewhere(guest: Browser, there: str) -> None:
    assert guest.sign_in("frida", next=there).headers["location"] == "/"


def test_a_wrong_password_says_how_many_tries_are_left(receiver: Merchant) -> None:
    guest = Browser(receiver.url)
    refused = guest.sign_in("gina", "wrong horse 9")
    for _ in range(4):
        guest.sign_in("gina", "wrong horse 9")
    paused = guest.sign_in("gina", "wrong horse 9")

    assert refused.status_code == 401
    assert "4 tries left" in guest.alert(refused)
    assert "wrong horse 9" not in refused.text
    assert paused.status_code == 429
    assert "Too many tries" in guest.alert(paused)
    assert 0 < int(paused.headers["retry-after"]) <= 300


def test_what_was_typed_is_text(receiver: Merchant) -> None:
    answer = Browser(receiver.url).sign_in("\"><script>alert('x')</script>\u202e", "x" * 10)

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    assert "\u202e" not in answer.text


def test_a_session_begins_anew_with_each_sign_in(receiver: Merchant, guest: Browser) -> None:
    guest.http.cookies.set("mlc-session", "given-by-an-attacker", domain="127.0.0.1", path="/")
    form = guest.csrf("/sign-in")
    fields = {"csrf": form, "name": "frida", "password": PASSWORD}
    first = guest.http.post("/sign-in", data=fields).cookies["mlc-session"]
    other = Browser(receiver.url)
    other.http.cookies.set("mlc-session", first, domain="127.0.0.1", path="/")
    before = other.get("/account").status_code
    second = guest.http.post("/sign-in", data=fields).cookies["mlc-session"]

    assert len({first, second, "given-by-an-attacker"}) == 3
    assert before == 200
    assert other.get("/account").status_code == 303


def test_the_sign_in_form_is_of_its_browser(receiver: Merchant, guest: Browser) -> None:
    stolen = Browser(receiver.url).csrf("/sign-in")
    without = guest.http.post(
        "/sign-in", data={"csrf": stolen, "name": "frida", "password": PASSWORD}
    )
    guest.get("/sign-in")
    with_another = guest.http.post(
        "/sign-in", data={"csrf": stolen, "name": "frida", "password": PASSWORD}
    )

    assert {without.status_code, with_another.status_code} == {403}
    assert "mlc-session" not in guest.http.cookies


def test_scripts_and_other_sites_do_not_get_at_the_cookie(receiver: Merchant) -> None:
    plain = Browser(receiver.url)
    answer = plain.sign_in("frida")
    behind = Browser(receiver.url, x_forwarded_proto="https")
    asked = behind.get("/sign-in")
    cookie = re.search(r"__Host-mlc-visit=[0-9a-f]{64}", asked.headers["set-cookie"])

    assert re.fullmatch(
        r"mlc-session=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", answer.headers["set-cookie"]
    )
    assert cookie is not None
    assert "; Secure" in asked.headers["set-cookie"]
    assert "max-age=31536000" in asked.headers["strict-transport-security"]
    assert "strict-transport-security" not in answer.headers


def test_signing_out_ends_the_session_itself(receiver: Merchant, guest: Browser) -> None:
    guest.sign_in("frida")
    held = guest.http.cookies["mlc-session"]
    answer = guest.post("/sign-out")
    guest.http.cookies.set("mlc-session", held, domain="127.0.0.1", path="/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert guest.get("/account").status_code == 303
    assert guest.http.post("/sign-out").status_code == 303
    assert receiver.rows("select what from act where person = 'frida' and what = 'sign-out'")


def test_signing_out_everywhere_ends_all_sessions(receiver: Merchant) -> None:
    browsers = [Browser(receiver.url, user_agent=f"<i>{n}</i>") for n in range(3)]
    for browser in browsers:
        browser.sign_in("frida")
    listed = browsers[0].get("/account").text
    ended = re.findall(r"/account/sessions/([0-9a-f]{64})/end", listed)
    one = browsers[0].post(f"/account/sessions/{ended[0]}/end")
    still = sum(browser.get("/account").status_code == 200 for browser in browsers)
    browsers[0].post("/account/sign-out-everywhere")

    assert "&lt;i&gt;" in listed
    assert "<i>" not in listed
    assert (one.status_code, still) == (303, 2)
    assert {browser.get("/account").status_code for browser in browsers} == {303}


def test_nobody_ends_the_session_of_another(receiver: Merchant, guest: Browser) -> None:
    add_user(receiver, "eva", "admin")
    eva = Browser(receiver.url)
    eva.sign_in("eva")
    found = receiver.rows("select encode(hash, 'hex') as id from sign_in where person = 'eva'")
    guest.sign_in("frida")
    for row in found:
        guest.post(f"/account/sessions/{row['id']}/end")

    assert eva.get("/account").status_code == 200


def test_a_password_that_was_given_is_changed_first(guest: Browser) -> None:
    signed_in = guest.sign_in("given")
    elsewhere = guest.get("/")
    refused = guest.post(
        "/account/password", {"present": "wrong horse 9", "password": "other odd words"}
    )
    short = guest.post("/account/password", {"present": PASSWORD, "password": "short"})
    changed = guest.post("/account/password", {"present": PASSWORD, "password": "other odd words"})

    assert signed_in.status_code == 303
    assert elsewhere.headers["location"] == "/account"
    assert "did not match" in guest.alert(refused)
    assert "fewer than 10" in guest.alert(short)
    assert changed.status_code == 303
    assert guest.get("/").headers[
        "location"
    ] != "/account" or "Change your password first" not in (guest.get("/account").text)
    assert Browser(guest.http.base_url.__str__().rstrip("/")).sign_in("given").status_code == 401


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(receiver: Merchant) -> None:
    part = Browser(receiver.url, hx_request="true").get("/account")

    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize("path", ["/", "/users", "/tokens", "/account"])
def test_nobody_sees_a_page_who_did_not_sign_in(receiver: Merchant, path: str) -> None:
    answer = Browser(receiver.url).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.content == b""
