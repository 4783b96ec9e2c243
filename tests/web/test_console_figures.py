"""The pages that show, by HTTP against a running process, with books written by hand."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin

import httpx2
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.users import api_tokens
from ml_connector.ledger.alarms.alarms import raise_alarm
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.words import AlarmKind, Role
from views.shop import Shop, line
from views.test_books import levels
from views.test_flow_pages import ORDER, PARCEL, WRO
from web.browser import Browser
from web.people import add_user

HOSTILE: Final = '<script>alert("x")</script>'
BIDI: Final = "\u202eevil"
LONG: Final = "L" * 10_000

PAGES: Final = (
    "/overview",
    "/flows/receiving",
    "/flows/purchase-orders",
    "/flows/parcels",
    "/flows/returns",
    "/flows/unidentified",
    "/flows/invoices",
    "/flows/invoices/71823",
    "/stock",
    "/stock?show=all",
    "/stock/history?location=6&sku=SKU-3",
    "/audit-trail",
    "/audit-trail/acts",
    "/connections",
    "/alarms",
    "/settings",
    "/system",
)

FILES: Final = (
    "/flows/receiving/export.csv",
    "/flows/invoices/export.csv",
    "/flows/invoices/accruals.csv",
    "/stock/export.csv",
    "/audit-trail/export.csv",
    "/audit-trail/acts/export.csv",
)


async def write_books(url: str) -> None:
    """Write subjects of all flows, some of whose texts come from a hostile outside."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    async with Database(url) as database:
        shop = Shop(database)
        await shop.open()
        wro = {**WRO, "purchase_order_number": HOSTILE, "fulfillment_center_name": BIDI}
        wro["lines"] = [{"inventory_id": 1, "sku": LONG, "expected": 24, "stowed": 36}]
        subject = await shop.subject("receiving", "90311", facts=wro, at=now)
        await shop.document(
            subject,
            "itemReceipt",
            "mlc-ir-90311-1",
            "5002",
            [line("=HYPERLINK(1)", 36), line(HOSTILE, 2)],
            at=now,
        )
        for state, cause in (("parked", "sku_missing_in_netsuite"), ("dead", "period_closed")):
            key = f"9031{len(state)}"
            await shop.subject(
                "receiving", key, state=state, cause=cause, sentence=f"{HOSTILE} waits", at=now
            )
        await shop.subject("purchase-orders", "4711", facts=ORDER, at=now)
        parcel = json.loads(json.dumps(PARCEL))
        parcel["shipments"][0]["parcels"].append(
            {"number": HOSTILE, "carrier": BIDI, "url": "javascript:alert(1)"}
        )
        await shop.subject("tracking", "5512", facts=parcel, at=now)
        await shop.subject("returns", "88", at=now)
        await shop.subject("billing", "71823", at=now)
        await shop.invoice(71823, "2.50")
        await shop.subject(
            "inventory", "6", facts=levels(**{"SKU-3": 4, HOSTILE: 1, LONG: 2}), at=now
        )
        async with database.transaction() as on:
            await raise_alarm(
                on, "acme", AlarmKind.BUG, "1", sentence=HOSTILE, remedy=HOSTILE, now=now
            )


@pytest.fixture(scope="module")
def seen(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("seen"), url) as made,
    ):
        asyncio.run(write_books(url))
        for role in Role:
            add_user(made, role, role)
        with made.serving("--no-worker", console=True):
            yield made


@pytest.fixture(scope="module")
def admin(seen: Merchant) -> Browser:
    browser = Browser(seen.url)
    assert browser.sign_in("admin").status_code == 303
    return browser


@pytest.fixture(scope="module")
def viewer(seen: Merchant) -> Browser:
    browser = Browser(seen.url)
    assert browser.sign_in("viewer").status_code == 303
    return browser


