"""The front page: it leads to the first page of the menu that the person may open."""

from litestar import Response, get

from ml_connector.web.console.menu import MENU
from ml_connector.web.console.rendering import see_other
from ml_connector.web.who import Who


@get("/")
async def front(who: Who) -> Response[bytes]:
    """Go on to the first page that there is for this person."""
    paths = [entry.path for group in MENU for entry in group.entries if who.may(entry.right)]
    return see_other(next(iter(paths), "/account"))


ROUTES = (front,)
