"""The pages for users and tokens, role by role."""

import re

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.api import Program
from web.browser import PASSWORD, Browser
from web.people import add_user


@pytest.fixture(scope="module")
def admin(receiver: Merchant, web: Process) -> Browser:
    assert web.process.poll() is None
    add_user(receiver, "chief", "admin")
    browser = Browser(receiver.url)
    assert browser.sign_in("chief").status_code == 303
    return browser


@pytest.mark.parametrize("role", ["viewer", "warehouse", "finance"])
def test_only_administrators_see_to_users_and_tokens(
    receiver: Merchant, admin: Browser, role: str
) -> None:
    add_user(receiver, f"a-{role}", role)
    browser = Browser(receiver.url)
    browser.sign_in(f"a-{role}")
    user = {"name": "eve", "password": PASSWORD, "role": "admin"}
    answers = [
        browser.get("/users"),
        browser.get("/tokens"),
        browser.post("/users", user),
        browser.post("/users/chief/role", {"role": "viewer"}),
        browser.post("/users/chief/password", {"password": PASSWORD}),
        browser.post("/users/chief/sign-out"),
        browser.post("/users/chief/remove"),
        browser.post("/tokens", {"name": "eve", "scope": "admin", "days": ""}),
        browser.post("/tokens/eve/remove"),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert "/users" not in browser.get("/account").text.split("<nav")[1].split("</nav>")[0]
    assert admin.get("/users").status_code == 200
    assert receiver.rows("select name from person where name = 'eve'") == []


def test_somebody_is_added_and_signs_in(receiver: Merchant, admin: Browser) -> None:
    user = {"name": "Fritz", "password": PASSWORD, "role": "finance"}
    added = admin.post("/users", user)
    twice = admin.post("/users", user)
    fritz = Browser(receiver.url)

    assert (added.status_code, added.headers["location"]) == (303, "/users#user-fritz")
    assert "already" in admin.alert(twice)
    assert fritz.sign_in("fritz").status_code == 303
    assert "Change your password first" in fritz.get("/account").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "<script>", "password": PASSWORD, "role": "viewer"}, "can't be used"),
        ({"name": "max", "password": "short", "role": "viewer"}, "fewer than 10"),
        ({"name": "max", "password": PASSWORD, "role": "king"}, "no such role"),
        ({"name": "max", "password": "password12", "role": "viewer"}, "tries first"),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_do(
    admin: Browser, fields: dict[str, str], said: str
) -> None:
    answer = admin.post("/users", fields)

    assert answer.status_code == 400
    assert said in admin.alert(answer)
    assert "<script>alert" not in answer.text


def test_a_role_a_password_and_a_removal_reach_who_is_signed_in(
    receiver: Merchant, admin: Browser
) -> None:
    add_user(receiver, "hugo", "viewer")
    hugo = Browser(receiver.url)
    hugo.sign_in("hugo")
    admin.post("/users/hugo/role", {"role": "admin"})
    as_admin = hugo.get("/users").status_code
    admin.post("/users/hugo/sign-out")
    signed_out = hugo.get("/account").status_code
    admin.post("/users/hugo/password", {"password": "other odd words"})
    with_old = hugo.sign_in("hugo").status_code
    with_new = hugo.sign_in("hugo", "other odd words").status_code
    admin.post("/users/hugo/remove")

    assert (as_admin, signed_out, with_old, with_new) == (200, 303, 401, 303)
    assert hugo.get("/account").status_code == 303
    assert admin.post("/users/hugo/remove").status_code == 400


def test_a_token_is_made_shown_once_and_removed(receiver: Merchant, admin: Browser) -> None:
    made = admin.post("/tokens", {"name": "wall", "scope": "viewer", "days": "30"})
    found = re.search(r'value="(mlc_[\w-]+)"', made.text)
    assert found is not None
    program = Program(receiver.url, found[1])
    before = program.get("/me").json()
    listed = admin.get("/tokens").text
    admin.post("/tokens/wall/remove")

    assert before["scope"] == "viewer"
    assert before["expires_at"] is not None
    assert "wall" in listed
    assert found[1] not in listed
    assert program.get("/me").status_code == 401


def test_an_unknown_connection_is_not_found(admin: Browser) -> None:
    assert admin.get("/account?connection=nobody").status_code == 404
    assert admin.get("/account?connection=acme").status_code == 200
