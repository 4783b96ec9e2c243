"""The paths of the consent's routes, for code that must not load a web framework."""

from typing import Final

START_PATH: Final = "/oauth/shipbob/start"
CALLBACK_PATH: Final = "/oauth/shipbob/callback"
