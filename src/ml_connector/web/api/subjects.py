"""``/subjects``: the story of one, its runs compared, and decisions about it."""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from msgspec import Meta

from ml_connector.app.errands.asking import DecisionAsked, ask_about, ask_to_take_back
from ml_connector.app.views.desk.comparing import Compared
from ml_connector.app.views.desk.runs import PlannedAgain, compare, plan_again
from ml_connector.app.views.desk.story import Story, story
from ml_connector.web.address import WebRequest
from ml_connector.web.api.errands import ErrandShown, Id, asker, shown
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import reading_places, seen
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import DecisionKind


class DecisionWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision.

    Attributes:
        document: the number of the document that it names.
        value: the order or the mapping that it names.
        note: why; needed to decide, not to look.
        seen: of a look: its answer's ``seen``. It is decided only if it still leads to that.
    """

    decision: DecisionKind
    document: Annotated[str, Meta(max_length=100)] = ""
    value: Annotated[str, Meta(max_length=300)] = ""
    note: Annotated[str, Meta(max_length=2000)] = ""
    seen: Annotated[str, Meta(max_length=16)] = ""

    @property
    def asked(self) -> DecisionAsked:
        """The same as a worker is told."""
        return DecisionAsked(
            kind=self.decision,
            document=self.document,
            value=self.value,
            note=self.note,
            seen=self.seen,
        )


class TakenBackWith(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a decision is taken back."""

    note: Annotated[str, Meta(max_length=2000)] = ""


@get(
    "/subjects/{subject_id:int}",
    guards=[needs("look")],
    summary="The story of a subject",
    tags=["Subjects"],
)
async def show_subject(
    request: WebRequest,
    who: Who,
    subject_id: Id,
    after: Annotated[str | None, Parameter(max_length=40)] = None,
) -> Story:
    """Return what was told of a subject, what runs saw and decided, and what was posted."""
    async with Console.of(request).database.transaction() as on:
        with reading_places():
            found = await story(on, await seen(on), subject_id, role=who.role, after=after)
    if found is None:
        raise NotFoundException(detail="There is no such subject")
    return found


@get(
    "/subjects/{subject_id:int}/compare",
    guards=[needs("look")],
    summary="Compare two runs",
    tags=["Subjects"],
)
async def compare_runs(request: WebRequest, subject_id: Id, first: Id, second: Id) -> Compared:
    """Return what differs between what two runs saw and decided."""
    async with Console.of(request).database.transaction() as on:
        found = await compare(on, await seen(on), subject_id, first, second)
    if found is None:
        raise NotFoundException(detail="There are no such runs of it")
    return found


@get(
    "/runs/{run_id:int}/plan",
    guards=[needs("look")],
    summary="Plan again with today's rules",
    tags=["Subjects"],
)
async def plan_run_again(request: WebRequest, run_id: Id) -> PlannedAgain:
    """Plan what a run saw with today's rules and settings. Nothing is posted."""
    console = Console.of(request)
    async with console.database.single() as on:
        names = await seen(on)
    try:
        return await plan_again(console.installation, names, run_id)
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error


@post(
    "/subjects/{subject_id:int}/preview",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Look at what a decision leads to",
    tags=["Decisions"],
)
async def preview(
    request: WebRequest, who: Who, subject_id: Id, data: DecisionWanted
) -> ErrandShown:
    """Ask a worker what a decision would lead to. Nothing is recorded."""
    return await _ask(request, who, subject_id, data, record=False)


@post(
    "/subjects/{subject_id:int}/decisions",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Decide",
    tags=["Decisions"],
)
async def decide(
    request: WebRequest, who: Who, subject_id: Id, data: DecisionWanted
) -> ErrandShown:
    """Ask a worker to record a decision, and let its subject run again."""
    return await _ask(request, who, subject_id, data, record=True)


@post(
    "/decisions/{decision_id:int}/take-back",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Take a decision back",
    tags=["Decisions"],
)
async def take_back(
    request: WebRequest, who: Who, decision_id: Id, data: TakenBackWith
) -> ErrandShown:
    """Ask a worker to take a decision back. What was posted since stays, and is named."""
    try:
        asked = await ask_to_take_back(
            Console.of(request).installation,
            await asker(request, who),
            decision_id,
            note=data.note,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return shown(asked)


async def _ask(
    request: WebRequest, who: Who, subject_id: int, data: DecisionWanted, *, record: bool
) -> ErrandShown:
    try:
        asked = await ask_about(
            Console.of(request).installation,
            await asker(request, who),
            subject_id,
            data.asked,
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return shown(asked)


ROUTES: tuple[Any, ...] = (
    show_subject,
    compare_runs,
    plan_run_again,
    preview,
    decide,
    take_back,
)
