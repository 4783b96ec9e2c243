"""An opened installation: the books, the vault, the limits, the transport."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ml_connector.app.installation.database_server import (
    DatabaseServer,
    check_schema,
    database_server,
)
from ml_connector.app.installation.held_connections import HeldConnections
from ml_connector.app.installation.setup import master_key_ring
from ml_connector.config.settings import Settings
from ml_connector.engine.work.lanes import Lanes
from ml_connector.process_name import process_name
from ml_connector.storage.database import PATIENCE_SECONDS, Database
from ml_connector.transport.http.budget import CallBudget
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import Reach
from ml_connector.transport.http.meter import Meter
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.masterkey import Ring
from ml_connector.vault.secrets import Vault
from ml_connector.vault.tokens import Tokens

if TYPE_CHECKING:
    from ml_connector.engine.flow import Flow


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What commands, web and worker work with.

    Attributes:
        holder: name of this process, in leases and runs.
        ring: the master keys.
        lanes: defers jobs.
        drafts: the secrets of connections that are not applied yet.
    """

    settings: Settings
    holder: str
    server: DatabaseServer
    database: Database
    ring: Ring
    vault: Vault
    drafts: Vault
    tokens: Tokens
    limits: Limits
    transport: Transport
    lanes: Lanes

    @property
    def flows_by_topic(self) -> "Mapping[str, Flow]":
        """Which flow each handled webhook topic concerns."""
        # Commands that only look need no flow, and all of them take a tenth of a second to load.
        from ml_connector.engine.flow import topics_of  # noqa: PLC0415 - see above
        from ml_connector.flows import FLOWS  # noqa: PLC0415 - see above

        return topics_of(FLOWS)

    def reaching(self, reach: Reach) -> "Installation":
        """Return the same installation, of whose held connections some calls go out."""
        return replace(self, transport=self.transport.reaching(reach))

    def within(self, budget: CallBudget) -> "Installation":
        """Return the same installation, which makes no more calls than a budget allows."""
        return replace(self, transport=self.transport.within(budget))


@asynccontextmanager
async def open_installation(
    settings: Settings,
    *,
    pool_size: int = 10,
    patience_seconds: float = PATIENCE_SECONDS,
    meter: Meter | None = None,
) -> AsyncGenerator[Installation]:
    """Open the installation for the length of the block.

    Args:
        settings: of the installation.
        pool_size: most connections to the database.
        patience_seconds: how long who needs one waits for a database that is away.
        meter: is told of every call to the two systems.

    Raises:
        UserError: it is not set up, or something of it can't be used.
    """
    with database_server(settings) as server:
        check_schema(server.owner_url)
        ring = master_key_ring(settings)
        holder = process_name()
        async with Database(
            server.url, size=pool_size, patience_seconds=patience_seconds
        ) as database:
            limits = Limits(database, holder=holder)
            tokens = Tokens(database, ring, holder=holder)
            holds = HeldConnections(database)
            async with Transport(limits=limits, holds=holds, meter=meter) as transport:
                try:
                    yield Installation(
                        settings=settings,
                        holder=holder,
                        server=server,
                        database=database,
                        ring=ring,
                        vault=Vault(database, ring),
                        drafts=Vault(database, ring, table="draft_secret"),
                        tokens=tokens,
                        limits=limits,
                        transport=transport,
                        lanes=Lanes(server.url),
                    )
                finally:
                    await tokens.aclose()
