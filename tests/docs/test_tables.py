"""Tables of the reference, held against the code."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any, get_args

import pydantic
import pytest

from docs import pages
from docs.pages import ROOT
from ml_connector.app.users.passwords import FEWEST_CHARACTERS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.settings import Settings
from ml_connector.engine.settle.settle import OVER_WITHIN_SECONDS, SEND_WITHIN_SECONDS
from ml_connector.engine.work.presence import GONE_AFTER_SECONDS, STALLED_AFTER_SECONDS
from ml_connector.engine.work.worker import GRACE_SECONDS
from ml_connector.flows.inventory.read import LOOKS_BACK
from ml_connector.flows.inventory.verdicts import Likely
from ml_connector.reads.stock.stock import LAGS, MOST_LOOKED_INTO, MOVING
from ml_connector.rules.stock_causes.histories import PICKED
from ml_connector.shipbob.webhooks.signature import TOLERANCE_SECONDS
from ml_connector.sim.faults import MEANINGS, NETSUITES_OWN
from ml_connector.storage import owning_role
from ml_connector.transport.limits.limits import LEASE_SECONDS
from ml_connector.transport.limits.pace import MOST_BURST
from ml_connector.transport.limits.price import LOW_WATER
from ml_connector.web.bounds import Bounds
from ml_connector.web.ingress import MOST_BYTES
from ml_connector.words import EVENT_STATUSES, Cause

PACKAGE = ROOT / "src" / "ml_connector"
NOT_USED = "not used yet"
ROLES = {owning_role.ROLE, owning_role.RUNNING, owning_role.REPORT}


def models() -> Iterator[tuple[str, type[pydantic.BaseModel]]]:
    yield "Top", ConnectionSettings
    for name, field in ConnectionSettings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            yield f"`[{name}]`", kind


def defaults(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    found = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            continue
        default = field.get_default(call_default_factory=True)
        if not isinstance(default, dict):
            found[field.alias or name] = "needed" if field.is_required() else default
    return found


def described(title: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for keys, default, *_ in pages.rows(
        pages.sections("docs/reference/connection-file.md")[title]
    ):
        for key in re.findall(r"`([\w.]+)`", keys):
            found[key] = _value(default)
    return found


def _value(cell: str) -> Any:
    if cell == "**needed**":
        return "needed"
    written = re.fullmatch(r"`(.+)`", cell)
    if written is None:
        return None
    value = tomllib.loads(f"value = {written[1]}")["value"]
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize(("title", "model"), list(models()))
def test_the_connection_file_has_these_keys_and_defaults(
    title: str, model: type[pydantic.BaseModel]
) -> None:
    assert described(title) == defaults(model)


def test_every_table_of_the_connection_file_has_a_section() -> None:
    tables = {name for name, kind in ConnectionSettings.model_fields.items() if _is_table(kind)}
    titles = pages.sections("docs/reference/connection-file.md")

    assert {title.strip("`[]") for title in titles if title.startswith("`[")} == tables


def _is_table(field: pydantic.fields.FieldInfo) -> bool:
    kind = field.annotation
    return field.default_factory is dict or (
        isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)
    )


def test_the_settings_are_the_ones_described() -> None:
    described = {
        cells[0].strip("`"): cells[1].strip("`")
        for cells in pages.rows(pages.text("docs/reference/settings.md"))
        if cells[0].startswith("`MLC_")
    }

    assert described == {f"MLC_{name.upper()}": name for name in Settings.model_fields}


def causes() -> list[list[str]]:
    section = pages.sections("docs/reference/statuses-and-causes.md")["Causes"]
    return [list(cells) for cells in pages.rows(section)]


def test_every_cause_is_described_and_no_other() -> None:
    described = [cells[0].strip("`") for cells in causes() if cells[0]]

    assert sorted(described) == sorted(Cause)


def test_causes_are_said_to_be_unused_exactly_when_they_are() -> None:
    code = "".join(
        path.read_text("utf-8")
        for path in PACKAGE.rglob("*.py")
        if "sim" not in path.relative_to(PACKAGE).parts and path.name != "words.py"
    )
    used = set(re.findall(r"Cause\.([A-Z_]+)", code))
    unused = {cells[0].strip("`") for cells in causes() if NOT_USED in cells}

    assert unused == {cause.value for cause in Cause if cause.name not in used}


def test_a_cause_names_a_status_that_exists() -> None:
    statuses = {cells[1] for cells in causes() if cells[1]}

    assert statuses <= set(EVENT_STATUSES)


def test_every_status_is_described_and_no_other() -> None:
    section = pages.sections("docs/reference/statuses-and-causes.md")["Statuses"]

    assert [cells[0].strip("`") for cells in pages.rows(section)] == list(EVENT_STATUSES)


def test_every_metric_is_described_and_no_other() -> None:
    code = "".join(
        path.read_text("utf-8")
        for folder in ("engine", "transport", "web")
        for path in (PACKAGE / folder).rglob("*.py")
    )
    counted = {
        f"{name}_total" if kind == "Counter" else name
        for kind, name in re.findall(r"\b(Counter|Gauge|Histogram)\(\s*\"(mlc_\w+)\"", code)
    }
    described = {
        cells[0].strip("`") for cells in pages.rows(pages.text("docs/reference/metrics.md"))
    }

    assert described == counted


def test_metrics_named_elsewhere_exist() -> None:
    described = pages.text("docs/reference/metrics.md")
    named = {
        metric
        for page in pages.pages()
        for metric in re.findall(r"`(mlc_\w+)", page.read_text("utf-8"))
    }

    assert {metric for metric in named - ROLES if f"`{metric}`" not in described} == set()


NUMBERS = [
    ("docs/explanation/exactly-once.md", f"within {SEND_WITHIN_SECONDS:.0f} seconds"),
    ("docs/explanation/exactly-once.md", f"({OVER_WITHIN_SECONDS:.0f} seconds after the mark)"),
    ("docs/explanation/limits.md", f"after {LEASE_SECONDS:.0f} seconds otherwise"),
    ("docs/explanation/limits.md", f"fewer than {LOW_WATER} calls"),
    ("docs/how-to/several-workers.md", f"after {GONE_AFTER_SECONDS:.0f} seconds without"),
    ("docs/how-to/several-workers.md", f"handed on after {STALLED_AFTER_SECONDS:.0f}."),
    ("docs/how-to/several-workers.md", f"else after {LEASE_SECONDS:.0f} seconds"),
    ("docs/reference/commands.md", f"has {GRACE_SECONDS:.0f} seconds to end"),
    ("docs/reference/commands.md", f"at least {FEWEST_CHARACTERS} characters"),
    ("docs/reference/http.md", f"more than {TOLERANCE_SECONDS} seconds off"),
    ("docs/reference/http.md", f"larger than {MOST_BYTES // 1024 // 1024} MiB"),
    ("docs/how-to/behind-nginx.md", f"more than {TOLERANCE_SECONDS} seconds off"),
    ("docs/explanation/limits.md", {10: "up to ten at once"}[MOST_BURST]),
    ("docs/explanation/inventory.md", f"in the last {MOVING // timedelta(minutes=1)} minutes"),
    ("docs/explanation/inventory.md", {2: "in the last two minutes"}[LAGS.seconds // 60]),
    ("docs/explanation/inventory.md", f"since {LOOKS_BACK.days} days"),
    ("docs/explanation/inventory.md", {3: "in the last three days"}[PICKED.days]),
    ("docs/limitations.md", f"At most {MOST_LOOKED_INTO} SKUs"),
]


@pytest.mark.parametrize(("page", "words"), NUMBERS)
def test_numbers_in_the_text_are_those_of_the_code(page: str, words: str) -> None:
    assert words in pages.text(page)


BOUNDS = Bounds()
OF_BOUNDS = {
    "head_bytes": f"larger than {BOUNDS.head_bytes // 1024} KiB together",
    "headers": f"more than {BOUNDS.headers} headers",
    "request_seconds": f"within {BOUNDS.request_seconds:.0f} seconds of its first byte",
    "exchange_seconds": f"within {BOUNDS.exchange_seconds:.0f} seconds is cut",
    "idle_seconds": f"idle for {BOUNDS.idle_seconds} seconds at most",
    "connections": f"{BOUNDS.connections} connections already",
    "connections_of_an_address": f"{BOUNDS.connections_of_an_address} from the same address",
    "pipelined": f"At most {BOUNDS.pipelined} requests of a connection may wait",
    "waiting_body_bytes": f"{BOUNDS.waiting_body_bytes // 1024**2} MiB of bodies wait",
}
"""What the page says of each figure; how long a refused sender is listened to, it does not."""


def test_the_bounds_of_the_page_are_those_of_the_code() -> None:
    section = pages.sections("docs/reference/http.md")["Bounds"]
    figures = {figure.name for figure in fields(Bounds)}

    assert OF_BOUNDS.keys() == figures - {"linger_seconds"}
    assert {name: words for name, words in OF_BOUNDS.items() if words not in section} == {}


def test_no_page_names_a_version_of_the_schema_which_changes_with_most_releases() -> None:
    named = [
        pages.name(page)
        for page in pages.pages()
        if re.search(r"schema[`\"\s:]*0*\d{1,4}\b", page.read_text("utf-8"), re.IGNORECASE)
    ]

    assert named == []
    assert '"schema": "<version>"' in pages.text("docs/reference/http.md")


def test_every_likely_cause_of_a_drift_is_described_and_no_other() -> None:
    page = pages.text("docs/explanation/inventory.md").partition("| `likely` |")[2]

    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(get_args(Likely))


def test_every_fault_of_the_simulators_is_described_as_it_is_played() -> None:
    section = pages.sections("docs/how-to/test-against-the-simulators.md")["Faults"]

    assert [tuple(cells) for cells in pages.rows(section)] == [
        (f"`{kind}`", meaning) for kind, meaning in MEANINGS.items()
    ]
    assert {
        kind for kind in MEANINGS if f"`{kind}`" in section.rpartition("|")[2]
    } == NETSUITES_OWN
