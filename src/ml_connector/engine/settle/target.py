"""The surface through which ``settle`` writes to a system, and looks at what is there."""

from dataclasses import dataclass
from typing import Any, Protocol

from ml_connector.ledger.postings.documents import Document
from ml_connector.transport.limits.turns import Turns


@dataclass(frozen=True, kw_only=True)
class Written:
    """A record in the other system.

    Attributes:
        remote_id: its internal id.
        answer: what the system said, redacted, for the trail.
        differs: how the record is not what was meant; empty when it is.
    """

    remote_id: str
    answer: Any
    differs: str = ""


class DocumentTarget(Protocol):
    """One system, as far as writing documents goes."""

    async def take_turns(self, document: Document) -> Turns:
        """Wait for the turns that writing the document takes, before its clock begins.

        Nothing is written down meanwhile, and who waits has cost no call.

        Raises:
            Retryable, NeedsHuman: what the write needs can't be had.
        """
        ...

    async def write(self, document: Document, *, send_by: float, first: bool) -> Written:
        """Write the document, beginning before ``send_by`` (``elapsed.seconds``) or never.

        Args:
            document: what to write.
            send_by: see above.
            first: no call to write it was ever begun before.

        Raises:
            AlreadyExists: a record with this external id is there already.
            Retryable: with ``outcome_unknown`` when the record may exist.
            NeedsData, NeedsHuman: refused; nothing was written.
        """
        ...

    async def find(self, document: Document) -> Written | None:
        """Look the document up by its external id and compare it with what was meant.

        Raises:
            Retryable: the system could not be asked.
        """
        ...

    def repeatable(self, document: Document) -> bool:
        """Whether writing the document twice changes nothing."""
        ...

    def shared(self, document: Document) -> bool:
        """Whether it goes out in one call with others of its kind, whoever waits for it."""
        ...
