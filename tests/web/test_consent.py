"""Consent in the browser: over real HTTP, against ShipBob's simulated OAuth host."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from acceptance.holding import hold
from acceptance.merchant import Merchant
from acceptance.service import Process
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.ping.ping import ping_connection
from ml_connector.app.sign_in.consents import MOST_UNDER_WAY, Consents
from ml_connector.config import connection as connection_file
from ml_connector.ledger.connections import connections
from ml_connector.shipbob.sign_in.oauth import SCOPES, challenge_of
from waiting import HANGS_AFTER_SECONDS
from web.consent_form import action, answer
from web.door import Door

CALLBACK = "/oauth/shipbob/callback"
START = "/oauth/shipbob/start"


@dataclass(frozen=True)
class Browser:
    """A browser without scripts: what a form would send, it sends."""

    client: httpx2.Client
    merchant: Merchant

    def start(self, query: str = "connection=acme", **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"{self.merchant.url}{START}?{query}", headers=named)

    def consent(self, there: str, decision: str = "allow") -> dict[str, str]:
        """Answer ShipBob's consent page; return the fields that come back as a form."""
        auth_url = self.merchant.world.auth_server.url
        answered = answer(self.client, auth_url, there, decision=decision)
        assert answered.action == f"{self.merchant.url}{CALLBACK}"
        return answered.fields

    def back(self, fields: Mapping[str, str]) -> httpx2.Response:
        return self.client.post(f"{self.merchant.url}{CALLBACK}", data=dict(fields))


@pytest.fixture(scope="module")
def applied(receiver: Merchant, web: Process) -> Iterator[Merchant]:
    """A connection with a personal access token and an OAuth application."""
    assert web.process.poll() is None
    receiver.world.application.redirect_uris = (f"{receiver.url}{CALLBACK}",)
    apply(receiver, with_application=True)
    yield receiver
    clean(receiver)
    apply(receiver, with_application=False)


@pytest.fixture
def browser(applied: Merchant) -> Iterator[Browser]:
    """A browser on this machine, and a connection without consent."""
    clean(applied)
    with httpx2.Client(trust_env=False, timeout=HANGS_AFTER_SECONDS) as client:
        yield Browser(client, applied)


def apply(receiver: Merchant, *, with_application: bool) -> None:
    path = receiver.connection_file()
    text = path.read_text("utf-8")
    application = receiver.world.application
    lines = (
        f'client_id = "{application.client_id}"\nclient_secret = "{application.client_secret}"\n'
    )
    if with_application:
        path.write_text(text.replace("[shipbob]\n", f"[shipbob]\n{lines}"), "utf-8")
    settings = connection_file.read(path)

    async def do() -> None:
        async with open_installation(receiver.settings) as installation:
            await apply_connection(installation, settings, person="test", ping_first=False)

    asyncio.run(do())


def clean(receiver: Merchant) -> None:
    for statement in (
        "delete from token where system = 'shipbob'",
        "delete from consent",
        "delete from consent_link",
        "delete from shipbob_grant",
        "delete from refresh_token_seen",
        "delete from secret where field like 'shipbob.consent.%%'",
    ):
        query = f"with gone as ({statement} returning 1) select count(*) from gone"  # noqa: S608 - our own
        receiver.rows(query)
    access = receiver.world.shipbob.books.access
    for number in [
        n for n, one in access.channels.items() if one.application_name == "ml-connector"
    ]:
        del access.channels[number]


def invited(receiver: Merchant, *, public_url: str | None = None) -> str:
    """Return the link that the command would print, as a path on this machine."""
    settings = receiver.settings.model_copy(update={"public_url": public_url or receiver.url})

    async def invite() -> str:
        async with open_installation(settings) as installation:
            async with installation.database.transaction() as on:
                applied = await connections.find(on, "acme")
            assert applied is not None
            invitation = await Consents(installation).invite(
                applied, person="tester", channel_name="Our books", billing=False
            )
            return invitation.url

    return urlsplit(asyncio.run(invite())).query


def test_the_start_leads_to_shipbob_with_everything_it_wants(browser: Browser) -> None:
    answer = browser.start()
    there = urlsplit(answer.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(there.query).items()}

    assert answer.status_code == 302
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert f"{there.scheme}://{there.netloc}" == browser.merchant.world.auth_server.url
    assert there.path == "/connect/authorize"
    assert asked["response_type"] == "code"
    assert asked["response_mode"] == "form_post"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == len(challenge_of("x"))
    assert asked["redirect_uri"] == f"{browser.merchant.url}{CALLBACK}"
    assert asked["scope"].split() == list(SCOPES)
    assert asked["integration_name"] == "ml-connector acme"
    assert len(asked["state"]) >= 32
    assert asked["nonce"]


