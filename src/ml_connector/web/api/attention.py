"""``/attention``: what needs a person; given to people, tried again."""

from http import HTTPStatus
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import Parameter
from msgspec import Meta

from ml_connector.app.operations.assign import LONGEST_NOTE, assign
from ml_connector.app.operations.try_again import MOST_AT_ONCE, try_again
from ml_connector.app.views.desk.attention import (
    GROUPS_A_PAGE,
    Attention,
    AttentionSubject,
    AttentionWanted,
    attention,
    attention_subjects,
)
from ml_connector.app.views.paging import MOST_ROWS, PAGE_ROWS, Listed
from ml_connector.ledger.inbox.stopped import Order
from ml_connector.web.address import WebRequest
from ml_connector.web.api.errands import MOST_ID
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import reading_places, seen
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_MOST_GROUPS: Final = 100

Limit = Annotated[int, Parameter(ge=1, le=MOST_ROWS)]
After = Annotated[
    str | None,
    Parameter(max_length=200, description="Where the page before ended: its `after`."),
]
ConnectionName = Annotated[
    str | None, Parameter(max_length=40, description="Only this one; left out: all.")
]
Text = Annotated[str, Parameter(max_length=200)]

Subjects = Annotated[
    list[Annotated[int, Meta(ge=1, le=MOST_ID)]], Meta(min_length=1, max_length=MOST_AT_ONCE)
]


class GivenTo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom subjects are given; an empty name: to nobody."""

    subjects: Subjects
    to: Annotated[str, Meta(max_length=64, examples=["dana"])]
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""


class TriedAgain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Subjects that are to run again."""

    subjects: Subjects


class SubjectsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """How many subjects an act was about; those that are not there are left out."""

    subjects: int


@get("/attention", guards=[needs("look")], summary="What needs a person", tags=["Attention"])
async def list_attention(
    request: WebRequest,
    *,
    who: Who,
    connection: ConnectionName = None,
    act: Literal["", "warehouse", "finance", "it"] = "",
    cause: Text = "",
    flow: Text = "",
    assigned: Text = "",
    order: Order = "oldest",
    after: After = None,
    limit: Annotated[int, Parameter(ge=1, le=_MOST_GROUPS)] = GROUPS_A_PAGE,
) -> Attention:
    """Return stopped subjects by cause and by what they wait for, and what cures itself."""
    wanted = AttentionWanted(who=act, cause=cause, flow=flow, assigned=assigned, order=order)
    async with Console.of(request).database.transaction() as on:
        names = await seen(on, connection)
        with reading_places():
            return await attention(
                on, names, wanted, person=who.name, role=who.role, after=after, limit=limit
            )


@get(
    "/attention/{group:str}/subjects",
    guards=[needs("look")],
    summary="The subjects of one group",
    tags=["Attention"],
)
async def list_subjects(
    request: WebRequest, group: str, after: After = None, limit: Limit = PAGE_ROWS
) -> Listed[AttentionSubject]:
    """Return the subjects of a group, the oldest first; none once they have gone on."""
    async with Console.of(request).database.transaction() as on:
        with reading_places():
            return await attention_subjects(on, await seen(on), group, after=after, limit=limit)


@post(
    "/attention/assign",
    guards=[needs("assign")],
    status_code=HTTPStatus.OK,
    summary="Give subjects to a person",
    tags=["Attention"],
)
async def give(request: WebRequest, who: Who, data: GivenTo) -> SubjectsChanged:
    """Give stopped subjects to a person, who sees to them. Repeating it changes nothing."""
    async with Console.of(request).database.transaction() as on:
        count = await assign(
            on, await seen(on), data.subjects, to=data.to, note=data.note, person=who.name
        )
    return SubjectsChanged(subjects=count)


@post(
    "/attention/again",
    guards=[needs("again")],
    status_code=HTTPStatus.OK,
    summary="Try subjects again",
    tags=["Attention"],
)
async def run_again(request: WebRequest, who: Who, data: TriedAgain) -> SubjectsChanged:
    """Let subjects run again. Nothing is booked twice, however often it is repeated."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        count = await try_again(
            console.installation, on, await seen(on), data.subjects, person=who.name
        )
    return SubjectsChanged(subjects=count)


ROUTES = (list_attention, list_subjects, give, run_again)
