"""Sources that stopped since what is posted of them may be wrong, though all is posted. Pure.

A shipment that was cancelled after its label, or moved to another center, may be posted in full:
its sums agree, and the documents of the month are wrong all the same.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sections import Sections
from ml_connector.words import Cause

DOUBTS: Final = (
    Cause.CANCELLED_AFTER_SHIPPING,
    Cause.SHIPMENT_CHANGED,
    Cause.FULFILLED_BY_OTHERS,
)
"""The causes of stops that say so."""


class StoppedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that does not go on.

    Attributes:
        source: such as ``shipment 210000101``.
        day: of its latest line, else of what was posted of it, else on which it was heard of.
    """

    flow: str
    source: str
    day: date
    cause: str
    sentence: str
    remedy: str


def judge(
    stopped: Iterable[StoppedSource], told: Iterable[Difference], sections: Sections
) -> Iterator[Difference]:
    """Yield a difference for each stopped source of the month of which nothing else is open.

    Args:
        stopped: those with a day in the month.
        told: what is said of sources anyway.
        sections: the parts of the report.
    """
    open_sources: Collection[str] = {one.source for one in told if not one.explained}
    for one in stopped:
        if one.source not in open_sources:
            yield Difference(
                kind=Kind.FACT_WAITING,
                section=sections.of_facts(one.flow).key,
                source=one.source,
                fact_date=one.day,
                says=f"{one.source} waits. {one.sentence}",
                remedy=one.remedy,
                cause=one.cause,
            )
