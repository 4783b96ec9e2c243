"""Runs of a subject: two of them compared, and one planned again with today's rules."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.planned import as_json
from ml_connector.app.operations.sync import plan_run_without_keys
from ml_connector.app.views.desk.comparing import Compared, compared
from ml_connector.ledger import story as books
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection


class PlannedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's facts lead to with today's rules, beside what was decided then.

    Attributes:
        rules: the version of today.
        rules_then: that decided then.
        plan: documents, note and what waits, as ``ml-connector plan --run ID --json`` has it.
        compared: what differs from the decision of then.
    """

    run_id: int
    rules: str
    rules_then: str
    plan: dict[str, Any]
    compared: Compared


async def compare(
    on: Connection, names: Sequence[str], subject_id: int, first: int, second: int
) -> Compared | None:
    """Return what differs between two runs of a subject; None where it has none such."""
    standing = await outcomes.of_subject(on, subject_id)
    if standing is None or standing.ref.connection not in names:
        return None
    one = await books.run(on, subject_id, first)
    other = await books.run(on, subject_id, second)
    if one is None or other is None:
        return None
    return compared(_laid_side_by_side(one), _laid_side_by_side(other))


async def plan_again(
    installation: Installation, names: Sequence[str], run_id: int
) -> PlannedAgain:
    """Plan what a run saw with today's rules and settings, and compare it with then.

    Raises:
        LookupError: these connections have no such run.
        UserError: it stored no facts.
        NeedsHuman: the settings can't be read.
    """
    flow, planned = await plan_run_without_keys(installation, names, run_id)
    plan = as_json(planned)
    async with installation.database.transaction() as on:
        then = await books.any_run(on, run_id)
    decided = (then or {}).get("decision") or {}
    return PlannedAgain(
        run_id=run_id,
        rules=flow.rules,
        rules_then=(then or {}).get("rules", ""),
        plan=plan,
        compared=compared(_decided(decided, then or {}), _planned(plan)),
    )


def _laid_side_by_side(run: Mapping[str, Any]) -> dict[str, Any]:
    return {**(run["facts"] or {}), "rules": run["rules"], "plan": _decided(run["decision"], run)}


def _decided(decision: Mapping[str, Any] | None, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stored run decided, as far as it can be compared."""
    if decision is None or not decision:
        return {"stopped": run.get("sentence")}
    left = decision.get("afterwards") or {}
    return {
        "documents": _documents(decision.get("documents", ())),
        "note": decision.get("note"),
        "then waits": left.get("sentence"),
    }


def _planned(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is planned today, likewise."""
    if "waits" in plan:
        return {"stopped": plan["waits"]["sentence"]}
    return {
        "documents": _documents(plan.get("documents", ())),
        "note": plan.get("note"),
        "then waits": plan.get("afterwards"),
    }


def _documents(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "external_id": one["external_id"],
            "title": one["title"],
            "lines": [
                {
                    "source_line": line["source_line"],
                    "sku": line.get("sku"),
                    "location": line.get("location"),
                    "quantity": line.get("quantity"),
                    "amount": line.get("amount"),
                    "posting_date": line.get("posting_date"),
                }
                for line in one.get("lines", ())
            ],
        }
        for one in documents
    ]
