"""A refusal explains a difference only where something beside the flow shows why."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.open_items import open_items
from ml_connector.reconcile.tie_out.refusals import is_founded, judged
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieOut
from reconcile.tie_out.test_open_items import KNOWN, TEE, line, report

GOLDEN = Path(__file__).parents[2] / "golden"
OUTSIDE = ("[ignore] names", "extra_items", "over_receipt", "unmatched_shipment", "fulfils no")
"""What the reasons of the flows say whose premise is not an act of a person, nor a document."""


def settings(**tables: Any) -> ConnectionSettings:
    return ConnectionSettings.model_validate({**SETTINGS, **tables})


def founded(reason: str, *, stocked: bool = True, of: ConnectionSettings | None = None) -> bool:
    return is_founded(line(refused=5, reason=reason), of or settings(), stocked=stocked)


def test_that_somebody_else_has_it_is_no_reason() -> None:
    assert not founded("Somebody else has it already")
    assert not founded("Cancelled at ShipBob")


def test_a_rule_of_the_merchants_is_a_reason_where_the_merchant_has_it() -> None:
    reason = 'Not ours: wro_prefixes under [ignore] names "SAMPLE-"'

    assert founded(reason, of=settings(ignore={"wro_prefixes": ["SAMPLE-"]}))
    assert not founded(reason, of=settings(ignore={"wro_prefixes": ["OTHER-"]}))
    assert not founded(reason)


def test_a_policy_is_a_reason_while_it_is_so() -> None:
    reason = 'Is on no line of sales order SO-1, and extra_items = "ignore"'

    assert founded(reason, of=settings(policies={"extra_items": "ignore"}))
    assert not founded(reason)


def test_a_fact_from_before_the_start_date_is_refused_by_its_day() -> None:
    early = line(refused=5, reason="Before the start date 2026-11-21: not booked")

    assert is_founded(early, settings(start_date="2026-11-21"), stocked=True)
    assert not is_founded(early, settings(start_date="2026-11-20"), stocked=True)


def test_an_item_without_stock_is_one_of_which_netsuite_has_none() -> None:
    reason = "NetSuite fulfils no CARD: it is a GiftCert that is not marked to be fulfilled"

    assert founded(reason, stocked=False)
    assert not founded(reason)


def test_what_a_person_did_is_a_reason() -> None:
    assert is_founded(line(refused=5, by_person=True), settings(), stocked=True)


def _reasons(told: Any) -> Iterator[str]:
    """Yield why units are refused, wherever a golden case says so."""
    parts = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    if isinstance(told, dict) and "reason" in told and told.get("quantity") is not None:
        yield str(told["reason"])
    for part in parts:
        yield from _reasons(part)


def _cases() -> list[tuple[str, Path]]:
    return [
        (reason, path.parent)
        for path in sorted(GOLDEN.glob("*/*/expected.json"))
        for reason in _reasons(json.loads(path.read_text("utf-8")))
        if any(words in reason for words in OUTSIDE)
    ]


@pytest.mark.parametrize(("reason", "folder"), _cases())
def test_the_words_of_the_flows_are_understood(reason: str, folder: Path) -> None:
    written = folder / "settings.json"
    tables = json.loads(written.read_text("utf-8")) if written.exists() else {}

    assert founded(reason, stocked=False, of=settings(**tables))


def test_there_are_such_cases() -> None:
    assert {words for words in OUTSIDE if any(words in reason for reason, _ in _cases())} == set(
        OUTSIDE
    )


def tied(shipbob: int, netsuite: int, reason: str) -> TieOut:
    stock = judged([line(refused=shipbob, reason=reason)], settings(), {"TEE"})
    known = msgspec.structs.replace(KNOWN, open_stock=stock)
    return tie_out(
        Balances(
            shipbob={TEE: Side(moved=Decimal(shipbob))},
            netsuite={TEE: Side(moved=Decimal(netsuite))},
        ),
        open_items(report(), known),
    )


def test_a_refusal_that_nothing_shows_is_red_and_named_as_a_hint() -> None:
    [place] = tied(5, 0, "Somebody else has it already").lines

    assert (int(place.unexplained), place.red, len(place.items)) == (5, True, 0)
    assert [one.kind for one in place.hints] == [OpenKind.UNFOUNDED]


def test_where_both_systems_have_moved_as_much_it_does_not_matter() -> None:
    [place] = tied(5, 5, "Somebody else has it already").lines

    assert not place.red
