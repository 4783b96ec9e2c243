"""Where the routes of a consent are: also for who serves none, and needs no web framework."""

from typing import Final

START_PATH: Final = "/oauth/shipbob/start"
CALLBACK_PATH: Final = "/oauth/shipbob/callback"
