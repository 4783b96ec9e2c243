"""A door of its own for console and API, or none."""

from collections.abc import Iterator
from typing import NamedTuple

import httpx2
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import free_port
from web.people import add_user


class Seen(NamedTuple):
    """Statuses by path."""

    sign_in: int
    api: int
    health: int
    webhook: int
    consent: int


def seen(url: str) -> Seen:
    def status(method: str, path: str) -> int:
        return httpx2.request(
            method, url + path, trust_env=False, headers={"accept": "text/html"}
        ).status_code

    return Seen(
        sign_in=status("GET", "/sign-in"),
        api=status("GET", "/api/v1/me"),
        health=status("GET", "/healthz"),
        webhook=status("POST", "/webhooks/shipbob/acme"),
        consent=status("GET", "/oauth/shipbob/start"),
    )


@pytest.fixture(scope="module")
def served(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant of this file's own: the one of the other files is served already."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("door"), url) as made,
    ):
        add_user(made, "door", "viewer")
        yield made


def test_console_and_api_have_a_door_of_their_own(served: Merchant) -> None:
    port = free_port()
    with served.serving("--no-worker", "--console-port", str(port), console=True) as service:
        webhooks, console = seen(served.url), seen(f"http://127.0.0.1:{port}")
        parts = service.parts()

    assert webhooks == Seen(sign_in=404, api=404, health=200, webhook=401, consent=400)
    assert console == Seen(sign_in=200, api=401, health=200, webhook=404, consent=404)
    assert f"The console is on http://127.0.0.1:{port}." in service.said
    assert len(parts) >= 1


def test_there_may_be_no_console(served: Merchant) -> None:
    with served.serving("--no-worker"):
        assert seen(served.url) == Seen(sign_in=404, api=404, health=200, webhook=401, consent=400)


def test_a_door_without_a_console_is_wrong_usage(served: Merchant) -> None:
    assert served.command("serve", "--no-console", "--console-port", "0").status == 2
