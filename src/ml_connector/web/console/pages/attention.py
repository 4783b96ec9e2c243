"""Needs attention: what a person has to decide, in groups, with a drawer to decide in."""

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from litestar.response import Stream

from ml_connector.app.errands.asking import (
    PREVIEW,
    ask_about,
    ask_to_take_back,
)
from ml_connector.app.operations.assign import assign
from ml_connector.app.operations.try_again import try_again
from ml_connector.app.views.desk.attention import (
    AttentionGroup,
    AttentionSubject,
    AttentionWanted,
    attention,
    attention_groups,
    attention_subjects,
)
from ml_connector.app.views.desk.deciding import lately
from ml_connector.app.views.paging import Listed
from ml_connector.causes.table import IN_WORDS
from ml_connector.errors import UserError
from ml_connector.ledger.people import users
from ml_connector.storage.database import Connection, Database
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import reading_places
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.drawer import asker, back, decision_asked, drawer, reload
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import Part, every_row, table_file
from ml_connector.web.who import Who

_PATH: Final = "/attention"
_ORDERS: Final = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "most": "Most first",
}
_EXPORTED: Final = (
    *("connection", "flow", "subject", "state", "cause", "waits_for", "since", "units"),
    *("who_can_act", "assigned_to", "note", "sentence", "remedy"),
)
_PART: Final = 100

Id = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]
Text = Annotated[str, Parameter(max_length=200)]


@get(_PATH, guards=[needs("look")])
async def attention_page(
    request: WebRequest,
    *,
    who: Who,
    shown: Shown,
    act: Text = "",
    cause: Text = "",
    flow: Text = "",
    assigned: Text = "",
    order: Text = "oldest",
    after: Text = "",
    decide: Id = None,
    errand: Id = None,
) -> Response[bytes]:
    """List what needs a person."""
    wanted = _wanted(act, cause, flow, assigned, order)
    return await _page(
        request, who, shown, wanted, after=after, decide=decide, errand=errand, error=None
    )


@get(f"{_PATH}/groups/{{group:str}}", guards=[needs("look")])
async def group_page(
    request: WebRequest, who: Who, shown: Shown, group: str, after: Text = ""
) -> Response[bytes]:
    """List all subjects of one group."""
    names = [shown.connection]
    async with Console.of(request).database.transaction() as on:
        with reading_places():
            found = await attention_groups(
                on, names, AttentionWanted(), role=who.role, group=group
            )
            members = await attention_subjects(on, names, group, after=after or None)
    return page(
        request,
        "attention_group.html.jinja",
        group=next(iter(found.rows), None),
        members=members,
        in_words=IN_WORDS,
    )


@get(f"{_PATH}/drawer", guards=[needs("look")])
async def drawer_part(
    request: WebRequest,
    who: Who,
    shown: Shown,
    decide: Annotated[int, Parameter(ge=1, le=2**63 - 1)],
    errand: Id = None,
) -> Response[bytes]:
    """Return what the drawer shows now, for a page that is open."""
    held = await drawer(request, who, shown, decide, errand)
    asked = held["errand"]
    if asked is not None and asked.state == "done" and asked.kind != PREVIEW:
        here = back(request, shown, decide=decide, errand=asked.id) + "#decide"
        return reload(here)  # the list beside it has changed as well
    return page(request, "components/decide.html.jinja", **held)