def test_consent_is_given_stored_and_used(browser: Browser) -> None:
    merchant = browser.merchant
    merchant.rows(
        "with new as (insert into subject (connection, flow, key, state, cause, waiting_for)"
        " values ('acme', 'receiving', '777', 'dead', 'credentials_invalid',"
        " '{credentials}') returning 1) select count(*) from new"
    )
    fields = browser.consent(browser.start().headers["location"])
    answer = browser.back(fields)
    found = asked(merchant)
    [grant] = merchant.rows("select * from shipbob_grant")
    [subject] = merchant.rows("select state from subject where key = '777'")
    leftovers = merchant.rows("select field from secret where field like 'shipbob.consent.%%'")

    assert answer.status_code == 200
    assert "ShipBob is connected" in answer.text
    assert "ml-connector acme" in answer.text
    assert found["token"] == "consent, renewed by itself"
    newest = max(merchant.world.shipbob.books.access.channels)
    assert f"channel {newest}" in found["channel"]
    assert "orders_read" in grant["scopes"]
    assert subject["state"] == "received"
    assert leftovers == []


def test_a_held_connection_takes_a_consent_and_stays_held(browser: Browser) -> None:
    merchant = browser.merchant
    hold(merchant)
    answer = browser.back(browser.consent(browser.start().headers["location"]))
    [row] = merchant.rows("select held_at from connection where name = 'acme'")
    merchant.rows("update connection set held_at = null returning name")

    assert answer.status_code == 200
    assert "ShipBob is connected" in answer.text
    assert "Writes to channel" in answer.text
    assert row["held_at"] is not None


def test_a_consent_for_the_account_of_another_live_connection_ends_in_dry_run(
    browser: Browser,
) -> None:
    merchant = browser.merchant
    channels = list(merchant.world.shipbob.books.access.channels)
    merchant.rows("update connection set channels = null returning name")
    merchant.rows(
        "insert into connection (name, mode, settings, channels) select 'twin', 'live', settings,"
        " %(channels)s::bigint[] from connection where name = 'acme' returning name",
        channels=channels,
    )
    answer = browser.back(browser.consent(browser.start().headers["location"]))
    [row] = merchant.rows("select mode from connection where name = 'acme'")
    merchant.rows("delete from connection where name = 'twin' returning name")
    merchant.rows("update connection set mode = 'live', channels = null returning name")

    assert answer.status_code == 200
    assert "are of one ShipBob account" in unescape(answer.text)
    assert row["mode"] == "dry-run"


def asked(merchant: Merchant) -> dict[str, str]:
    """Return what ShipBob says when the connection is pinged, by check."""

    async def ask() -> dict[str, str]:
        async with open_installation(merchant.settings) as installation:
            found = await ping_connection(installation, "acme")
            return {one.name: one.found for one in found if one.system == "shipbob"}

    return asyncio.run(ask())


def test_a_state_is_good_once(browser: Browser) -> None:
    fields = browser.consent(browser.start().headers["location"])
    first = browser.back(fields)
    version = token_version(browser.merchant)
    second = browser.back(fields)

    assert (first.status_code, second.status_code) == (200, 400)
    assert "finished already" in second.text
    assert token_version(browser.merchant) == version


def token_version(merchant: Merchant) -> int:
    found = merchant.rows("select version from token where system = 'shipbob'")
    return int(found[0]["version"]) if found else -1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "made-up", "code": "x"},
        {"state": "", "code": "x"},
        {"code": "x"},
        {},
        {"state": "é" * 50, "code": "x"},
        {"state": "made-up", "error": "<script>alert(1)</script>"},
    ],
)
def test_a_wrong_state_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    before = token_version(browser.merchant)
    answer = browser.back(fields)

    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    assert "Next:" in answer.text
    assert token_version(browser.merchant) == before


def test_another_consents_state_with_this_code_gets_nothing(browser: Browser) -> None:
    other = parse_qs(urlsplit(browser.start().headers["location"]).query)["state"][0]
    fields = browser.consent(browser.start().headers["location"])
    answer = browser.back({**fields, "state": other})

    assert answer.status_code == 400
    assert "invalid_grant" in answer.text  # its verifier does not fit the code
    assert token_version(browser.merchant) == -1