@pytest.fixture(scope="module")
def program(seen: Merchant) -> Iterator[httpx2.Client]:
    async def add() -> Secret:
        async with (
            Database(seen.settings.database_url or "") as database,
            database.transaction() as on,
        ):
            return await api_tokens.add(on, "reader", Role.ADMIN, expires_at=None, by="test")

    token = asyncio.run(add())
    with httpx2.Client(
        base_url=f"{seen.url}/api/v1",
        headers={"authorization": f"Bearer {token.reveal()}"},
        trust_env=False,
        timeout=60,
    ) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_what_came_from_outside_as_text(viewer: Browser, path: str) -> None:
    page = viewer.get(path)

    assert page.status_code == 200, page.text
    assert HOSTILE not in page.text
    assert BIDI not in page.text
    assert "javascript:alert" not in page.text
    assert " style=" not in page.text
    assert len(page.content) < 1_000_000


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_seen_by_somebody_who_did_not_sign_in(seen: Merchant, path: str) -> None:
    answer = Browser(seen.url).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/system"])
def test_a_connection_that_there_is_not_is_not_found(viewer: Browser, path: str) -> None:
    asked = f"{path}{'&' if '?' in path else '?'}connection=nobodys"

    assert viewer.get(asked).status_code == 404


@pytest.mark.parametrize("path", FILES)
def test_a_file_of_a_page_runs_nothing_in_a_spreadsheet(viewer: Browser, path: str) -> None:
    answer = viewer.get(path)
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "@", "+H"))]
    assert BIDI not in answer.text


def on_the_wire(viewer: Browser, path: str) -> int:
    """How many bytes the running service sends to a browser that takes gzip."""
    with viewer.http.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        answer.read()
        assert answer.status_code == 200, path
        packed = "woff2" in path or answer.headers.get("content-encoding") == "gzip"
        assert packed or answer.num_bytes_downloaded < 1024, path
        return answer.num_bytes_downloaded


def test_a_first_page_with_all_that_it_loads_is_small(viewer: Browser) -> None:
    page = viewer.get("/overview").text
    linked = {one.partition("#")[0] for one in re.findall(r'(?:src|href)="(/static/[^"]+)', page)}
    within = {
        urljoin(path, one)
        for path in linked
        if path.endswith(".css")
        for one in re.findall(r"""url\(["']?([^"')]+)""", viewer.get(path).text)
        if not one.startswith("data:")
    }
    sizes = {path: on_the_wire(viewer, path) for path in ("/overview", *linked | within)}

    assert [path for path in sizes if path.endswith(".woff2")]
    assert len(linked) > 3
    assert sum(sizes.values()) <= 120_000, sizes


def test_the_overview_counts_and_names_what_is_stopped(viewer: Browser) -> None:
    page = viewer.get("/overview").text

    assert "Certificate" in page
    assert "Item receipt 5002" in page
    assert page.count('class="chip done">Done') >= 1
    assert "data-chart=" in page
    assert "<rect class=" in page


def test_a_flow_is_filtered_in_the_address(viewer: Browser) -> None:
    stopped = viewer.get("/flows/receiving?standing=stopped").text
    one = viewer.get("/flows/receiving?key=90311").text

    assert ">90314<" in stopped
    assert ">90311<" not in stopped
    assert ">90311<" in one
    assert viewer.get("/flows/receiving?standing=odd").status_code == 400
    assert viewer.get("/flows/receiving?after=odd").status_code == 400
    assert viewer.get("/flows/nothing").status_code == 404


def test_only_who_may_change_connections_sees_the_settings_of_the_installation(
    admin: Browser, viewer: Browser, seen: Merchant
) -> None:
    folder = str(seen.settings.data_dir)

    assert "limits.netsuite_concurrency" in viewer.get("/settings").text
    assert folder not in viewer.get("/settings").text
    assert folder in admin.get("/settings").text


def test_there_is_no_sandbox_where_the_demo_did_not_start_the_service(admin: Browser) -> None:
    assert admin.get("/sandbox").status_code == 404
    assert admin.get("/sandbox/story").status_code == 404
    assert admin.post("/sandbox/acts/stow").status_code == 404
    assert "/sandbox" not in admin.get("/overview").text
    assert admin.get("/").headers["location"] == "/overview"


def test_the_audit_trail_finds_a_document_by_its_number(viewer: Browser) -> None:
    found = viewer.get("/audit-trail?number=5002").text

    assert "mlc-ir-90311-1" in found
    assert "Nothing matches" in viewer.get("/audit-trail?number=5009").text
    assert "Nothing matches" in viewer.get("/audit-trail?from=2020-01-01&to=2020-01-31").text
    assert viewer.get("/audit-trail?from=yesterday").status_code == 400


