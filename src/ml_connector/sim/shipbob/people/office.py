"""What the merchant sets up: centers, products, channels, tokens, applications."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.access import PAT_APPLICATION, Application, Channel
from ml_connector.sim.shipbob.books.centers import FulfillmentCenter
from ml_connector.sim.shipbob.values.vocabulary import OAUTH_SCOPES, PAT_SCOPES

_CITY: Final = re.compile(r"([A-Za-z .]+) \(([A-Z]{2})\)")
_CODES: Final = MappingProxyType({"Cicero": "60804", "Moreno Valley": "92551", "Ontario": "91761"})
"""Postal codes of cities in which centers lie."""


class Office:
    """The merchant's account settings. Every method may be called from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @locked
    def add_fulfillment_center(
        self, center_id: int, name: str, hub: int | None = None, *, receiving: bool = True
    ) -> FulfillmentCenter:
        """A warehouse.

        Where its name is a city, such as ``Cicero (IL)``, that is where it lies.

        Args:
            center_id: ShipBob's id.
            name: as it is shown.
            hub: the id of the receiving hub that its stock goes through.
            receiving: the merchant may send stock here.

        Raises:
            LookupError: the hub is not there yet.
        """
        if hub is not None and self.books.centers.get(hub) is None:
            raise LookupError(f"There is no hub {hub}: add it first.")
        center = FulfillmentCenter(id=center_id, name=name, hub_id=hub, receiving=receiving)
        if named := _CITY.fullmatch(name):
            city, state = named.groups()
            center.city, center.state = city, state
            center.zip_code = _CODES.get(city, center.zip_code)
        self.books.centers.add(center)
        return center

    @locked
    def add_product(
        self,
        sku: str,
        *,
        name: str | None = None,
        variant: str | None = None,
        product_id: int | None = None,
        inventory_id: int | None = None,
        lot: bool = False,
        active: bool = True,
        digital: bool = False,
        barcodes: Collection[str] = (),
        parts: Mapping[str, int] | None = None,
    ) -> int:
        """A product with one variant, or one more variant of ``product_id``.

        The SKU may exist already: ShipBob has the same SKU on inactive and merged variants. With
        parts it is a bundle: how many of each SKU it is made up of.

        Returns:
            the inventory id.

        Raises:
            LookupError: there is no such product.
            ValueError: the inventory id is taken.
        """
        books, now = self.books, self.books.clock.now()
        if product_id is None:
            product = books.products.add(name or sku, now)
        elif product_id in books.products.by_id:
            product = books.products.by_id[product_id]
        else:
            raise LookupError(f"There is no product {product_id}.")
        made = books.products.add_variant(product, sku, variant or name or sku, now, inventory_id)
        made.lot, made.active, made.digital = lot, active, digital
        made.barcodes = tuple(barcodes) or (sku,)
        if parts:
            product.bundle = True
            made.bundle = tuple((books.products.find(one).id, n) for one, n in parts.items())
        return made.inventory_id

    @locked
    def add_channel(
        self,
        name: str = "My store",
        *,
        application_name: str = PAT_APPLICATION,
        scopes: Collection[str] = PAT_SCOPES,
        channel_id: int | None = None,
    ) -> Channel:
        """A channel; those of other applications can be read but not written to."""
        return self.books.access.add_channel(
            name=name, application_name=application_name, scopes=scopes, channel_id=channel_id
        )

    @locked
    def add_token(
        self,
        token: str | None = None,
        *,
        scopes: Collection[str] | None = None,
        channel: Channel | int | None = None,
    ) -> str:
        """A personal access token. The first one creates the application ``SMA`` (3.1).

        Args:
            token: its text; made up when left out.
            scopes: all of a recent personal access token's when left out.
            channel: the channel it writes to; that of ``SMA`` when left out.

        Returns:
            the token.
        """
        access = self.books.access
        own = access.channels[channel] if isinstance(channel, int) else channel
        return access.add_token(token, scopes, own)

    @locked
    def revoke_token(self, token: str) -> None:
        """From now on the token gets 401."""
        self.books.access.revoke_token(token)

    @locked
    def add_application(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        name: str = "My application",
        redirect_uris: Collection[str] = (),
        scopes: Collection[str] = OAUTH_SCOPES,
    ) -> Application:
        """Register an OAuth application."""
        return self.books.access.add_application(
            client_id=client_id,
            client_secret=client_secret,
            name=name,
            redirect_uris=redirect_uris,
            scopes=scopes,
        )

    @locked
    def consent(self, client_id: str, scopes: Collection[str] | None = None) -> str:
        """What a person's consent in the browser leads to, without the browser.

        Returns:
            a refresh token.
        """
        access = self.books.access
        application = access.applications[client_id]
        asked = tuple(application.scopes if scopes is None else scopes)
        channel = access.install(application, asked)
        return access.grant(client_id, channel.id, asked, self.books.clock.now()).refresh_token
