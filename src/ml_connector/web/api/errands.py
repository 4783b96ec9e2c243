"""``/errands``: what a worker does for somebody who asked, such as a look at a decision."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.errands.asking import Asker, own
from ml_connector.ledger.people.errands import Errand, Failure, State
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import seen
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

MOST_ID: Final = 2**63 - 1

Id = Annotated[int, Parameter(ge=1, le=MOST_ID)]
"""A number of the database, in an address."""


class ErrandShown(msgspec.Struct, frozen=True, kw_only=True):
    """How an errand stands: ask for it again until it is done or failed.

    Attributes:
        step: what is being done now.
        counted: how many of it so far; of ``counted_of``, where that is known.
        answer: what came of it; null until it is done.
        failure: why nothing came of it: what, where, next_step, cause; else null.
    """

    id: int
    connection: str | None
    kind: str
    state: State
    asked_at: datetime
    ended_at: datetime | None
    step: str
    counted: int
    counted_of: int | None
    answer: Any
    failure: Failure | None


def shown(errand: Errand) -> ErrandShown:
    """Return how an errand stands."""
    return ErrandShown(**{name: getattr(errand, name) for name in ErrandShown.__struct_fields__})


async def asker(request: WebRequest, who: Who) -> Asker:
    """Return who asks, and which connections they see."""
    async with Console.of(request).database.single() as on:
        return Asker(person=who.name, role=who.role, names=await seen(on))


@get(
    "/errands/{errand_id:int}",
    guards=[needs("look")],
    summary="How an errand stands",
    tags=["Decisions"],
)
async def errand(request: WebRequest, who: Who, errand_id: Id) -> ErrandShown:
    """Return how an errand stands. Only who asked for it sees it."""
    found = await own(Console.of(request).installation, await asker(request, who), errand_id)
    if found is None:
        raise NotFoundException(detail="There is no such errand")
    return shown(found)


ROUTES = (errand,)
