"""Setting a connection up, step by step."""

from typing import Final

from ml_connector.web.console.pages.connect import acts, live, steps

ROUTES: Final = (*steps.ROUTES, *live.ROUTES, *acts.ROUTES)
