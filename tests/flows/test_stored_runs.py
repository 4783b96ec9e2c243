"""What runs have stored is read by every later build: ``plan --run`` works on all of it."""

import contextlib
import json
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest

from golden import Case, names
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.reads.reads import Reads

STORED = Path(__file__).parent / "stored_runs"
"""A file for each version of the rules of each flow: facts by golden case, as runs kept them."""

ABOUT_SO_MANY: Final = 10
"""Of the golden cases of a flow that are kept."""


def stored(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return facts


async def keep(flow: Flow) -> None:
    """Store what runs of the present rules keep, once: what old runs kept is never changed."""
    path = STORED / f"{flow.rules}.json"
    if path.exists():
        return
    kept = {}
    every = names(flow.name)
    for name in every[:: max(1, len(every) // ABOUT_SO_MANY)]:
        case = Case(flow.name, name)
        with contextlib.suppress(ConnectorError):
            facts = case.facts(flow.facts) or await flow.read(case.key, cast("Reads", case))
            kept[name] = msgspec.json.decode(msgspec.json.encode(facts))
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


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


async def test_the_present_rules_of_every_flow_have_stored_runs(
    request: pytest.FixtureRequest,
) -> None:
    if request.config.getoption("--update-golden"):
        for flow in FLOWS.values():
            await keep(flow)

    assert {flow.rules for flow in FLOWS.values()} <= {path.stem for path in STORED.iterdir()}
