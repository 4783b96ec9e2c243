"""What every call of the API has: a token, problems, keys for acts that may be asked for twice."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import openapi_core
import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.api import Program, add_token
from web.browser import PASSWORD, Browser
from web.people import add_user


@pytest.fixture(scope="module")
def admin(receiver: Merchant, web: Process) -> Program:
    assert web.process.poll() is None
    return Program(receiver.url, add_token(receiver, "robot", "admin"))


def test_without_a_token_that_holds_nothing_is_told(receiver: Merchant, admin: Program) -> None:
    none = Program(receiver.url).get("/users")
    wrong = Program(receiver.url, "mlc_" + "x" * 43).get("/users")
    basic = httpx2.get(
        f"{receiver.url}/api/v1/users",
        headers={"authorization": "Basic YWRtaW46eA=="},
        trust_env=False,
    )

    for answer in (none, wrong, basic):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 401
    assert admin.get("/me").json() == {"name": "robot", "scope": "admin", "expires_at": None}


def test_a_token_that_ended_or_was_removed_opens_nothing(
    receiver: Merchant, admin: Program
) -> None:
    made = admin.send("POST", "/tokens", {"name": "short", "scope": "viewer"}).json()
    program = Program(receiver.url, made["token"])
    before = program.get("/me").status_code
    receiver.rows("update api_token set expires_at = now() where name = 'short' returning name")
    ended = program.get("/me").status_code
    receiver.rows("update api_token set expires_at = null where name = 'short' returning name")
    again = program.get("/me").status_code
    removed = admin.send("DELETE", "/tokens/short").status_code

    assert (before, ended, again, removed) == (200, 401, 200, 204)
    assert program.get("/me").status_code == 401


@pytest.mark.parametrize("scope", ["viewer", "warehouse", "finance"])
def test_only_an_administrators_token_sees_to_users_and_tokens(
    receiver: Merchant, admin: Program, scope: str
) -> None:
    assert admin.get("/users").status_code == 200
    program = Program(receiver.url, add_token(receiver, f"of-{scope}", scope))
    user = {"name": "eve", "role": "admin", "password": PASSWORD}
    answers = [
        program.get("/users"),
        program.send("POST", "/users", user),
        program.send("DELETE", "/users/admin"),
        program.get("/tokens"),
        program.send("POST", "/tokens", {"name": "eve", "scope": "admin"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert "admin" in answers[0].json()["remedy"]
    assert receiver.rows("select from person where name = 'eve'") == []
    assert receiver.rows("select from api_token where name = 'eve'") == []


def test_a_session_of_the_console_opens_nothing_here(receiver: Merchant, admin: Program) -> None:
    assert admin.get("/me").status_code == 200
    add_user(receiver, "both", "admin")
    browser = Browser(receiver.url)
    browser.sign_in("both")

    assert browser.get("/users").status_code == 200
    assert browser.get("/api/v1/users").status_code == 401


def test_users_are_added_changed_and_removed(admin: Program, receiver: Merchant) -> None:
    user = {"name": "dora", "role": "viewer", "password": PASSWORD}
    added = admin.send("POST", "/users", user)
    twice = admin.send("POST", "/users", user)
    role = admin.send("PUT", "/users/dora/role", {"role": "finance"})
    password = admin.send("PUT", "/users/dora/password", {"password": "other odd words"})
    removed = admin.send("DELETE", "/users/dora")
    gone = admin.send("DELETE", "/users/dora")
    acts = receiver.rows(
        "select what, person from act where details::text like '%%dora%%' order by id"
    )

    assert (added.status_code, added.json()["password_given"]) == (201, True)
    assert (twice.status_code, role.json()["role"]) == (400, "finance")
    assert (password.status_code, removed.status_code, gone.status_code) == (204, 204, 404)
    assert [row["what"] for row in acts] == [
        "user.add",
        "user.role",
        "user.password",
        "user.remove",
    ]
    assert {row["person"] for row in acts} == {"robot (token)"}
    assert PASSWORD not in str(receiver.rows("select details::text as text from act"))


def test_somebody_is_signed_out_by_one_session_and_everywhere(
    admin: Program, receiver: Merchant
) -> None:
    add_user(receiver, "sara", "viewer")
    browsers = [Browser(receiver.url) for _ in range(3)]
    for one in browsers:
        assert one.sign_in("sara").status_code == 303
    sessions = admin.get("/users/sara/sessions").json()["sessions"]
    ended = admin.send("DELETE", f"/users/sara/sessions/{sessions[0]['id']}")
    gone = admin.send("DELETE", f"/users/sara/sessions/{sessions[0]['id']}")
    second = sessions[1]["id"]
    out = receiver.command("user", "sign-out", "sara", "--session", second, "--json")
    every = admin.send("DELETE", "/users/sara/sessions")
    acts = receiver.rows("select what from act where details::text like '%%sara%%' order by id")

    assert len(sessions) == 3
    assert (ended.json(), gone.json()) == ({"sessions_ended": 1}, {"sessions_ended": 0})
    assert (out.json["sessions_ended"], every.json()) == (1, {"sessions_ended": 1})
    assert [one.get("/account").status_code for one in browsers] == [303] * 3
    assert [row["what"] for row in acts][-3:] == ["user.sign-out"] * 3
    assert admin.get("/users/nobody/sessions").status_code == 404


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "x", "role": "king", "password": PASSWORD}, "role"),
        ({"name": "x", "role": "viewer", "password": "short"}, "password"),
        ({"name": "x", "role": "viewer"}, "password"),
        ({"name": "x", "role": "viewer", "password": PASSWORD, "is_admin": True}, "is_admin"),
        ([], ""),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem(admin: Program, body: object, where: str) -> None:
    answer = admin.send("POST", "/users", body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert where in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/users/x/y/z", "/"])
def test_an_unknown_address_is_a_problem(admin: Program, path: str) -> None:
    answer = admin.get(path)

    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_an_act_with_a_key_is_done_once(admin: Program, receiver: Merchant) -> None:
    user = {"name": "keyed", "role": "viewer", "password": PASSWORD}
    first = admin.send("POST", "/users", user, key="k-1")
    again = admin.send("POST", "/users", user, key="k-1")
    other = admin.send("POST", "/users", {**user, "name": "keyed2"}, key="k-1")
    without = admin.send("POST", "/users", user)
    acts = receiver.rows("select from act where details::text like '%%keyed%%'")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (other.status_code, without.status_code) == (422, 400)
    assert len(acts) == 1


def test_of_many_calls_with_one_key_at_once_one_is_done(
    admin: Program, receiver: Merchant
) -> None:
    user = {"name": "atonce", "role": "viewer", "password": PASSWORD}

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(admin.send, "POST", "/users", user, key="k-2") for _ in range(8)]
        answers = [one.result() for one in asked]

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(receiver.rows("select from act where details::text like '%%atonce%%'")) == 1


def test_a_token_is_not_kept_with_its_answer(admin: Program, receiver: Merchant) -> None:
    wanted = {"name": "once", "scope": "viewer"}
    first = admin.send("POST", "/tokens", wanted, key="k-3")
    again = admin.send("POST", "/tokens", wanted, key="k-3")
    kept = receiver.rows("select convert_from(body, 'utf-8') as body from answered_call")

    assert (first.status_code, again.status_code) == (201, 409)
    assert "once" in again.json()["title"]
    assert first.json()["token"] not in str(kept)


def test_what_did_nothing_leaves_its_key_free(admin: Program, receiver: Merchant) -> None:
    viewer = Program(receiver.url, add_token(receiver, "looker", "viewer"))
    user = {"name": "freed", "role": "viewer", "password": PASSWORD}
    refused = viewer.send("POST", "/users", user, key="k-4")
    receiver.rows("update api_token set scope = 'admin' where name = 'looker' returning name")
    done = viewer.send("POST", "/users", user, key="k-4")

    assert (refused.status_code, done.status_code) == (403, 201)
    assert admin.send("POST", "/users", user, key="x" * 101).status_code == 400


def test_the_api_describes_itself(receiver: Merchant, admin: Program) -> None:
    answer = Program(receiver.url).get("/openapi.json")
    described = answer.json()

    assert answer.status_code == 200
    openapi_core.OpenAPI.from_dict(described).check_spec()
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    assert admin.get("/me").status_code == 200
