"""What a plan would do, as data: for ``--json``, the API and pages alike."""

import hashlib
from typing import Any

import msgspec

from ml_connector.app.operations.decisions.consequences import leads_to
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.sync import Planned


def as_json(one: Planned) -> dict[str, Any]:
    """Return a plan as JSON shows it."""
    answer: dict[str, Any] = {"key": one.key}
    if one.details:
        answer["details"] = one.details
    if one.failure is not None:
        return {**answer, "waits": one.failure}
    if one.plan is not None:
        answer["documents"] = msgspec.to_builtins(one.plan.documents)
        answer["note"] = one.plan.note
        if one.plan.remaining_failure is not None:
            answer["afterwards"] = str(one.plan.remaining_failure)
    return answer


def proposal_as_json(one: Proposal) -> dict[str, Any]:
    """Return a decision with what it leads to as JSON shows it.

    Keys: ``decision``, ``plan`` (with ``handled``: what documents of others account for), and
    ``rule``, the rule under ``[ignore]`` that would make it general.
    """
    plan = one.planned.plan
    return {
        "decision": msgspec.to_builtins(one.new, str_keys=True),
        "plan": {
            **as_json(one.planned),
            "handled": [msgspec.to_builtins(units) for units in (plan.handled if plan else ())],
        },
        "rule": one.rule,
    }


def refused_of(one: Planned) -> list[dict[str, Any]]:
    """Return what a plan does not post on purpose."""
    return [msgspec.to_builtins(units) for units in (one.plan.refused if one.plan else ())]


def fingerprint(one: Planned) -> str:
    """Return a short name of what a plan leads to: the same for the same documents and units.

    A person who decides has seen one plan; another one by then is not what was decided.
    """
    lines = [
        (line.source_line, line.location, line.quantity, str(line.amount), line.account)
        for document in (one.plan.documents if one.plan else ())
        for line in document.lines
    ]
    told = msgspec.json.encode((leads_to(one), lines))
    return hashlib.sha256(told).hexdigest()[:16]
