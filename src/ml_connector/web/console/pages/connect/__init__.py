"""Setting a connection up, step by step."""

from typing import Final

from ml_connector.web.console.pages.connect import acts, steps

ROUTES: Final = (*steps.ROUTES, *acts.ROUTES)
