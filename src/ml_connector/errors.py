"""The four kinds of failure, stored as data and never as pickled exceptions.

``Retryable``: nobody acts, the engine tries again. ``NeedsData``: the other system
acts, the engine replays when the record appears. ``NeedsHuman``: a person acts, the
remedy says how. Anything else that is raised is a bug.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.words import Cause

_TRIED_AGAIN: Final = "Nothing: it is tried again by itself."


class ConnectorError(Exception):
    """A failure that was foreseen. ``str()`` is a sentence for a person.

    It names the record and never holds a token, an address or a whole answer.

    Attributes:
        cause: the stable code.
        remedy: what to do next, as a sentence; empty when nothing needs to be done.
    """

    def __init__(self, sentence: str, *, cause: Cause, remedy: str = "") -> None:
        super().__init__(sentence)
        self.cause = cause
        self.remedy = remedy


class Retryable(ConnectorError):
    """The same call may succeed later.

    Attributes:
        retry_after_seconds: what the other system asked for, if it did.
        outcome_unknown: the call may have been carried out: look before sending again.
        where: host and port of who did not answer, for a person at a terminal; never stored.
    """

    def __init__(
        self,
        sentence: str,
        *,
        cause: Cause = Cause.UPSTREAM_UNAVAILABLE,
        remedy: str = _TRIED_AGAIN,
        retry_after_seconds: float | None = None,
        outcome_unknown: bool = False,
        where: str = "",
    ) -> None:
        super().__init__(sentence, cause=cause, remedy=remedy)
        self.where = where
        self.retry_after_seconds = retry_after_seconds
        self.outcome_unknown = outcome_unknown

    @property
    def remedy_of_a_command(self) -> str:
        """What the person does who ran a command: nothing tries a command again by itself."""
        if self.remedy != _TRIED_AGAIN:
            return self.remedy
        if self.where:
            return f"See that {self.where} can be reached from here, then run the command again."
        return "Run the command again in a few minutes."


class NeedsData(ConnectorError):
    """A record is missing; the subject waits and wakes when it appears.

    Attributes:
        waiting_for: what would wake it, such as ``sku:NEW-7731-XL``.
    """

    def __init__(
        self, sentence: str, *, cause: Cause, waiting_for: Iterable[Awaited], remedy: str
    ) -> None:
        super().__init__(sentence, cause=cause, remedy=remedy)
        self.waiting_for = tuple(waiting_for)


class NeedsHuman(ConnectorError):
    """A person must decide or repair something.

    Attributes:
        waiting_for: what would wake the subject by itself, such as ``period:2026-10``.
    """

    def __init__(
        self, sentence: str, *, cause: Cause, remedy: str, waiting_for: Iterable[Awaited] = ()
    ) -> None:
        super().__init__(sentence, cause=cause, remedy=remedy)
        self.waiting_for = tuple(waiting_for)


class Unreadable(NeedsHuman):
    """An answer, or a row of one, is not what the system documents. It names the path."""

    def __init__(self, sentence: str) -> None:
        super().__init__(
            sentence,
            cause=Cause.EVENT_UNREADABLE,
            remedy="See whether the value named can be corrected there. It then goes on by itself."
            " Else report it as a fault of this software, with the text above.",
        )


_AWAITED_WITH: Final = MappingProxyType(
    {
        Cause.CREDENTIALS_INVALID: AwaitedKind.CREDENTIALS.any_one,
        Cause.PERMISSION_MISSING: AwaitedKind.PERMISSION.any_one,
        Cause.ACCOUNT_UNMAPPED: AwaitedKind.ACCOUNT.any_one,
    }
)
"""What a subject waits for where its failure does not say."""


def awaits(error: ConnectorError) -> tuple[Awaited, ...]:
    """Return what a subject that this failure stops waits for; nothing where none is known."""
    said = error.waiting_for if isinstance(error, (NeedsData, NeedsHuman)) else ()
    by_cause = _AWAITED_WITH.get(error.cause)
    return said or ((by_cause,) if by_cause else ())


class AlreadyExists(ConnectorError):
    """The system holds a record with this external id already: look it up and compare."""


class UserError(Exception):
    """What a person typed or configured can't be used. Ends a command with a clear text.

    Attributes:
        where: the file, line, key, option or address concerned; may be empty.
        next_step: what to do about it.
        usage: wrong usage of the command (exit status 2) rather than a failure (1).
    """

    def __init__(
        self, what: str, *, where: str = "", next_step: str = "", usage: bool = False
    ) -> None:
        super().__init__(what)
        self.where = where
        self.next_step = next_step
        self.usage = usage
