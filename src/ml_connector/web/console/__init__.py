"""The console: pages for people, behind a sign-in.

A page is a file in ``pages``, a template, and a line here; its place in the menu is one in
``menu.py``.
"""

from typing import Final

from litestar import Router
from litestar.di import Provide

from ml_connector.web.console import guards
from ml_connector.web.console.assets import asset
from ml_connector.web.console.errors import HANDLERS
from ml_connector.web.console.pages import (
    account,
    attention,
    connect,
    events,
    figures,
    front,
    months,
    months_deciding,
    sandbox,
    search,
    sign_in,
    subjects,
    tokens,
    users,
)

_PAGES: Final = (
    *front.ROUTES,
    *figures.ROUTES,
    *sign_in.ROUTES,
    *account.ROUTES,
    *attention.ROUTES,
    *events.ROUTES,
    *search.ROUTES,
    *subjects.ROUTES,
    *users.ROUTES,
    *months.ROUTES,
    *months_deciding.ROUTES,
    *connect.ROUTES,
    *tokens.ROUTES,
    *sandbox.ROUTES,
)


def console_routers() -> list[Router]:
    """Return the routers: what anybody gets, and what only people get who signed in."""
    return [
        Router(
            path="/",
            route_handlers=[asset, *sign_in.OPEN],
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
        Router(
            path="/",
            route_handlers=_PAGES,
            guards=[guards.signed_in],
            dependencies={
                "who": Provide(guards.who, sync_to_thread=False),
                "shown": Provide(guards.what, sync_to_thread=False),
            },
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
    ]
