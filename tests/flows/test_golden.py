import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from golden import CASES, Case, names
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.ledger.postings import runs
from ml_connector.ledger.postings.documents import Plan
from ml_connector.reads.reads import Reads

CASE_IDS = [(flow, name) for flow in FLOWS for name in names(flow)]


async def decide(flow: Flow, case: Case) -> dict[str, Any]:
    facts = case.facts(flow.facts) or await flow.facts_beside(
        case.posted(), case.key, cast("Reads", case)
    )
    try:
        answer = said(flow.plan(facts, case.posted(), case.settings()))
    except ConnectorError as error:
        answer = {"refused": runs.failure(error)}
    if flow.details is not None:
        answer["details"] = list(flow.details(facts, case.settings()))
    return answer


def said(decided: Plan) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "documents": msgspec.json.decode(msgspec.json.encode(decided.documents))
    }
    if decided.remaining_failure:
        answer["afterwards"] = runs.failure(decided.remaining_failure)
    if decided.note:
        answer["note"] = decided.note
    for name, kept in (
        ("refused_lines", decided.refused),
        ("corrected", decided.corrected),
        ("rests_on", decided.rests_on),
        ("in_transit", decided.in_transit),
        ("handled", decided.handled),
    ):
        if kept:
            answer[name] = msgspec.json.decode(msgspec.json.encode(kept))
    if decided.waiting:
        answer["waiting"] = decided.waiting
    if decided.replan_after_posting:
        answer["again"] = True
    if decided.fan_out:
        answer["stands_for"] = list(decided.fan_out)
    if decided.bindings:
        answer["bindings"] = msgspec.json.decode(msgspec.json.encode(decided.bindings))
    return answer


@pytest.mark.parametrize(("flow", "name"), CASE_IDS)
async def test_a_flow_decides_as_its_golden_case_says(
    flow: str, name: str, request: pytest.FixtureRequest
) -> None:
    case = Case(flow, name)
    decided = await decide(FLOWS[flow], case)
    expected = case.folder / "expected.json"
    if request.config.getoption("--update-golden"):
        expected.write_text(json.dumps(decided, indent=2, ensure_ascii=False) + "\n", "utf-8")

    assert json.loads(expected.read_text("utf-8")) == decided
    assert await decide(FLOWS[flow], case) == decided


def test_every_flow_has_golden_cases_and_every_case_a_flow() -> None:
    assert {path.name for path in CASES.iterdir()} == set(FLOWS)


@pytest.mark.parametrize(("flow", "name"), CASE_IDS)
def test_every_case_says_where_it_comes_from(flow: str, name: str) -> None:
    assert Path(CASES / flow / name / "SOURCE.md").read_text("utf-8").strip()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_tells_which_documents_it_makes(flow: str) -> None:
    told = FLOWS[flow].documents
    made = {
        (document["kind"], document["external_id"])
        for name in names(flow)
        for document in json.loads((CASES / flow / name / "expected.json").read_text("utf-8")).get(
            "documents", []
        )
    }

    strangers = {
        (kind, external_id)
        for kind, external_id in made
        if not any(prefix.kind == kind and external_id.startswith(prefix) for prefix in told)
    }
    unused = {
        prefix
        for prefix in told
        if not any(external_id.startswith(prefix) for _, external_id in made)
    }

    assert (strangers, unused) == (set(), set())
