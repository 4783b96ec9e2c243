"""What workers were asked to find out: whether the journal holds, what to claim of the fees."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ml_connector.ledger.people import errands
from ml_connector.ledger.people.errands import Errand, Failure, State
from ml_connector.storage.database import Connection

Asked = Literal["verify", "fee-audit", "compare", "ping", "backup", "verify-backup"]
"""What may be asked for."""

_KINDS: Final[Mapping[Asked, tuple[str, Mapping[str, Any] | None]]] = {
    "verify": ("verify", {}),
    "fee-audit": ("fee-audit", {}),
    "compare": ("sync", {"flow": "inventory", "ids": []}),
    "ping": ("ping", {}),
    "backup": ("backup", {}),
    "verify-backup": ("verify-backup", None),
}
"""The errand of each; its arguments, or None where each time is about another thing."""

_OF_ALL: Final[frozenset[Asked]] = frozenset({"backup", "verify-backup"})
"""What is asked of the whole installation, and of no connection."""

_MOST: Final = 20


class AskedFor(msgspec.Struct, frozen=True, kw_only=True):
    """How something stands that a worker was asked for.

    Attributes:
        step, counted, counted_of: what is being done of it, while it is.
        answer: what came of it, once it is done.
    """

    id: int
    state: State
    person: str
    asked_at: datetime
    ended_at: datetime | None
    step: str
    counted: int
    counted_of: int | None
    answer: Any
    failure: Failure | None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits for a worker, or one has it in hand."""
        return self.state in {"waiting", "running"}


class FeeClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the fee audit, as it was kept."""

    kind: str
    claim_by: date
    statement: str
    fee: str = ""
    service: str = ""
    reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    units: int | None = None


def connection_of(asked: Asked, name: str) -> str | None:
    """Return of which connection something is asked; None: of the whole installation."""
    return None if asked in _OF_ALL else name


def errand_of(asked: Asked) -> tuple[str, Mapping[str, Any]]:
    """Return the kind and the arguments of the errand for something."""
    kind, arguments = _KINDS[asked]
    return kind, arguments or {}


async def newest(on: Connection, name: str, asked: Asked) -> AskedFor | None:
    """Return what was asked for last of a connection; None where nobody did."""
    kind, arguments = _KINDS[asked]
    for one in await errands.newest(on, connection_of(asked, name), kind, most=_MOST):
        if arguments is None or one.arguments == arguments:
            return shown_errand(one)
    return None


def fee_claims(asked: AskedFor | None) -> tuple[FeeClaim, ...]:
    """Return the findings of a fee audit, the first to be claimed first; none without one."""
    answer = asked.answer if asked else None
    if not isinstance(answer, Mapping):
        return ()
    found: list[FeeClaim] = []
    for one in answer.get("findings", ()):
        try:
            found.append(msgspec.convert(one, FeeClaim, strict=False))
        except msgspec.ValidationError:
            continue  # of a version that kept something else
    return tuple(sorted(found, key=lambda one: (one.claim_by, one.statement)))


def shown_errand(one: Errand) -> AskedFor:
    """Return how an errand stands. Pure."""
    return AskedFor(
        id=one.id,
        state=one.state,
        person=one.person,
        asked_at=one.asked_at,
        ended_at=one.ended_at,
        step=one.step,
        counted=one.counted,
        counted_of=one.counted_of,
        answer=one.answer,
        failure=one.failure,
    )
