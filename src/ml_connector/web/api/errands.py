"""``/errands``: what a worker does for somebody who asked, such as a look at a decision."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.ledger import errands
from ml_connector.ledger.errands import Errand, ErrandKind
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import seen
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

Key = Annotated[
    str | None,
    Parameter(
        header="idempotency-key",
        max_length=200,
        description="The same act is asked for once, however often it is sent with this key.",
    ),
]

MOST_ID: Final = 2**63 - 1

Id = Annotated[int, Parameter(ge=1, le=MOST_ID)]
"""A number of the database, in an address."""


class ErrandShown(msgspec.Struct, frozen=True, kw_only=True):
    """How an errand stands: ask for it again until it is done or failed.

    Attributes:
        answer: what came of it; null until it is done.
        problem: why it failed: title, next_step, and where or cause; else null.
    """

    id: int
    connection: str
    kind: ErrandKind
    state: Literal["waiting", "working", "done", "failed"]
    asked_at: datetime
    ended_at: datetime | None
    answer: dict[str, Any] | None
    problem: dict[str, Any] | None


def shown(errand: Errand) -> ErrandShown:
    """Return how an errand stands."""
    return ErrandShown(
        id=errand.id,
        connection=errand.connection,
        kind=errand.kind,
        state=errand.state,
        asked_at=errand.asked_at,
        ended_at=errand.ended_at,
        answer=errand.answer,
        problem=errand.problem,
    )


@get(
    "/errands/{errand_id:int}",
    guards=[needs("look")],
    summary="How an errand stands",
    tags=["Decisions"],
)
async def errand(request: WebRequest, who: Who, errand_id: Id) -> ErrandShown:
    """Return how an errand stands. Only who asked for it sees it."""
    async with Console.of(request).database.single() as on:
        found = await errands.find(on, errand_id)
        if found is None or found.person != who.name or found.connection not in await seen(on):
            raise NotFoundException(detail="There is no such errand")
    return shown(found)


ROUTES = (errand,)
