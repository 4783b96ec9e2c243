"""Decisions about differences as runs keep them: whether they hold the month end says. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable, no_rule
from ml_connector.flows.month_end.facts import DifferenceFacts
from ml_connector.ledger.decisions.decisions import NewDecision
from ml_connector.reads.reads import Reads


async def name(new: NewDecision, text: str, reads: Reads) -> None:
    """Name nothing: a document was looked up with the difference."""
    del new, text, reads


def lapses(facts: DifferenceFacts, settings: ConnectionSettings) -> Mapping[int, str]:
    """Return that all hold: they are booked as they were made until they are taken back."""
    del settings
    return {one.id: "" for one in facts.decisions}


def objection(*_: object) -> str:
    """Return none: what a decision leads to was looked at with the difference."""
    return ""


DECIDABLE: Final = Decidable(
    offers=MappingProxyType({}), name=name, match=no_rule, lapses=lapses, objection=objection
)
