"""When a subject is tried again. Nothing is ever given up."""

import random
from typing import Final

_FAST_TRIES: Final = 9
_LONGEST_FAST_SECONDS: Final = 300.0
_SLOW_SECONDS: Final = 3600.0
_SLOW_JITTER: Final = 0.2

LONGEST_SECONDS: Final = _SLOW_SECONDS * (1 + _SLOW_JITTER)
"""Nothing is due later than this from now."""

LISTED_AFTER_SECONDS: Final = 5.0
"""What was just made may take seconds to be listed, in either system (shipbob.md section 8)."""


def delay_seconds(
    attempt: int, asked_for: float | None, *, chance: random.Random | None = None
) -> float:
    """Return the seconds until the next try.

    Exponential with full jitter (netsuite.md section 10.2) for the first tries, then about
    hourly. Never less than the other system asked for, as long as that is about an hour.

    Args:
        attempt: how many tries in a row have failed before this one.
        asked_for: seconds that the other system asked for, if it did.
        chance: where the jitter comes from.
    """
    chance = chance or random.Random()  # noqa: S311 - spreads load, keeps no secret
    if attempt >= _FAST_TRIES:
        wait = _SLOW_SECONDS * chance.uniform(1 - _SLOW_JITTER, 1 + _SLOW_JITTER)
    else:
        wait = chance.uniform(0.0, min(_LONGEST_FAST_SECONDS, 2.0**attempt))
    # A little on top, so that subjects that were told the same time don't come back at once.
    least = asked_for + chance.uniform(0.0, 1.0) if asked_for else 0.05
    return min(max(least, wait), LONGEST_SECONDS)
