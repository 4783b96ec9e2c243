"""The context of a command: its settings, its printer, and access to the installation.

Most imports stand where they are used: they take seconds, and printing help needs none of them.
"""

import asyncio
import dataclasses
import getpass
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ml_connector.cli.arguments import GlobalOptions
from ml_connector.cli.printing import Printer
from ml_connector.errors import ConnectorError, UserError

if TYPE_CHECKING:
    from ml_connector.app.installation.installation import Installation
    from ml_connector.config.settings import Settings
    from ml_connector.ledger.connections.connections import AppliedConnection
    from ml_connector.storage.database import Connection

T = TypeVar("T")


@dataclass
class Context:
    """The state of one command."""

    options: GlobalOptions
    printer: Printer
    zone: tzinfo = UTC
    """In which moments are shown and read: the connection's, as soon as one is meant."""

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the installation; the first access also configures the logs."""
        from ml_connector.config import logs  # noqa: PLC0415 - see above
        from ml_connector.config.settings import load  # noqa: PLC0415 - see above

        settings = load(self.options.config)
        logs.configure(settings.log_format, settings.log_level, color=self.options.color)
        return settings

    def named(self, connection: str) -> None:
        """Set the connection that is meant to the one that the command's own argument names."""
        self.options = dataclasses.replace(self.options, connection=connection)

    def person(self) -> str:
        """Return the name of the person who acts: the account that runs the command."""
        return f"{getpass.getuser()} (command line)"

    def run(self, work: Callable[["Installation"], Awaitable[T]]) -> T:
        """Open the installation, do the work on it, close it again."""
        from ml_connector.app.installation.installation import open_installation  # noqa: PLC0415 - see above

        async def opened() -> T:
            async with open_installation(self.settings) as installation:
                return await work(installation)

        return asyncio.run(opened())

    async def connection(self, on: "Connection") -> "AppliedConnection":
        """Return the connection that is meant; moments are of its time zone from then on.

        Raises:
            UserError: there is no connection, none of that name, or there are several and none
                was named.
        """
        from ml_connector.ledger.connections import connections  # noqa: PLC0415 - see above

        known = await connections.every(on)
        names = ", ".join(one.name for one in known)
        if self.options.connection is not None:
            for one in known:
                if one.name == self.options.connection:
                    return self._in_zone_of(one)
            raise UserError(
                f'There is no connection "{self.options.connection}"',
                next_step=f"Known: {names}." if names else _APPLY_FIRST,
            )
        if len(known) == 1:
            return self._in_zone_of(known[0])
        if not known:
            raise UserError("There is no connection yet", next_step=_APPLY_FIRST)
        raise UserError(
            "There are several connections",
            next_step=f"Say which with --connection: {names}.",
            usage=True,
        )

    def _in_zone_of(self, one: "AppliedConnection") -> "AppliedConnection":
        # Settings that can't be read are told of by whoever needs them.
        with suppress(ConnectorError):
            self.zone = one.schedule.zone
        return one

    def shown(self, at: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """Return a moment for a person; empty for none. Where it stands alone, add ``%Z``."""
        return at.astimezone(self.zone).strftime(form) if at else ""

    def name_zone(self) -> None:
        """Say of which time zone the moments in the table above are."""
        self.printer.line(f"Times: {self.zone}", style="dim")

    async def applied(self, installation: "Installation") -> "AppliedConnection":
        """Return the connection that is meant, read in a transaction of its own.

        Raises:
            UserError: as for ``connection``.
        """
        async with installation.database.transaction() as on:
            return await self.connection(on)

    async def names(self, installation: "Installation") -> list[str]:
        """Return the names of the connections that a list should cover."""
        async with self.several(installation) as (_, names):
            return names

    @asynccontextmanager
    async def several(
        self, installation: "Installation"
    ) -> AsyncGenerator[tuple["Connection", list[str]]]:
        """Open a transaction; give it and the names of the connections that a list covers."""
        from ml_connector.ledger.connections import connections  # noqa: PLC0415 - see above

        async with installation.database.transaction() as on:
            known = await connections.every(on)
            self.printer.one_connection = len(known) == 1
            if self.printer.one_connection:
                self._in_zone_of(known[0])
            if self.options.connection is not None:
                yield on, [(await self.connection(on)).name]
            else:
                yield on, [one.name for one in known]


_APPLY_FIRST = "Write a connection file and run: ml-connector connection apply FILE"


_current: ContextVar[Context] = ContextVar("current command")


def enter(context: Context) -> None:
    """Make this the context of the command that is about to run."""
    _current.set(context)


def current() -> Context:
    """Return the context of the command that runs.

    Raises:
        LookupError: no command is running.
    """
    return _current.get()