def test_a_second_consent_writes_to_the_channel_that_it_made(browser: Browser) -> None:
    first = browser.back(browser.consent(browser.start().headers["location"]))
    second = browser.back(browser.consent(browser.start().headers["location"]))
    channels = browser.merchant.world.shipbob.books.access.channels
    made = [number for number, one in channels.items() if one.application_name == "ml-connector"]

    assert len(made) == 2
    assert f"({made[0]})" in first.text
    assert f"({made[1]})" in second.text
    assert f"channel {made[1]}" in asked(browser.merchant)["channel"]


def test_who_says_no_is_told_how_to_go_on(browser: Browser) -> None:
    fields = browser.consent(browser.start().headers["location"], decision="deny")
    answer = browser.back(fields)

    assert fields["error"] == "access_denied"
    assert answer.status_code == 400
    assert "chose not to allow it" in answer.text
    assert "Open the link again" in answer.text


def test_a_code_that_is_too_old_is_explained(browser: Browser) -> None:
    fields = browser.consent(browser.start().headers["location"])
    browser.merchant.world.shipbob.books.access.codes.clear()
    answer = browser.back(fields)

    assert answer.status_code == 400
    assert "good once, for two minutes" in answer.text


def test_the_answer_may_come_in_the_query(browser: Browser) -> None:
    fields = browser.consent(browser.start().headers["location"])
    answer = browser.client.get(f"{browser.merchant.url}{CALLBACK}", params=fields)

    assert answer.status_code == 200
    assert "ShipBob is connected" in answer.text


def test_a_fragment_is_posted_by_a_page_that_may_run_nothing_else(browser: Browser) -> None:
    answer = browser.client.get(f"{browser.merchant.url}{CALLBACK}")
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)

    assert answer.status_code == 200
    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in answer.text
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert action(answer.text) == CALLBACK


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x_real_ip": "127.0.0.1"},
        {"host": "connector.example.com"},
        {"host": "127.0.0.1.example.com"},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_without_a_link_only_a_browser_on_this_machine_may_begin(
    browser: Browser, headers: dict[str, str]
) -> None:
    answer = browser.start(**headers)

    assert answer.status_code == 403
    assert "ml-connector connection consent acme" in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8700@evil.example",
        "127.0.0.1:8700/evil",
        "127.0.0.1:8700?evil",
        "127.0.0.1:8700#evil",
        "127.0.0.1:evil",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:8700:8700",
        "127.0.0.1:8700 evil",
        "evil.example@127.0.0.1:8700",
        "localhost.evil.example",
        "localhost\\.evil.example",
        "[::1]evil.example:8700",
        "[::1:8700",
        "::1:8700",
        "127.1",
        "2130706433",
        "",
    ],
)
def test_only_a_whole_loopback_host_and_port_become_the_redirect_address(
    browser: Browser, door: Door, host: str
) -> None:
    before = browser.merchant.rows("select count(*) from consent")
    reply = door.send(f"GET {START}?connection=acme", [], [], host=host.encode())

    assert reply.status in {400, 403}
    assert browser.merchant.rows("select count(*) from consent") == before


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10:1", "LocalHost:8700", "[::1]:65535"])
def test_a_loopback_host_is_taken_as_it_is(browser: Browser, door: Door, host: str) -> None:
    assert browser.merchant.rows("select 1 from shipbob_grant") == []
    reply = door.send(f"GET {START}?connection=acme", [], [], host=host.encode())
    there = parse_qs(reply.head.split("location: ", 1)[1].split("\r\n", 1)[0].split("?", 1)[1])

    assert reply.status == 302
    assert there["redirect_uri"] == [f"http://{host.lower()}{CALLBACK}"]


def test_two_hosts_are_none(browser: Browser, door: Door) -> None:
    assert browser.merchant.rows("select 1 from shipbob_grant") == []
    reply = door.send(
        f"GET {START}?connection=acme",
        [(b"host", b"evil.example")],
        [],
        host=b"127.0.0.1:8700",
    )

    assert reply.status in {400, 403}


