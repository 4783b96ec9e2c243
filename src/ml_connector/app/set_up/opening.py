"""The clients of both systems with what a draft has."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ml_connector.app.connections.apply import as_it_would_be
from ml_connector.app.connections.asking import PassingTokens
from ml_connector.app.installation.clients import netsuite_client, shipbob_client
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.draft_tokens import PAIR, DraftTokens
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.ledger.connections.line_proofs import NoLineProofs
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.sign_in.oauth import SignIn
from ml_connector.reads.locations import LocationReads
from ml_connector.reads.order_lines import OrderLineReads
from ml_connector.reads.reads import Reads
from ml_connector.reads.shipments import ShipmentReads
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.sign_in.access import Access
from ml_connector.vault.token_keeper import TokenKeeper


class OpenedDraft(NamedTuple):
    """A draft as settings, and what signs it in.

    Attributes:
        installation: whose transport the clients send with.
    """

    installation: Installation
    settings: ConnectionSettings
    tokens: TokenKeeper

    def netsuite(self) -> tuple[NetSuite, SignIn]:
        """Return the client of NetSuite and its sign-in.

        Raises:
            NeedsHuman: the key can't be used.
        """
        return netsuite_client(self.installation, self.settings, self.tokens)

    def shipbob(self) -> ShipBob:
        """Return the client of ShipBob.

        Raises:
            NeedsHuman: there are no credentials, or they are of another environment.
        """
        return shipbob_client(self.installation, self.settings, self.tokens)[0]

    def shipbob_access(self) -> Access:
        """Return what authorises calls to ShipBob.

        Raises:
            NeedsHuman: there are no credentials, or they are of another environment.
        """
        return shipbob_client(self.installation, self.settings, self.tokens)[1]

    def reads(self, settings: ConnectionSettings, orders: Mapping[int, int]) -> Reads:
        """Return what flows read with, by other settings. Nothing that they learn is kept.

        Args:
            settings: that say what is read.
            orders: at ShipBob by shipment, as far as they are known by then: shipments are read
                together with their orders.

        Raises:
            NeedsHuman: the credentials can't be used.
        """
        shipbob, (netsuite, _) = self.shipbob(), self.netsuite()

        async def orders_of(shipments: Sequence[int]) -> Mapping[int, int]:
            return {one: orders[one] for one in shipments if one in orders}

        quarantine = settings.policies.quarantine_location
        reads = Reads(
            shipbob,
            netsuite,
            policies=settings.policies,
            skus=settings.skus,
            shipments=ShipmentReads(
                shipbob,
                netsuite,
                order_rules=settings.policies.order_rules,
                orders_of=orders_of,
            ),
            centers_in_use=[int(center) for center in settings.locations],
            locations=LocationReads(netsuite, settings.locations, [*filter(None, [quarantine])]),
        )
        # Else each order costs a read of its own record.
        reads.order_lines = OrderLineReads(netsuite, NoLineProofs(), trusts_queries=True)
        return reads

    @property
    def has_shipbob(self) -> bool:
        """Whether there is anything to sign in to ShipBob with."""
        section = self.settings.shipbob
        return section.token is not None or section.refresh_token is not None


async def open_draft(installation: Installation, name: str) -> OpenedDraft:
    """Open a draft with its secrets.

    Raises:
        UserError: there is no such draft, or a value of it can't be used.
        NeedsHuman: its secrets can't be opened.
    """
    async with installation.database.transaction() as on:
        draft = await drafts.found(on, name)
        secrets = await installation.drafts.all(name, on=on)
    consented = PAIR in secrets
    return OpenedDraft(
        installation,
        drafts.settings(draft, secrets),
        DraftTokens(installation, name, consented=consented),
    )


async def open_file(installation: Installation, settings: ConnectionSettings) -> OpenedDraft:
    """Open the settings of a connection file, with the secrets that are stored of it.

    Raises:
        UserError: the only access to ShipBob is a refresh token that nobody has used: it is good
            once, and nothing of a file that is only looked at is kept.
    """
    complete, keeper = await as_it_would_be(installation, settings)
    section = complete.shipbob
    if keeper is None and section.refresh_token is not None:
        if section.token is None:
            raise UserError(
                "Looking would use up the refresh token of this file, which is good once",
                where="refresh_token in [shipbob]",
                next_step="Apply the file: a new connection starts in dry run. Then plan shows"
                " what it would post.",
            )
        section = section.model_copy(update={"refresh_token": None})
        complete = complete.model_copy(update={"shipbob": section})
    return OpenedDraft(installation, complete, PassingTokens(shipbob=keeper))
