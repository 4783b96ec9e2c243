"""The result of a measure: figures with their targets, and the load of the machine."""

import math
import os
from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec

Unit = Literal["/s", "ms", "s", "x", "us", "MB", ""]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure.

    Attributes:
        value: the median of the rounds, if there were several.
        rounds: the value of each round.
        at_least: the target of a value that should be large.
        at_most: the target of a value that should be small.
    """

    name: str
    value: float
    unit: Unit
    rounds: tuple[float, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    @property
    def meets(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a measure.

    Attributes:
        wrong: things that must not happen, such as a lost event; empty when all was right.
        load_average: of the last minute at the end; it shows what else the machine did.
    """

    name: str
    about: str
    figures: tuple[Figure, ...]
    wrong: tuple[str, ...] = ()
    load_average: float = msgspec.field(default_factory=lambda: round(os.getloadavg()[0], 2))


def of_rounds(
    name: str,
    rounds: Sequence[float],
    unit: Unit,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Return the median of rounds as a figure."""
    return Figure(
        name=name,
        value=median(rounds),
        unit=unit,
        rounds=tuple(rounds),
        at_least=at_least,
        at_most=at_most,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all values does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("there is nothing to take a percentile of")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