def test_few_consents_are_under_way_at_a_time(browser: Browser) -> None:
    link = invited(browser.merchant)
    begun = [browser.start(link).status_code for _ in range(MOST_UNDER_WAY)]
    first = browser.start(link)
    without = browser.start()
    for _ in range(20):
        browser.start(link)
    [kept] = browser.merchant.rows("select count(*) as n from consent")
    [held] = browser.merchant.rows(
        "select count(*) as n from secret where field like 'shipbob.consent.%%'"
    )

    assert begun == [302] * MOST_UNDER_WAY
    assert (first.status_code, without.status_code) == (429, 429)
    assert "under way" in first.text
    assert (kept["n"], held["n"]) == (MOST_UNDER_WAY, MOST_UNDER_WAY)


def test_few_consents_are_under_way_however_many_begin_at_once(browser: Browser) -> None:
    link = invited(browser.merchant)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(
            one.status_code for one in pool.map(lambda _: browser.start(link), range(30))
        )

    assert statuses == [302] * MOST_UNDER_WAY + [429] * (30 - MOST_UNDER_WAY)


def test_a_consent_that_is_over_makes_room_for_another(browser: Browser) -> None:
    link = invited(browser.merchant)
    for _ in range(MOST_UNDER_WAY):
        browser.start(link)
    browser.merchant.rows(
        "with old as (update consent set until = now() - interval '1 second'"
        " where id = (select min(id) from consent) returning 1) select count(*) from old"
    )

    assert [browser.start(link).status_code for _ in range(2)] == [302, 429]


def test_a_link_is_good_from_anywhere_until_consent_was_given(browser: Browser) -> None:
    link = invited(browser.merchant)
    seen = [browser.start(link, x_forwarded_for="203.0.113.9") for _ in range(2)]
    there = seen[-1].headers["location"]
    given = browser.back(browser.consent(there))
    after = browser.start(link)

    assert [one.status_code for one in seen] == [302, 302]
    assert "integration_name=Our%20books" in there
    assert given.status_code == 200
    assert after.status_code == 403
    assert "not good any more" in after.text


def test_a_link_is_good_for_its_own_connection_and_for_a_while(browser: Browser) -> None:
    link = invited(browser.merchant)
    other = browser.start(link.replace("connection=acme", "connection=other"))
    browser.merchant.rows(
        "with old as (update consent_link set until = now() - interval '1 second' returning 1)"
        " select count(*) from old"
    )
    late = browser.start(link)

    assert (other.status_code, late.status_code) == (403, 403)


def test_a_consent_that_takes_too_long_is_over(browser: Browser) -> None:
    fields = browser.consent(browser.start().headers["location"])
    browser.merchant.rows(
        "with old as (update consent set until = now() - interval '1 second' returning 1)"
        " select count(*) from old"
    )
    answer = browser.back(fields)
    browser.start()
    kept = browser.merchant.rows("select field from secret where field like 'shipbob.consent.%%'")

    assert answer.status_code == 400
    assert "more than ten minutes" in answer.text
    assert len(kept) == 1  # the one that was just begun; the old verifier is gone


@pytest.mark.parametrize("query", ["", "connection=", "connection=nobody", "connection=%00"])
def test_a_wrong_connection_is_said(browser: Browser, query: str) -> None:
    answer = browser.start(query)

    assert answer.status_code in {400, 403}
    assert "Next:" in answer.text


def test_without_an_application_it_says_what_to_do(browser: Browser) -> None:
    apply(browser.merchant, with_application=False)
    answer = browser.start()
    apply(browser.merchant, with_application=True)

    assert answer.status_code == 403
    assert "client_id and client_secret" in answer.text


def test_a_body_that_is_too_large_is_not_read(browser: Browser) -> None:
    answer = browser.client.post(
        f"{browser.merchant.url}{CALLBACK}", content=b"state=" + b"x" * 100_000
    )

    assert answer.status_code == 413


def test_no_secret_of_a_consent_is_in_the_database_or_the_log(
    browser: Browser, web: Process
) -> None:
    there = browser.start(invited(browser.merchant)).headers["location"]
    fields = browser.consent(there)
    browser.back(fields)
    dumped = str(browser.merchant.rows("select * from consent"))
    dumped += str(browser.merchant.rows("select * from consent_link"))
    dumped += str(browser.merchant.rows("select * from shipbob_grant"))
    dumped += str(browser.merchant.rows("select details::text from act"))

    assert fields["state"] not in dumped + web.said
    assert fields["code"] not in dumped + web.said
    assert fields["id_token"] not in dumped + web.said
