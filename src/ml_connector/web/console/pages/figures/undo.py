"""Taking a document back, in a drawer beside the audit trail: looked at first."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.errands.asking import PREVIEW_UNDO, ask_to_undo, own
from ml_connector.web.address import WebRequest
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.drawer import asker, reload
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH: Final = "/audit-trail"

ErrandId = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]
DocumentNumber = Annotated[str, Parameter(max_length=100)]


async def undo_drawer(
    request: WebRequest, who: Who, shown: Shown, undo: str, errand: int | None
) -> dict[str, Any]:
    """Return what the drawer shows, for its template: which document, and how far it is."""
    asked = None
    if errand is not None:
        asked = await own(Console.of(request).installation, asker(who, shown), errand)
    return {"undo": undo if who.may("undo") else "", "errand": asked}


@get(f"{_PATH}/undo/drawer", guards=[needs("undo")])
async def drawer_part(
    request: WebRequest, who: Who, shown: Shown, undo: DocumentNumber, errand: ErrandId = None
) -> Response[bytes]:
    """Return what the drawer shows now, for a page that is open."""
    held = await undo_drawer(request, who, shown, undo, errand)
    asked = held["errand"]
    if asked is not None and asked.state == "done" and asked.kind != PREVIEW_UNDO:
        return reload(_back(shown, undo, asked.id))
    return page(request, "components/undo.html.jinja", **held)


@post(f"{_PATH}/undo/preview", guards=[needs("undo")], status_code=303)
async def preview(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Ask for the counter-document of a document."""
    return await _ask(request, who, shown, record=False)


@post(f"{_PATH}/undo", guards=[needs("undo")], status_code=303)
async def undo(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Ask to post the counter-document."""
    return await _ask(request, who, shown, record=True)


async def _ask(request: WebRequest, who: Who, shown: Shown, *, record: bool) -> Response[bytes]:
    typed = await Typed.into(request)
    document = typed.text("document").strip()
    if not document:
        raise NotFoundException(detail="No document is named")
    try:
        made = await ask_to_undo(
            Console.of(request).installation,
            asker(who, shown, key=typed.text("key") or None),
            shown.connection,
            [document],
            seen=typed.text("seen"),
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return see_other(_back(shown, document, made.id))


def _back(shown: Shown, document: str, errand: int) -> str:
    where = f"connection={shown.connection}&undo={quote(document)}&errand={errand}"
    return f"{_PATH}?{where}#decide"


ROUTES: tuple[Any, ...] = (drawer_part, preview, undo)
