"""What a plan comes to, so that two looks at one subject can be compared."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.ledger.postings.documents import Document, Posted


class Outcome(NamedTuple):
    """What a plan came to: hashes of documents, and the failure that remains.

    Attributes:
        version: names the state, where the flow does.
    """

    documents: frozenset[str]
    cause: str | None = None
    sentence: str | None = None
    version: str = ""

    def is_failure(self, cause: str | None, sentence: str | None) -> bool:
        """Whether the plan failed like this; None: it did not fail."""
        return (self.cause, self.sentence) == (cause, sentence)


RUNS: Final = Outcome(frozenset({"a run"}))
"""Nothing that any run decided: the subject runs."""


def failed(documents: Sequence[Document], error: ConnectorError) -> Outcome:
    """Return the outcome of a plan that leaves this failure."""
    return Outcome(hashes(documents), error.cause, str(error))


def hashes(documents: Sequence[Document]) -> frozenset[str]:
    """Return what tells these documents from others."""
    return frozenset(one.hash() for one in documents)


def planned(
    flow: Flow, facts: msgspec.Struct, posted: Sequence[Posted], settings: ConnectionSettings
) -> Outcome:
    """Return what the flow would plan for these facts."""
    try:
        decided = flow.plan(facts, posted, settings)
    except ConnectorError as error:
        return failed((), error)
    except Exception:  # noqa: BLE001 - a bug: the run shows it with its subject, and only there
        return RUNS
    if decided.remaining_failure is not None:
        return failed(decided.documents, decided.remaining_failure)
    return Outcome(hashes(decided.documents))
