"""What logs tell of an error: where, and nothing that a variable held."""

import io
import json
import logging
import sys
from typing import Literal

import psycopg
import pytest
import structlog

from ml_connector.config import logs, tracebacks
from ml_connector.vault.masterkey import MasterKey

CANARY = "canary-7f3a"
KEY = MasterKey.of(b"0123456789abcdef0123456789abcdef")


def fails() -> None:
    token, body, key = f"Bearer {CANARY}", {"address": CANARY}, KEY.material
    raise ValueError(f"{len(token) + len(body) + len(key)} is no number\nDETAIL: {CANARY}")


@pytest.fixture(params=["console", "json"])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> "Logged":
    return Logged(request.param, monkeypatch)


class Logged:
    """Logs of one format, and what was written."""

    def __init__(self, style: Literal["console", "json"], patch: pytest.MonkeyPatch) -> None:
        self._written = io.StringIO()
        patch.setattr(sys, "stderr", self._written)
        patch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
        self.style = style
        logs.configure(style, "debug", color=False)

    @property
    def text(self) -> str:
        return self._written.getvalue()


def test_no_frames_variables_are_logged(logged: Logged) -> None:
    for log in (structlog.get_logger("ours").exception, logging.getLogger("theirs").exception):
        try:
            fails()
        except ValueError:
            log("it broke")

    assert CANARY not in logged.text
    assert "0123456789abcdef" not in logged.text
    assert logged.text.count("ValueError") == 2
    assert logged.text.count("test_tracebacks.py") >= 2


def test_the_format_for_machines_is_one_object_a_line(logged: Logged) -> None:
    try:
        fails()
    except ValueError:
        structlog.get_logger("ours").exception("it broke")
    lines = logged.text.splitlines()

    if logged.style == "json":
        [told] = json.loads(lines[0])["exception"]
        assert (told["exc_type"], told["exc_value"]) == ("ValueError", "51 is no number")
        assert "locals" not in told["frames"][0] or told["frames"][0]["locals"] is None


def test_a_record_that_cannot_be_written_shows_nothing(logged: Logged) -> None:
    logging.getLogger("theirs").warning("%d units", CANARY)

    assert CANARY not in logged.text


def test_texts_in_logs_act_on_no_terminal(logged: Logged) -> None:
    structlog.get_logger("ours").warning("seen", sku="\x1b]52;c;ZXZpbA==\x07")

    assert "\x1b" not in logged.text
    assert "\x07" not in logged.text


def test_rows_that_postgresql_repeats_are_left_out(server_url: str) -> None:
    with psycopg.connect(server_url) as connection:
        connection.execute("create temp table small (text text check (length(text) < 3))")
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            connection.execute("insert into small values (%s)", [CANARY])

    assert CANARY in str(caught.value)
    assert CANARY not in tracebacks.as_text(caught.value)
    assert "CheckViolation" in tracebacks.as_text(caught.value)


def test_what_an_error_came_from_is_told() -> None:
    try:
        try:
            fails()
        except ValueError as error:
            raise KeyError("gone") from error
    except KeyError as error:
        told = tracebacks.as_text(error)

    assert told.index("ValueError: 51 is no number") < told.index("KeyError: 'gone'")
