"""``/journal/undo``: counter-documents of what was posted, looked at and posted."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import post
from litestar.exceptions import NotFoundException
from msgspec import Meta

from ml_connector.app.errands.asking import ask_to_undo
from ml_connector.web.address import WebRequest
from ml_connector.web.api.books.months import Named
from ml_connector.web.api.errands import ErrandShown, asker, shown
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

Numbers = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...],
    Meta(min_length=1, max_length=100),
]


class UndoWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents that are to be taken back.

    Attributes:
        documents: numbers of the journal, internal ids or external ids.
        seen: of a look: its answer's ``seen``. They are undone only if that is still so.
    """

    documents: Numbers
    seen: Annotated[str, Meta(max_length=16)] = ""


@post(
    "/journal/undo/preview",
    guards=[needs("undo")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Look at counter-documents",
    tags=["Audit trail"],
)
async def preview(
    request: WebRequest, who: Who, connection: Named, data: UndoWanted
) -> ErrandShown:
    """Ask a worker which counter-documents would take these documents back. None is posted."""
    return await _ask(request, who, connection, data, record=False)


@post(
    "/journal/undo",
    guards=[needs("undo")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Take documents back",
    tags=["Audit trail"],
)
async def undo(request: WebRequest, who: Who, connection: Named, data: UndoWanted) -> ErrandShown:
    """Ask a worker to post the counter-documents. Nothing that was posted is edited or deleted."""
    return await _ask(request, who, connection, data, record=True)


async def _ask(
    request: WebRequest, who: Who, connection: str, data: UndoWanted, *, record: bool
) -> ErrandShown:
    console = Console.of(request)
    async with console.database.single() as on:
        one = await which(on, connection)
    try:
        asked = await ask_to_undo(
            console.installation,
            await asker(request, who),
            one.name,
            data.documents,
            seen=data.seen,
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return shown(asked)


ROUTES = (preview, undo)
