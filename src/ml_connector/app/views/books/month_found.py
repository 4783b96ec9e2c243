"""The differences of a month as its newest report shows them, for a page. Pure."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.reconcile.compare.kinds import Kind


class MonthDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, as the report shows it.

    Attributes:
        id: by which a person decides about it; empty in reports of earlier versions.
        words: its kind, for a person.
        gap: the quantity or amount that NetSuite would have to gain.
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
    )


def _number(written: Any) -> Decimal | None:
    return None if written is None else Decimal(written)
