"""The front page: it leads to the first page of the menu that the person may open."""

from litestar import Response, get

from ml_connector.web.address import WebRequest
from ml_connector.web.console.menu import MENU, SANDBOX
from ml_connector.web.console.rendering import see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/")
async def front(request: WebRequest, who: Who) -> Response[bytes]:
    """Go on to the first page that there is for this person."""
    if Console.of(request).sandbox is not None:
        return see_other(SANDBOX.entries[0].path)
    paths = [entry.path for group in MENU for entry in group.entries if who.may(entry.right)]
    return see_other(next(iter(paths), "/account"))


ROUTES = (front,)