@post(f"{_PATH}/again", guards=[needs("again")], status_code=HTTPStatus.SEE_OTHER)
async def again(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Let what is selected run again."""
    typed = await Typed.into(request)
    console = Console.of(request)
    try:
        async with console.database.transaction() as on:
            count = await try_again(
                console.installation, on, [shown.connection], _selected(typed), person=who.name
            )
    except UserError as error:
        return await _refused(request, who, shown, error)
    return see_other(back(request, shown, said=f"again-{count}"))


@post(f"{_PATH}/assign", guards=[needs("assign")], status_code=HTTPStatus.SEE_OTHER)
async def give(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Give what is selected to a person."""
    typed = await Typed.into(request)
    try:
        async with Console.of(request).database.transaction() as on:
            count = await assign(
                on,
                [shown.connection],
                _selected(typed),
                to=typed.text("to"),
                note=typed.text("note"),
                person=who.name,
            )
    except UserError as error:
        return await _refused(request, who, shown, error)
    return see_other(back(request, shown, said=f"assigned-{count}"))


@post("/subjects/{subject_id:int}/preview", guards=[needs("look")], status_code=303)
async def preview(request: WebRequest, who: Who, shown: Shown, subject_id: int) -> Response[bytes]:
    """Ask what a decision would lead to."""
    return await _ask(request, who, shown, subject_id, record=False)


@post("/subjects/{subject_id:int}/decide", guards=[needs("look")], status_code=303)
async def decide(request: WebRequest, who: Who, shown: Shown, subject_id: int) -> Response[bytes]:
    """Ask to record a decision."""
    return await _ask(request, who, shown, subject_id, record=True)


@post("/decisions/{decision_id:int}/take-back", guards=[needs("look")], status_code=303)
async def take_back(
    request: WebRequest, who: Who, shown: Shown, decision_id: int
) -> Response[bytes]:
    """Ask to take a decision back."""
    typed = await Typed.into(request)
    try:
        asked = await ask_to_take_back(
            Console.of(request).installation,
            asker(who, shown),
            decision_id,
            note=typed.text("note"),
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    except UserError as error:
        return await _refused(request, who, shown, error)
    return see_other(
        back(request, shown, decide=typed.text("subject"), errand=asked.id) + "#decide"
    )


@get(f"{_PATH}/export.csv", guards=[needs("export")])
async def export(
    request: WebRequest,
    *,
    who: Who,
    shown: Shown,
    act: Text = "",
    cause: Text = "",
    flow: Text = "",
    assigned: Text = "",
    order: Text = "oldest",
) -> Stream:
    """Return the subjects of all groups that are listed, as a file."""
    wanted = _wanted(act, cause, flow, assigned, order)
    rows = _exported(Console.of(request).database, shown, who, wanted)
    return await table_file("needs-attention", _EXPORTED, rows)


async def _exported(
    database: Database, shown: Shown, who: Who, wanted: AttentionWanted
) -> AsyncIterator[tuple[object, ...]]:
    names = [shown.connection]

    async def part(on: Connection, _: int, after: str | None) -> Listed[AttentionGroup]:
        return await attention_groups(on, names, wanted, role=who.role, after=after, limit=_PART)

    async for group in every_row(database, part):
        async for one in every_row(database, _members_of(names, group.id)):
            yield (
                *(one.connection, one.flow, one.key, group.state, group.cause),
                *(group.thing, one.since, one.units, IN_WORDS[group.who]),
                *(one.assigned_to, one.note, one.sentence, one.remedy),
            )


def _members_of(names: Sequence[str], group: str) -> Part[AttentionSubject]:
    async def part(on: Connection, limit: int, after: str | None) -> Listed[AttentionSubject]:
        return await attention_subjects(on, names, group, after=after, limit=limit)

    return part


async def _page(
    request: WebRequest,
    who: Who,
    shown: Shown,
    wanted: AttentionWanted,
    *,
    after: str = "",
    decide: int | None = None,
    errand: int | None = None,
    error: UserError | None,
) -> Response[bytes]:
    names = [shown.connection]
    async with Console.of(request).database.transaction() as on:
        with reading_places():
            found = await attention(
                on, names, wanted, person=who.name, role=who.role, after=after or None
            )
        people = await users.every(on) if who.may("assign") else []
        decided = await lately(on, names)
    held = await drawer(request, who, shown, decide, errand)
    return page(
        request,
        "attention.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        found=found,
        wanted=wanted,
        orders=_ORDERS,
        in_words=IN_WORDS,
        people=[one.name for one in people],
        decided=decided,
        error=error,
        is_first=not after,
        **held,
    )


async def _refused(
    request: WebRequest, who: Who, shown: Shown, error: UserError
) -> Response[bytes]:
    return await _page(request, who, shown, AttentionWanted(), error=error)


async def _ask(
    request: WebRequest, who: Who, shown: Shown, subject_id: int, *, record: bool
) -> Response[bytes]:
    typed = await Typed.into(request)
    try:
        made = await ask_about(
            Console.of(request).installation,
            asker(who, shown, key=typed.text("key") or None),
            subject_id,
            decision_asked(typed),
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    except UserError as error:
        return await _page(request, who, shown, AttentionWanted(), decide=subject_id, error=error)
    return see_other(back(request, shown, decide=subject_id, errand=made.id) + "#decide")


def _selected(typed: Typed) -> list[int]:
    """Return the subjects whose boxes are ticked; a box may stand for several."""
    found = [part for value in typed.every("subjects") for part in value.split(",")]
    return [int(part) for part in found if part.isascii() and part.isdigit() and len(part) < 19]  # noqa: PLR2004 - digits of a bigint


def _wanted(act: str, cause: str, flow: str, assigned: str, order: str) -> AttentionWanted:
    return AttentionWanted(
        who=act if act in IN_WORDS else "",
        cause=cause,
        flow=flow,
        assigned=assigned,
        order=order if order in _ORDERS else "oldest",  # type: ignore[arg-type]  # checked here
    )


ROUTES: tuple[Any, ...] = (
    attention_page,
    group_page,
    drawer_part,
    again,
    give,
    preview,
    decide,
    take_back,
    export,
)
