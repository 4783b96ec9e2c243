"""What runs have stored is read by every later build: ``plan --run`` works on all of it."""

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from golden import Case
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS

STORED = Path(__file__).parent / "stored_runs"
"""A file for each version of the rules of each flow: facts by golden case, as runs kept them."""


def stored(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return facts


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in STORED.iterdir()])
def test_facts_of_old_runs_are_read_and_planned(path: Path) -> None:
    flow = FLOWS[path.stem.rpartition("-")[0]]
    for name, kept in stored(path).items():
        facts = msgspec.convert(kept, flow.facts, str_keys=True)
        settings = Case(flow.name, name).settings()
        # A foreseen failure is an answer of plan too.
        with contextlib.suppress(ConnectorError):
            flow.plan(facts, (), settings)

        assert flow.source_lines(facts, settings) is not None


def test_the_present_rules_of_every_flow_have_stored_runs() -> None:
    assert {flow.rules for flow in FLOWS.values()} <= {path.stem for path in STORED.iterdir()}
