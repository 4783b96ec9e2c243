"""What keeps pages from doing what others want."""

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.browser import PASSWORD, Browser
from web.door import Door
from web.people import add_user


@pytest.fixture(scope="module")
def admin(receiver: Merchant, web: Process) -> Browser:
    assert web.process.poll() is None
    add_user(receiver, "boss", "admin")
    browser = Browser(receiver.url)
    assert browser.sign_in("boss").status_code == 303
    return browser


def test_no_page_allows_script_or_style_of_its_own(admin: Browser) -> None:
    pages = [admin.get(path) for path in ("/users", "/tokens", "/account", "/sign-in", "/nothing")]

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert all(" src=" in tag for tag in page.text.split("<script")[1:])


@pytest.mark.parametrize("path", ["/sign-in", "/users", "/nothing", "/api/v1/me", "/api/v1/no"])
@pytest.mark.parametrize("host", ["a:8700/evil", "a:8700?evil", "a b", "[::1", "\xff", "a:99999"])
def test_a_host_that_is_none_is_no_fault_of_ours(
    admin: Browser, receiver: Merchant, path: str, host: str
) -> None:
    assert admin.get("/account").status_code == 200
    door = Door(receiver.url, receiver.secret)
    accept = [(b"accept", b"text/html")]
    answer = door.send(f"GET {path}", accept, [], host=host.encode("latin-1"))

    assert 200 <= answer.status < 500


@pytest.mark.parametrize("field", ["", "AAAA", "x" * 300])
def test_a_form_without_its_token_does_nothing(
    admin: Browser, receiver: Merchant, field: str
) -> None:
    fields = {"csrf": field, "name": "eve", "password": PASSWORD, "role": "admin"}
    answer = admin.http.post("/users", data=fields)

    assert answer.status_code == 403
    assert receiver.rows("select from person where name = 'eve'") == []


def test_a_form_of_another_site_does_nothing(admin: Browser, receiver: Merchant) -> None:
    fields = {
        "csrf": admin.csrf("/users"),
        "name": "eve",
        "password": PASSWORD,
        "role": "admin",
    }
    by_origin = admin.http.post("/users", data=fields, headers={"origin": "https://evil.example"})
    by_site = admin.http.post("/users", data=fields, headers={"sec-fetch-site": "cross-site"})

    assert {by_origin.status_code, by_site.status_code} == {403}
    assert receiver.rows("select from person where name = 'eve'") == []
