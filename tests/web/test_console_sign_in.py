"""Who gets in, and for how long."""

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.browser import PASSWORD, Browser
from web.people import add_user


def browser(receiver: Merchant, **headers: str) -> Browser:
    return Browser(receiver.url, **headers)


def test_a_page_leads_to_the_sign_in_and_back(receiver: Merchant, web: Process) -> None:
    assert web.process.poll() is None
    add_user(receiver, "dana", "viewer")
    guest = browser(receiver)

    sent = guest.get("/account?x=1")
    asked = guest.get(sent.headers["location"])
    answer = guest.sign_in("dana", next="/account?x=1")

    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/sign-in?next=%2Faccount%3Fx%3D1",
    )
    assert 'value="/account?x=1"' in asked.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    assert guest.get("/account").status_code == 200


def test_a_session_begins_anew_with_each_sign_in(receiver: Merchant, web: Process) -> None:
    assert web.process.poll() is None
    add_user(receiver, "fixa", "viewer")
    guest = browser(receiver)
    guest.http.cookies.set("mlc-session", "given-by-an-attacker", path="/")
    first = guest.sign_in("fixa").cookies["mlc-session"]
    again = guest.post(
        "/sign-in",
        {"name": "fixa", "password": PASSWORD, "csrf": Browser(receiver.url).csrf("/sign-in")},
    )

    assert first != "given-by-an-attacker"
    assert again.status_code == 403  # the form of another browser
