"""A switch: one thing that the references leave open, and the ways in which it may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ml_connector.words import System

Reading = TypeVar("Reading", bound=str)


@dataclass(frozen=True, kw_only=True, eq=False)
class Switch(Generic[Reading]):
    """One open question about a system, with its possible answers.

    Attributes:
        name: as a world file writes it.
        system: whose simulator plays it.
        about: what is in question, a few words: the beginning of each reading's sentence.
        readings: each answer, and the end of its sentence: how it is then.
        default: the reading of a world that does not name the switch.
        reference: document and section that leave it open, such as ``shipbob.md 7.2``.
        stopping: the readings in which a careful integration stops and says why, such as where
            a table is missing; samples combine them with others less often.

    Raises:
        ValueError: the default is no reading, or there is nothing to choose from; or what is
            said to stop work is no other reading.
    """

    name: str
    system: System
    about: str
    readings: Mapping[Reading, str]
    default: Reading
    reference: str
    stopping: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Hold what every switch must be."""
        if self.default not in self.readings or len(self.readings) < 2:  # noqa: PLR2004 - a choice
            raise ValueError(f"{self.name}: at least two readings, the default among them.")
        if not self.stopping <= set(self.others):
            raise ValueError(f"{self.name}: a reading that stops work must be another one.")

    @property
    def others(self) -> tuple[Reading, ...]:
        """The readings beside the default."""
        return tuple(one for one in self.readings if one != self.default)

    def sentence(self, reading: Reading) -> str:
        """How it is by this reading, as a sentence."""
        return f"{self.about} {self.readings[reading]}."
