"""The log for people: sentences; nothing that says nothing, and no hashes."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any, Literal

import pytest
import structlog

from ml_connector.config import logs

POSTED = {
    "connection": "acme",
    "subject": "receiving 90311",
    "run": 4,
    "document": "mlc-ir-90311-1",
    "what": "Item receipt from PO4711 for WRO 90311: 60 TEE-BLK-M at location 201",
    "remote_id": "5003",
    "journal": "3:be57c0ffee",
}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def written(
    event: str,
    fields: dict[str, Any],
    *,
    style: Literal["console", "json"] = "console",
    level: str = "info",
) -> str:
    with redirect_stderr(io.StringIO()) as found:
        logs.configure(style, level, color=False)
        structlog.get_logger("test").info(event, **fields)
    return " ".join(found.getvalue().partition("]")[2].split()) or found.getvalue()


@pytest.mark.parametrize(
    ("event", "fields", "said"),
    [
        (
            "posted",
            POSTED,
            "for WRO 90311: 60 TEE-BLK-M at location 201 (5003) connection=acme document=mlc-ir-",
        ),
        ("posted", POSTED | {"remote_id": None}, "60 TEE-BLK-M at location 201 connection"),
        ("adopted", POSTED, "at location 201, found there (5003) connection=acme"),
        (
            "done",
            {
                "subject": "WRO 90311",
                "lines": [
                    "lines: 3 = 1 posted + 0 waiting + 2 refused",
                    "units: 60 = 60 posted + 0 waiting + 0 refused",
                    "EUR: 0 = 0 posted + 0 waiting + 0 refused",
                ],
            },
            "WRO 90311 is done: lines: 3 = 1 posted + 2 refused; units: 60 = 60 posted",
        ),
        (
            "done",
            {"subject": "WRO 1", "lines": ["lines: 2 = 0 posted + 0 waiting + 2 refused"]},
            "WRO 1 is done: lines: 2 = 2 refused",
        ),
        (
            "done",
            {"subject": "WRO 1", "lines": ["lines: 0 = 0 posted + 0 waiting + 0 refused"]},
            "WRO 1 is done",
        ),
        (
            "parked",
            {"subject": "WRO 1", "cause": "sku_unknown", "reason": "no item", "remedy": "make it"},
            "WRO 1 waits: no item cause=sku_unknown remedy='make it'",
        ),
        ("worker_begins", {"worker": "box:7", "at_once": None}, "The worker begins worker=box:7"),
        ("lane_begins", {"lane": "errands:", "at_once": 2}, "Works off errands, 2 at once"),
        ("journal_heads", {"heads": {"acme": "3:be57"}}, "The journal ends with acme row 3"),
        ("part_died", {"part": "web", "status": None}, "part_died part=web"),
    ],
)
def test_a_line_for_people_says_what_happened(
    event: str, fields: dict[str, Any], said: str
) -> None:
    line = written(event, fields)

    assert said in line
    assert "None" not in line
    assert "be57" not in line


def test_hashes_are_shown_at_level_debug() -> None:
    assert "journal=3:be57c0ffee" in written("posted", POSTED, level="debug")


def test_a_line_for_machines_keeps_its_name_and_all_its_fields() -> None:
    with redirect_stderr(io.StringIO()) as found:
        logs.configure("json", "info")
        structlog.get_logger("test").info("posted", **POSTED)

    line = json.loads(found.getvalue())
    assert {key: line[key] for key in ("event", *POSTED)} == {"event": "posted", **POSTED}
