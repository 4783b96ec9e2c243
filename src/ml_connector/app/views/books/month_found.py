"""The differences of a month as its newest report shows them, for a page. Pure."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.app.operations.decisions.months.offers import ENDINGS, offered
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.words import DecisionKind


class MonthDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, as the report shows it.

    Attributes:
        id: by which a person decides about it; empty in reports of earlier versions.
        words: its kind, for a person.
        gap: the quantity or amount that NetSuite would have to gain.
        offers: the decisions that end it, in the order in which they are offered.
        with_fact: whether it is decided with the fact that it is of, as that offers it.
    """

    id: str
    kind: str
    words: str
    what: str
    where: str
    currency: str
    gap: Decimal
    says: str
    remedy: str
    source: str
    cause: str
    decided: str
    documents: tuple[Mapping[str, str], ...]
    offers: tuple[DecisionKind, ...] = ()
    with_fact: bool = False


def counts_named(shown: Mapping[str, Any]) -> dict[str, int]:
    """Return how many differences have a reason, without those that people took as they are."""
    accepted = Counter(one["kind"] for one in shown.get("accepted", ()))
    left = {kind: count - accepted[kind] for kind, count in shown["shown"].items()}
    return {Kind(kind).words: count for kind, count in left.items() if count > 0}


def month_difference(one: Mapping[str, Any]) -> MonthDifference:
    """Return a difference, as a report keeps it."""
    sides = [_number(one.get(side)) for side in ("shipbob", "journal", "netsuite")]
    theirs = sides[0] if sides[0] is not None else sides[1]
    ours = sides[2] if sides[2] is not None else sides[1]
    return MonthDifference(
        id=one.get("id", ""),
        kind=one["kind"],
        words=Kind(one["kind"]).words,
        what=one["what"],
        where=one["where"],
        currency=one["currency"],
        gap=Decimal(0) if theirs is None or ours is None else theirs - ours,
        says=one["says"],
        remedy=one["remedy"],
        source=one["source"],
        cause=one["cause"],
        decided=one.get("decided", ""),
        documents=tuple(one["documents"]),
        offers=_offers(one),
        with_fact=_is_of_a_fact(one),
    )


def _offers(one: Mapping[str, Any]) -> tuple[DecisionKind, ...]:
    """Return the decisions about a difference; none where a person can't name it by its id."""
    try:
        return offered(msgspec.convert(one, Difference)) if one.get("id") else ()
    except msgspec.ValidationError:
        return ()  # of a version that kept it otherwise


def _is_of_a_fact(one: Mapping[str, Any]) -> bool:
    ending = ENDINGS.get(Kind(one["kind"]))
    return bool(one.get("id")) and ending is not None and ending.with_fact


def _number(written: Any) -> Decimal | None:
    return None if written is None else Decimal(written)
