"""Names what made a difference of stock, where its numbers fit exactly. Pure.

A false reason is worse than none. So the causes at a location are named only where all that one of
the systems did alone comes to exactly the difference; what cancels itself out is no cause; and
where more than one thing would do, none is named, but each is shown as possible.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Final

from ml_connector.rules.stock_causes.rows import StockCause, StockEvidence, StockFinding

_MOST_TRIED: Final = 10
"""Among more causes than this it is not tried which cancel each other out."""


def findings(evidence: StockEvidence, gaps: Mapping[str, Decimal]) -> dict[str, StockFinding]:
    """Say of each location with a difference what made it.

    Args:
        evidence: of one SKU.
        gaps: what ShipBob has more than NetSuite and nothing open explains, by location.
    """
    every = {
        location: _finding(
            location, gap, evidence.causes, is_clear=location not in evidence.unclear
        )
        for location, gap in gaps.items()
        if gap
    }
    return {location: _without_halves(location, one, every) for location, one in every.items()}


def _finding(
    location: str,
    gap: Decimal,
    every: Sequence[StockCause],
    *,
    is_clear: bool,
) -> StockFinding:
    here = [one for one in every if location in one.units]
    left, doubtful = _cancelled(location, here)
    fits = sum((one.units[location] for one in left), Decimal(0)) == gap
    if not (is_clear and fits):
        return StockFinding(possible=tuple(left))
    claimed = [one for one in left if len(one.kinds) == 1 and not _is_any(one, doubtful)]
    return StockFinding(
        causes=tuple(claimed),
        possible=tuple(one for one in left if not _is_any(one, claimed)),
    )


def _cancelled(
    location: str, causes: Sequence[StockCause]
) -> tuple[list[StockCause], list[StockCause]]:
    """Return causes without those that cancel each other out, and which of them may do so.

    Such as a count at ShipBob that somebody followed in NetSuite. Where it is not clear which of
    several was followed, all of them are in doubt.
    """
    if len(causes) > _MOST_TRIED:
        signs = {one.units[location] > 0 for one in causes}
        return list(causes), list(causes) if len(signs) > 1 else []
    gone: set[int] = set()
    doubtful: set[int] = set()
    for some in _joined(_void(location, causes)):
        comes_to_nothing = not sum((causes[at].units[location] for at in some), Decimal(0))
        (gone if comes_to_nothing else doubtful).update(some)
    return (
        [one for at, one in enumerate(causes) if at not in gone],
        [causes[at] for at in sorted(doubtful)],
    )


def _void(location: str, causes: Sequence[StockCause]) -> list[frozenset[int]]:
    """Return the smallest sets of causes, by their places in the list, that come to nothing.

    In each a document of others follows, or takes back, what all others of the set did.
    """
    found: list[frozenset[int]] = []
    for count in range(2, len(causes) + 1):
        for places in combinations(range(len(causes)), count):
            some = [causes[at] for at in places]
            if (
                not sum((one.units[location] for one in some), Decimal(0))
                and _is_followed(location, some)
                and not any(smaller <= {*places} for smaller in found)
            ):
                found.append(frozenset(places))
    return found


def _is_followed(location: str, causes: Sequence[StockCause]) -> bool:
    signs = {one.units[location] > 0 for one in causes if not one.by_others}
    return len(signs) <= 1 and any(one.by_others for one in causes)


def _joined(sets: Sequence[frozenset[int]]) -> list[set[int]]:
    """Return sets, those together that share any of their members."""
    joined: list[set[int]] = []
    for one in sets:
        apart = [some for some in joined if not some & one]
        touched = [some for some in joined if some & one]
        joined = [*apart, set(one).union(*touched)]
    return joined


def _without_halves(
    location: str, finding: StockFinding, every: Mapping[str, StockFinding]
) -> StockFinding:
    """Return a finding without causes that are not named at another location that they touch."""
    whole = [
        one
        for one in finding.causes
        if all(
            other == location or other not in every or _is_any(one, every[other].causes)
            for other in one.units
        )
    ]
    if len(whole) == len(finding.causes):
        return finding
    halves = tuple(one for one in finding.causes if not _is_any(one, whole))
    return StockFinding(causes=tuple(whole), possible=(*finding.possible, *halves))


def _is_any(one: StockCause, some: Sequence[StockCause]) -> bool:
    return any(one is other for other in some)
