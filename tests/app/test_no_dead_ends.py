"""Nothing that a person must act on is a dead end: a decision ends it, or its cure is noticed.

Walks the table of causes, the kinds of difference of a month, and what golden cases stop with.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.app.operations.decisions.months.offers import ENDINGS, offered
from ml_connector.app.operations.decisions.offers import offered as decisions_in_order
from ml_connector.app.operations.decisions.offers import offers_of
from ml_connector.causes.table import Stop, stops
from ml_connector.flows import FLOWS
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.words import Cause, DecisionKind

GOLDEN = Path(__file__).parents[1] / "golden"

NOTICED = re.compile(r"goes on|by itself|ends by itself|next comparison ends it", re.IGNORECASE)
"""How a remedy says that what it tells people to do is noticed."""

STOPPING = [one for one in stops() if one.status in {"parked", "dead"}]

OFFERED = {name: offers_of(flow) for name, flow in FLOWS.items()}


def decisions_about(cause: Cause) -> set[DecisionKind]:
    """What may be decided about a cause in some flow, beside that it runs again."""
    return {kind for offers in OFFERED.values() for kind in offers.get(cause, ())}


@pytest.mark.parametrize("stop", STOPPING, ids=lambda one: f"{one.cause} {one.status}")
def test_every_stop_ends_by_a_decision_or_its_cure_is_noticed(stop: Stop) -> None:
    assert stop.who != "nobody"
    assert decisions_about(stop.cause) or NOTICED.search(stop.remedy)


@pytest.mark.parametrize("stop", STOPPING, ids=lambda one: f"{one.cause} {one.status}")
def test_what_is_done_by_hand_is_noticed_or_decided(stop: Stop) -> None:
    if "by hand" in stop.remedy:
        assert NOTICED.search(stop.remedy) or "decide" in stop.remedy


def stopped_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """The flow and the failure of each golden case that stops."""
    for path in sorted(GOLDEN.glob("*/*/expected.json")):
        flow = path.parts[-3]
        if flow in FLOWS:
            yield from ((flow, one) for one in failures(json.loads(path.read_text("utf-8"))))


def failures(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"cause", "remedy"} <= value.keys():
            yield value
        for inner in value.values():
            yield from failures(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from failures(inner)


def test_whatever_golden_cases_stop_with_is_offered_or_wakes() -> None:
    wakes = {one.cause for one in stops() if NOTICED.search(one.remedy)}
    retried = {one.cause for one in stops() if one.status == "retrying"}
    dead_ends = {
        (flow, one["cause"])
        for flow, one in stopped_cases()
        if one["cause"] not in OFFERED[flow] and one["cause"] not in wakes | retried
    }

    assert dead_ends == set()


def test_every_kind_of_difference_that_keeps_a_month_open_has_its_ending() -> None:
    open_kinds = {kind for kind in Kind if not kind.explained}

    assert set(ENDINGS) == open_kinds
    assert [kind for kind, one in ENDINGS.items() if not one.cure] == []
    undecided = {kind for kind, one in ENDINGS.items() if not (one.decisions or one.with_fact)}

    # What an odd row holds is not known, so nobody can answer for it; and what was decided about
    # a difference that is gone ends when that decision is taken back. A closed month is opened.
    assert undecided == {Kind.ROW_UNREADABLE, Kind.ACCEPTED_CHANGED, Kind.AFTER_CLOSE}


@pytest.mark.parametrize("currency", ["", "USD"])
def test_a_difference_of_a_document_offers_a_decision_whatever_it_is_of(currency: str) -> None:
    dead_ends = [
        kind
        for kind, one in ENDINGS.items()
        if one.decisions
        and not offered(
            Difference(
                kind=kind,
                section="fees",
                where="" if currency else "6",
                currency=currency,
                says="",
            )
        )
    ]

    assert dead_ends == []


def test_stock_that_differs_can_be_corrected() -> None:
    assert DecisionKind.CORRECT in OFFERED["inventory"][Cause.STOCK_DRIFT]


FIRST_AND_LAST = {DecisionKind.MAP, DecisionKind.NOT_OURS, DecisionKind.AGAIN}


@pytest.mark.parametrize(
    ("flow", "cause"),
    [(flow, cause) for flow, offers in OFFERED.items() for cause in sorted(offers)],
    ids=str,
)
def test_what_ends_a_cause_is_offered_before_that_it_is_refused(flow: str, cause: Cause) -> None:
    kinds = decisions_in_order(flow, "dead", cause)
    own = [one for one in kinds if one not in FIRST_AND_LAST]

    ends = [DecisionKind.MAP] if DecisionKind.MAP in kinds else []
    refuses = [DecisionKind.NOT_OURS] if DecisionKind.NOT_OURS in kinds else []
    assert list(kinds) == [*ends, *own, *refuses, DecisionKind.AGAIN]


@pytest.mark.parametrize("flow", ["purchase-orders", "receiving", "tracking", "returns"])
@pytest.mark.parametrize("cause", [Cause.LOCATION_UNMAPPED, Cause.SKU_AMBIGUOUS])
def test_what_is_not_mapped_is_mapped_first(flow: str, cause: Cause) -> None:
    assert decisions_in_order(flow, "dead", cause)[0] is DecisionKind.MAP
