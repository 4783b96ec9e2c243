"""What all pages work with."""

from typing import Final, Self

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.sandbox.place import Sandbox
from ml_connector.app.users.passwords import Comparing
from ml_connector.config.settings import Settings
from ml_connector.storage.database import Database
from ml_connector.web.address import WebConnection
from ml_connector.web.server import Ending

_KEY: Final = "console"


class Console(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages work with.

    Attributes:
        installation: its database is a pool of its own: pages never take a connection from
            what answers webhooks.
        comparing: compares passwords.
        ending: of this process.
        sandbox: where ``demo`` has started this process; else None.
    """

    installation: Installation
    comparing: Comparing
    ending: Ending = msgspec.field(default_factory=Ending)
    sandbox: Sandbox | None = None

    @property
    def settings(self) -> Settings:
        """Of the installation."""
        return self.installation.settings

    @property
    def database(self) -> Database:
        """Of the installation."""
        return self.installation.database

    @classmethod
    def of(cls, request: WebConnection) -> Self:
        """Return that of the application that was asked."""
        found = request.app.state[_KEY]
        assert isinstance(found, cls)  # noqa: S101 - the application was made with it
        return found

    def as_state(self) -> dict[str, object]:
        """Return it as the state of an application."""
        return {_KEY: self}
