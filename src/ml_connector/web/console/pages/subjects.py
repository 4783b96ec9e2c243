"""A subject's story, its runs compared, and one planned again with today's rules."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.views.desk.comparing import Compared
from ml_connector.app.views.desk.runs import PlannedAgain, compare, plan_again
from ml_connector.app.views.desk.story import story
from ml_connector.app.views.words import FLOW_TITLES
from ml_connector.causes.table import IN_WORDS
from ml_connector.errors import ConnectorError, UserError
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import reading_places
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_TODAY: Final = "today"

Id = Annotated[int, Parameter(ge=1, le=2**63 - 1)]


class _Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the story: two runs compared, or one planned again.

    Attributes:
        trouble: why neither can be shown; empty where it can.
    """

    first: int = 0
    second: str = ""
    compared: Compared | None = None
    planned: PlannedAgain | None = None
    trouble: str = ""


@get("/subjects/{subject_id:int}", guards=[needs("look")])
async def subject_page(
    request: WebRequest,
    *,
    who: Who,
    shown: Shown,
    subject_id: Id,
    after: Annotated[str, Parameter(max_length=40)] = "",
    first: Annotated[int | None, Parameter(ge=1, le=2**63 - 1)] = None,
    second: Annotated[str, Parameter(max_length=20)] = "",
    part: Annotated[str, Parameter(max_length=20)] = "",
) -> Response[bytes]:
    """Tell the story of a subject."""
    async with Console.of(request).database.transaction() as on:
        with reading_places():
            found = await story(on, shown.names, subject_id, role=who.role, after=after or None)
    if found is None:
        raise NotFoundException(detail="There is no such subject")
    if found.connection != shown.connection:
        return see_other(f"/subjects/{subject_id}?connection={found.connection}")
    names = [found.connection]
    beside = _Beside()
    if first is not None and any(one.id == first for one in found.run_choices):
        beside = await _beside(Console.of(request), names, subject_id, first, second)
    return page(
        request,
        "subject.html.jinja",
        story=found,
        beside=beside,
        part=part if part in {"decisions", "calls"} else "",
        in_words=IN_WORDS,
        flow_title=FLOW_TITLES.get(found.flow, found.flow),
        is_first=not after,
    )


async def _beside(
    console: Console, names: list[str], subject_id: int, first: int, second: str
) -> _Beside:
    if second == _TODAY:
        try:
            planned = await plan_again(console.installation, names, first)
        except (UserError, ConnectorError, LookupError, msgspec.ValidationError) as error:
            return _Beside(first=first, second=second, trouble=str(error))
        return _Beside(first=first, second=second, planned=planned)
    if not (second.isascii() and second.isdigit()):
        return _Beside(first=first)
    async with console.database.transaction() as on:
        compared = await compare(on, names, subject_id, first, int(second))
    return _Beside(
        first=first,
        second=second,
        compared=compared,
        trouble="" if compared else "There are no such runs of it.",
    )


ROUTES: tuple[Any, ...] = (subject_page,)
