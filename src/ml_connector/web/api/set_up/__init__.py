"""Setting connections up, for programs."""

from typing import Final

from ml_connector.web.api.set_up import ahead, drafts, mode

ROUTES: Final = (*drafts.ROUTES, *mode.ROUTES, *ahead.ROUTES)