ROLES: Final = ("viewer", "warehouse", "finance", "admin")

MAY: Final[tuple[tuple[str, str, str], ...]] = (
    ("get", "/settings", "viewer"),
    ("get", "/system", "viewer"),
    ("get", "/users", "admin"),
    ("get", "/tokens", "admin"),
    ("get", "/attention/export.csv", "viewer"),
    ("post", "/audit-trail/verify", "viewer"),
    ("post", "/attention/again", "warehouse"),
    ("post", "/attention/assign", "warehouse"),
    ("post", "/events/replay", "warehouse"),
    ("post", "/stock/compare", "warehouse"),
    ("post", "/connections/ping", "warehouse"),
    ("post", "/flows/invoices/fee-audit", "warehouse"),
    ("post", "/alarms/channels/0/test", "admin"),
    ("post", "/system/backup", "admin"),
    ("post", "/system/backups/none.backup/verify", "admin"),
    ("post", "/connections/nobodys/pause", "admin"),
    ("post", "/users", "admin"),
    ("post", "/tokens", "admin"),
)
"""What the lowest role is that gets further than a refusal."""


def test_only_an_admin_pauses_a_connection_and_it_is_an_act(
    admin: Browser, viewer: Browser, seen: Merchant
) -> None:
    assert viewer.post("/connections/acme/pause").status_code == 403
    assert admin.post("/connections/acme/pause").status_code == 303
    paused = seen.rows("select paused from connection")
    assert admin.post("/connections/acme/resume").status_code == 303

    assert [row["paused"] for row in paused] == [True]
    assert [
        (row["person"], row["what"])
        for row in seen.rows(
            "select person, what from act where person = 'admin' and what like 'connection.%%'"
        )
    ] == [("admin", "connection.pause"), ("admin", "connection.resume")]
    assert "connection.pause" in viewer.get("/audit-trail/acts").text


def test_a_channel_that_there_is_not_can_t_be_tried(admin: Browser, viewer: Browser) -> None:
    assert viewer.post("/alarms/channels/0/test").status_code == 403
    assert admin.post("/alarms/channels/0/test").status_code == 400


def test_live_rows_come_as_they_are_stored(viewer: Browser, seen: Merchant) -> None:
    with viewer.http.stream("GET", "/overview/events") as stream:
        lines = stream.iter_lines()
        assert next(one for one in lines if one.startswith("event:")) == "event: open"
        seen.rows(
            "insert into event (connection, source, delivery_id, topic, flow, subject_id, mark,"
            " status, headers, body, sent_at) select connection, 'webhook', 'live', 'wro.live',"
            " flow, id, 1, 'received', '{}', '{}', now() from subject where key = '90311'"
            " returning id"
        )
        row = next(one for one in lines if one.startswith("data:") and "<tr" in one)

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert 'id="event-' in row


READ: Final[tuple[tuple[str, str], ...]] = (
    ("/overview", "figures"),
    ("/flows/receiving", "waiting"),
    ("/flows/receiving/subjects", "rows"),
    ("/flows/tracking/subjects?standing=done&limit=1", "rows"),
    ("/invoices", "rows"),
    ("/invoices/71823", "fees"),
    ("/charges/not-invoiced", "charges"),
    ("/stock", "places"),
    ("/stock/history?location=6&sku=SKU-3", "points"),
    ("/journal", "rows"),
    ("/journal?number=5002", "rows"),
    ("/journal/end", "end"),
    ("/acts", "rows"),
    ("/connections", "connections"),
    ("/connections/acme", "name"),
    ("/alarms", "open"),
    ("/settings", "meters"),
    ("/system", "lanes"),
)


@pytest.mark.parametrize(("path", "field"), READ)
def test_the_api_answers_as_the_pages_show(program: httpx2.Client, path: str, field: str) -> None:
    answer = program.get(path)

    assert answer.status_code == 200, answer.text
    assert field in answer.json()


@pytest.mark.parametrize(
    "path",
    [path for path, _ in READ if path.partition("?")[0] not in ("/connections", "/system")],
)
def test_the_api_knows_no_connection_of_another_name(program: httpx2.Client, path: str) -> None:
    asked = path.replace("acme", "nobodys")
    answer = program.get(f"{asked}{'&' if '?' in asked else '?'}connection=nobodys")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_needs_a_token(seen: Merchant) -> None:
    with httpx2.Client(trust_env=False, timeout=60) as nobody:
        found = {nobody.get(f"{seen.url}/api/v1{path}").status_code for path, _ in READ}

    assert found == {401}


