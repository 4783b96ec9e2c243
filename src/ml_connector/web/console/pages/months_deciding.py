"""Deciding about the differences of a month, in a drawer beside its page."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.errands.asking import PREVIEW_DIFFERENCE, ask_about_difference, own
from ml_connector.app.views.books import months as views
from ml_connector.app.views.books.month_deciding import (
    DecidingDifference,
    deciding_difference,
    subject_of,
)
from ml_connector.app.views.books.month_found import MonthDifference
from ml_connector.app.views.books.months import MonthPage
from ml_connector.ledger.people.errands import Errand
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import which
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.drawer import (
    asker,
    choice_of,
    decision_asked,
    reload,
)
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH: Final = "/months/{month:str}"

ErrandId = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]
DifferenceId = Annotated[str, Parameter(max_length=100)]


async def month_drawer(
    request: WebRequest,
    who: Who,
    shown: Shown,
    found: MonthPage,
    *,
    decide: str,
    errand: int | None,
) -> dict[str, Any]:
    """Return what the drawer beside a month shows, for its template."""
    about = _about(found, decide, who) if decide else None
    asked = None
    if errand is not None:
        asked = await own(Console.of(request).installation, asker(who, shown), errand)
    return {"about": about, "errand": asked, **_places(found.month, about, asked)}


def _places(
    month: str, about: DecidingDifference | None, errand: Errand | None
) -> Mapping[str, Any]:
    return {
        "choice": choice_of(about.choices if about else (), errand),
        "at": f"month-{month}",
        "list_path": f"/months/{month}",
        "drawer_path": f"/months/{month}/drawer",
    }


def differences(found: MonthPage) -> list[MonthDifference]:
    """Return all differences that the newest report of a month shows."""
    shown = found.shown
    return [*shown.open, *shown.explained, *shown.accepted] if shown else []


def _about(found: MonthPage, difference: str, who: Who) -> DecidingDifference | None:
    one = next((one for one in differences(found) if one.id == difference), None)
    if one is None:
        return None
    decided = any(kept.difference == difference for kept in found.decisions)
    return deciding_difference(one, found.month, role=who.role, decided=decided)


async def fact_of(request: WebRequest, shown: Shown, one: MonthDifference) -> int | None:
    """Return the subject with which a difference is decided; None where nothing told of it."""
    async with Console.of(request).database.single() as on:
        return await subject_of(on, shown.connection, one.source)


@get(f"{_PATH}/drawer", guards=[needs("look")])
async def drawer_part(
    request: WebRequest,
    *,
    who: Who,
    shown: Shown,
    month: str,
    decide: DifferenceId,
    errand: ErrandId = None,
) -> Response[bytes]:
    """Return what the drawer shows now, for a page that is open."""
    async with Console.of(request).database.single() as on:
        one = await which(on, shown.connection)
        found = await views.month_page(on, one, views.parsed(month, one))
    held = await month_drawer(request, who, shown, found, decide=decide, errand=errand)
    asked = held["errand"]
    if asked is not None and asked.state == "done" and asked.kind != PREVIEW_DIFFERENCE:
        return reload(_back(shown, found.month, decide, asked.id))
    return page(request, "components/decide.html.jinja", **held)


@post(f"{_PATH}/differences/{{difference:str}}/preview", guards=[needs("look")], status_code=303)
async def preview(
    request: WebRequest, who: Who, shown: Shown, month: str, difference: str
) -> Response[bytes]:
    """Ask what a decision about a difference would lead to."""
    return await _ask(request, who, shown, month, difference, record=False)


@post(f"{_PATH}/differences/{{difference:str}}/decide", guards=[needs("look")], status_code=303)
async def decide(
    request: WebRequest, who: Who, shown: Shown, month: str, difference: str
) -> Response[bytes]:
    """Ask to record a decision about a difference."""
    return await _ask(request, who, shown, month, difference, record=True)


async def _ask(
    request: WebRequest, who: Who, shown: Shown, month: str, difference: str, *, record: bool
) -> Response[bytes]:
    typed = await Typed.into(request)
    if not difference.startswith(f"{month}-"):
        raise NotFoundException(detail="That month has no such difference")
    try:
        made = await ask_about_difference(
            Console.of(request).installation,
            asker(who, shown, key=typed.text("key") or None),
            shown.connection,
            difference,
            decision_asked(typed),
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return see_other(_back(shown, month, difference, made.id))


def _back(shown: Shown, month: str, difference: str, errand: int) -> str:
    where = f"connection={shown.connection}&decide={difference}&errand={errand}"
    return f"/months/{month}?{where}#decide"


ROUTES: tuple[Any, ...] = (drawer_part, preview, decide)
