"""``webhooks test``: what a person hears of the way to the service's own public address."""

import json
import socket

import pytest
from pytest_httpserver import HTTPServer

from acceptance.service import Answered
from cli.conftest import Command


@pytest.fixture
def tried(cli: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command for a public address."""

    def command(public_url: str) -> Answered:
        monkeypatch.setenv("MLC_PUBLIC_URL", public_url)
        return cli("webhooks", "test", "--json")

    return command


def test_a_delivery_that_was_stored_is_signed_and_names_its_topic(
    tried: Command, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/webhooks/shipbob/acme").respond_with_json({"status": "accepted"})

    answered = tried(httpserver.url_for("/").rstrip("/"))

    assert (answered.status, json.loads(answered.out)["ok"]) == (0, True)
    [(request, _)] = httpserver.log
    assert request.headers["x-webhook-topic"] == "ml-connector.test"
    assert request.headers["webhook-signature"].startswith("v1,")


def test_a_redirect_is_told_and_not_followed(tried: Command, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/webhooks/shipbob/acme").respond_with_data(
        status=302, headers={"location": httpserver.url_for("/elsewhere")}
    )

    answered = tried(httpserver.url_for("/").rstrip("/"))

    found = json.loads(answered.out)
    assert (answered.status, found["found"], found["status"]) == (1, "answered with 302", 302)
    assert "redirects" in found["remedy"]
    assert [request.path for request, _ in httpserver.log] == ["/webhooks/shipbob/acme"]


def test_an_address_where_nobody_answers_is_told(tried: Command) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        answered = tried(f"http://127.0.0.1:{held.getsockname()[1]}")

    found = json.loads(answered.out)
    assert (answered.status, found["found"], found["status"]) == (1, "could not be reached", None)
    assert "ml-connector serve runs" in found["remedy"]


def test_an_inner_address_is_not_called(tried: Command) -> None:
    answered = tried("https://10.1.2.3")

    found = json.loads(answered.out)
    assert answered.status == 1
    assert "10.1.2.3, which is not a public address: nothing was sent" in found["found"]
    assert "test sender" in found["remedy"]
