"""What ping looks at in ShipBob (shipbob.md sections 3, 4, 7 and 9). Everything is read only."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final

from ml_connector.app.connections.checks import Check, Outcome
from ml_connector.app.connections.ids import unlisted_centers, without_places
from ml_connector.app.ping.orders import order_checks
from ml_connector.app.ping.running import Probe, Tell, is_needed, run, tell_nobody
from ml_connector.app.ping.writing import GET_ANOTHER, channel_checks
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.items import items_by_sku
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import Variant
from ml_connector.shipbob.permission_probes import BILLING, LOOKS, NEEDED_BY
from ml_connector.shipbob.session import Request
from ml_connector.shipbob.sign_in.access import Access
from ml_connector.shipbob.webhooks.subscription_plan import same_address

_FEW: Final = 5
_A_LOOK: Final = 250
"""Products that a ping looks at; with ``--deep`` it looks at all."""


class PingShipBob:
    """The checks of one connection's ShipBob account.

    Args:
        open_client: makes the client and its access.
        open_billing: makes the client that reads billing.
        netsuite: the account whose items SKUs are compared with; None when it can't be used.
        settings: of the connection.
        webhook_url: where ShipBob should send; None when no public address is set.
        deep: look at every product, look each SKU up in NetSuite, and the last orders.
        until: the time, of the event loop's clock, by which all checks must be done.
        tell: of each check when it ends.
    """

    def __init__(
        self,
        open_client: Callable[[], tuple[ShipBob, Access]],
        open_billing: Callable[[], ShipBob],
        *,
        netsuite: NetSuite | None,
        settings: ConnectionSettings,
        webhook_url: str | None,
        deep: bool,
        until: float,
        tell: Tell = tell_nobody,
    ) -> None:
        self._open_client = open_client
        self._open_billing = open_billing
        self._netsuite = netsuite
        self._settings = settings
        self._webhook_url = webhook_url
        self._deep = deep
        self._until = until
        self._tell = tell

    async def checks(self) -> list[Check]:
        """Do all checks; stop after the first one when there is no token."""
        found = await run(
            "shipbob",
            [Probe(name="token", ask=self._token)],
            until=self._until,
            tell=self._tell,
        )
        if found[0].outcome != "ok":
            return found
        client, _ = self._open_client()
        # The first call shows whether ShipBob takes the token at all.
        found += await run(
            "shipbob",
            [Probe(name="channel", ask=partial(self._channel, client))],
            until=self._until,
            tell=self._tell,
        )
        if found[-1].outcome == "failed":
            return found
        off = self._settings.flows_off
        probes = [
            Probe(name="fulfillment centers", ask=partial(self._centers, client)),
            *(
                Probe(
                    name=f"scope {scope}",
                    ask=partial(_look, client, request),
                    needed=is_needed(NEEDED_BY.get(scope, frozenset()), off),
                    remedy=f"The token lacks the scope {scope}. {GET_ANOTHER}",
                    only_when_forbidden=True,
                    stops=NEEDED_BY.get(scope, frozenset()) - off,
                )
                for scope, request in LOOKS.items()
            ),
            Probe(
                name="scope billing_read",
                ask=self._billing,
                needed="billing" not in off,
                remedy="Billing is read with a personal access token only, and older ones lack"
                f" the scope billing_read. {GET_ANOTHER}",
                only_when_forbidden=True,
                stops=frozenset({"billing"}) - off,
            ),
            Probe(name="webhooks", ask=partial(self._webhooks, client), needed=False),
            Probe(name="products", ask=partial(self._products, client), needed=False),
        ]
        if self._deep and self._netsuite is not None:
            ask = partial(order_checks, client, self._netsuite, self._settings)
            probes.append(Probe(name="orders", ask=ask, needed=False))
        return found + await run("shipbob", probes, until=self._until, tell=self._tell)

    async def _token(self) -> str:
        _, access = self._open_client()
        bearer = await access.bearer()
        return "personal access token" if bearer.token is None else "consent, renewed by itself"

    async def _channel(self, client: ShipBob) -> Sequence[Check]:
        channels = await client.channels()
        wanted = await client.channel_id()
        chosen = next((one for one in channels if one.id == wanted), None)
        if chosen is None:
            return [
                _check(
                    "channel",
                    "missing",
                    f"there is no channel {wanted}",
                    "Correct channel_id under [shipbob]: ShipBob lists "
                    + (", ".join(f"{one.id} ({one.name})" for one in channels[:_FEW]) or "none")
                    + ".",
                )
            ]
        return channel_checks(chosen, self._settings)

    async def _centers(self, client: ShipBob) -> Sequence[Check]:
        known = {str(one.id): one.name for one in await client.centers.listed()}
        mapped = self._settings.locations
        unmapped = [f"{key} {name}" for key, name in known.items() if key not in mapped]
        checks = [
            _check(
                "fulfillment centers",
                "ok" if mapped else "missing",
                f"{len(known)} at ShipBob, {len(mapped)} mapped",
                "" if mapped else "Map each one to a NetSuite location under [locations].",
            )
        ]
        if mapped and unmapped:
            checks.append(
                _check(
                    "unmapped centers",
                    "missing",
                    f"{', '.join(unmapped[:_FEW])}{' ...' if len(unmapped) > _FEW else ''}",
                    "Where stock may go to one of them, map it under [locations]: until then its"
                    " documents wait.",
                    needed=False,
                )
            )
        unlisted = unlisted_centers(self._settings, known)
        return checks + (await self._unknown(client, unlisted) if unlisted else [])

    async def _unknown(self, client: ShipBob, unlisted: list[Check]) -> list[Check]:
        """Tell hubs, to which nothing may be sent, from centers that ShipBob does not have."""
        try:
            places = {str(one.id) for one in await client.centers.every_place()}
        except ConnectorError:  # without the scope locations_read they may be either
            return unlisted
        return without_places(self._settings, places, unlisted)

    async def _billing(self) -> str:
        await self._open_billing().look_at(BILLING)
        return "can be read"

    async def _webhooks(self, client: ShipBob) -> Sequence[Check]:
        if self._webhook_url is None:
            return [
                _check(
                    "webhooks",
                    "missing",
                    "the public address is not set",
                    "Set MLC_PUBLIC_URL to the address that ShipBob can reach, then run"
                    " ml-connector sync webhooks.",
                    needed=False,
                )
            ]
        listed = await client.subscriptions.every()
        ours = [one for one in listed if same_address(one.url, self._webhook_url)]
        off = [one.id for one in ours if not one.enabled]
        topics = sorted({topic for one in ours if one.enabled for topic in one.topics})
        remedy = "Run ml-connector sync webhooks: it makes what is missing and replaces the rest."
        if off:
            return [
                _check("webhooks", "failed", f"disabled: {', '.join(off)}", remedy, needed=False)
            ]
        if not topics:
            return [
                _check(
                    "webhooks",
                    "missing",
                    f"no subscription for {self._webhook_url}",
                    remedy,
                    needed=False,
                )
            ]
        return [
            _check(
                "webhooks",
                "ok",
                f"{len(ours)} subscriptions, {len(topics)} topics",
                needed=False,
            )
        ]

    async def _products(self, client: ShipBob) -> Sequence[Check]:
        seen = 0
        bare: list[str] = []
        skus: set[str] = set()
        async for product in client.products():
            for variant in filter(_is_active, product.variants):
                sku = (variant.sku or "").strip()
                if sku:
                    skus.add(sku)
                else:
                    bare.append(f"{variant.id} {variant.name or product.name}")
            seen += 1
            if not self._deep and seen >= _A_LOOK:
                break
        extent = "products" if self._deep else "products looked at"
        checks = [
            _check(
                "products without SKU",
                "missing" if bare else "ok",
                f"{len(bare)} of {seen} {extent}: {', '.join(bare[:_FEW])}"
                if bare
                else f"none of {seen} {extent}",
                "Give them a SKU at ShipBob: what happens to them can't be booked."
                if bare
                else "",
                needed=False,
            )
        ]
        if self._deep and self._netsuite is not None:
            checks.append(await self._fits(self._netsuite, skus))
        return checks

    async def _fits(self, netsuite: NetSuite, skus: set[str]) -> Check:
        """Compare all SKUs with NetSuite's items."""
        names = {sku: self._settings.skus.get(sku, sku) for sku in skus}
        items = await items_by_sku(netsuite.query, sorted(set(names.values())))
        absent = sorted(sku for sku, name in names.items() if not items.get(name))
        return _check(
            "SKUs in NetSuite",
            "missing" if absent else "ok",
            f"{len(absent)} of {len(skus)} have no item: {', '.join(islice(absent, _FEW))}"
            if absent
            else f"all {len(skus)} have an item",
            "Make the items, or map the SKUs under [skus]: until then their documents wait."
            if absent
            else "",
            needed=False,
        )


def not_asked() -> Check:
    """Return the check that says that ShipBob was not asked."""
    return _check("token", "failed", "not asked while NetSuite can't be used")


async def _look(client: ShipBob, request: Request) -> str:
    await client.look_at(request)
    return "can be read"


def _is_active(variant: Variant) -> bool:
    return variant.status in {"Active", ""} and not variant.is_digital


def _check(
    name: str, outcome: Outcome, found: str, remedy: str = "", *, needed: bool = True
) -> Check:
    return Check(
        system="shipbob", name=name, outcome=outcome, found=found, remedy=remedy, needed=needed
    )