def test_lists_of_the_api_go_on_by_a_key(program: httpx2.Client) -> None:
    first: dict[str, Any] = program.get("/journal?limit=1").json()
    rest = program.get(f"/journal?limit=1&after={first['after']}").json()

    assert [row["number"] for row in first["rows"]] == [2]
    assert [row["number"] for row in rest["rows"]] == [1]
    assert rest["after"] is None


def test_an_address_that_can_t_be_read_is_a_problem(program: httpx2.Client) -> None:
    for path in (
        "/flows/nothing/subjects",
        "/flows/receiving/subjects?limit=0",
        "/flows/receiving/subjects?after=x",
        "/journal?since=yesterday",
    ):
        answer = program.get(path)
        assert answer.status_code in {400, 404}, path
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/journal/verify", "/invoices/fee-audit", "/stock/compare", "/ping"]
)
def test_who_asks_again_gets_what_is_under_way(program: httpx2.Client, path: str) -> None:
    nothing = program.get(path).json()
    first = program.post(path)
    second = program.post(path).json()
    shown = program.get(path).json()

    assert nothing == {"asked": None}
    assert first.status_code == 202
    assert first.json()["asked"]["state"] == "waiting"
    assert first.json()["asked"]["person"] == "reader (token)"
    assert second["asked"]["id"] == shown["asked"]["id"] == first.json()["asked"]["id"]


def test_only_an_admin_backs_up_and_only_listed_files_are_handed_out(
    admin: Browser, viewer: Browser, seen: Merchant
) -> None:
    folder = seen.settings.data_dir / "backups"
    folder.mkdir()
    (folder / "odd.backup").write_text("no backup")
    (seen.settings.data_dir / "secret.backup").write_text("no backup")

    assert viewer.post("/system/backup").status_code == 403
    assert viewer.get("/system/backups/odd.backup").status_code == 403
    assert viewer.post("/system/backups/odd.backup/verify").status_code == 403
    assert admin.post("/system/backups/odd.backup/verify").status_code == 404
    assert admin.post("/system/backup").status_code == 303
    assert "Waiting for a worker" in admin.get("/system").text
    for name in ("odd.backup", "..%2Fsecret.backup", "%2E%2E/secret.backup", "none.backup"):
        assert admin.get(f"/system/backups/{name}").status_code == 404, name


def test_a_viewer_verifies_but_has_nothing_compared(viewer: Browser) -> None:
    assert viewer.post("/audit-trail/verify").status_code == 303
    assert viewer.post("/stock/compare").status_code == 403
    assert viewer.post("/flows/invoices/fee-audit").status_code == 403
    progress = viewer.get("/audit-trail/verify/progress")

    assert "Waiting for a worker" in progress.text
    assert "hx-refresh" not in progress.headers
    assert "Waiting for a worker" in viewer.get("/audit-trail").text


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_as_far_as_it_may(seen: Merchant, role: str) -> None:
    browser = Browser(seen.url)
    assert browser.sign_in(role).status_code == 303
    csrf = browser.csrf("/account")
    refused = [
        (method, path)
        for method, path, _ in MAY
        if browser.http.request(
            method, path, data={"csrf": csrf} if method == "post" else None
        ).status_code
        == 403
    ]

    assert refused == [
        (method, path) for method, path, lowest in MAY if ROLES.index(role) < ROLES.index(lowest)
    ]


def test_a_stream_ends_with_the_process_and_says_nothing_of_it(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("ends"), url) as made,
    ):
        add_user(made, "viewer", "viewer")
        with made.serving("--no-worker", console=True) as running:
            browser = Browser(made.url)
            browser.sign_in("viewer")
            with browser.http.stream("GET", "/overview/events") as stream:
                lines = stream.iter_lines()
                assert next(lines) == "event: open"
                running.process.terminate()
                rest = list(lines)
            running.process.wait()

    assert not [one for one in rest if one.startswith("event:")]
    assert "Traceback" not in running.said
