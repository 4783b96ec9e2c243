"""What both systems show to a connection that is being set up. Done by a worker, as an errand."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ml_connector.app.connections.checks import Check, as_rows, outcome_of
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.opening import OpenedDraft, open_draft
from ml_connector.app.set_up.order_rules import OrdersTried, try_ways
from ml_connector.app.set_up.products import ProductsCompared, Tells, compare_products
from ml_connector.app.set_up.proposals import zones_at
from ml_connector.errors import ConnectorError, UserError
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import setup
from ml_connector.netsuite.queries.offered import choices
from ml_connector.transport.spoiled import SpoiledRow, gathering
from ml_connector.words import System

_LONGEST_ADDRESS: Final = 200
_NAMED: Final = 3
_MOST: Final = 500
"""So many of each kind are kept to choose from."""


class Choosable(msgspec.Struct, frozen=True, kw_only=True):
    """Something to choose.

    Attributes:
        note: what tells it from others, such as the number or type of an account.
        address: of a center or a location, as one text; empty where it is not shown.
        is_writable: of a channel: whether these credentials may write to it.
    """

    id: str
    name: str
    note: str = ""
    is_writable: bool = False
    address: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one look showed.

    Attributes:
        checks: of both systems, as ``ping`` shows them.
        vendors: those of NetSuite that are ShipBob by their name.
        subsidiaries: empty where the account has none, or the role may not see them.
        products: SKUs held against items; None where both systems did not let us in.
        orders: ways to find a sales order, tried; likewise.
        zones: in which it is as late as NetSuite's clock shows, the likeliest first; empty where
            that is not known.
    """

    checks: list[dict[str, Any]] = []
    locations: list[Choosable] = []
    accounts: list[Choosable] = []
    vendors: list[Choosable] = []
    subsidiaries: list[Choosable] = []
    channels: list[Choosable] = []
    centers: list[Choosable] = []
    products: ProductsCompared | None = None
    orders: OrdersTried | None = None
    zones: tuple[str, ...] = ()


async def look(installation: Installation, name: str, tells: Tells) -> Seen:
    """Sign in to both systems with what a draft has, and list what can be chosen.

    Harmless to both: it reads. A system of which the draft has no credentials is not asked. Where
    both let us in, products are held against items, and the last orders against sales orders.

    Args:
        installation: where.
        name: of the draft.
        tells: is told how far it has come.

    Raises:
        UserError: there is no such draft, or a value of it can't be used.
        NeedsHuman: its secrets can't be opened.
    """
    return await look_with(await open_draft(installation, name), tells)


async def look_with(opened: OpenedDraft, tells: Tells) -> Seen:
    """Return the same of settings that are opened already."""
    netsuite, shipbob = await asyncio.gather(_netsuite(opened), _shipbob(opened))
    checks = [*netsuite[0], *shipbob[0]]
    found = {kind: some[:_MOST] for kind, some in {**netsuite[1], **shipbob[1]}.items()}
    zones = tuple(one.id for one in found.pop("zones", []))
    seen = msgspec.structs.replace(Seen(checks=as_rows(checks), zones=zones), **found)
    both = len({one.system for one in checks if one.outcome == "ok"}) > 1
    if not both or any(one.outcome != "ok" for one in checks if one.needed):
        return seen
    return await _compare(opened, seen, checks, tells)


async def _compare(opened: OpenedDraft, seen: Seen, checks: list[Check], tells: Tells) -> Seen:
    """Return the same look with products and orders compared, as far as that can be done."""
    shipbob, (netsuite, _) = opened.shipbob(), opened.netsuite()
    found: dict[str, Any] = {}

    async def products() -> str:
        compared = await compare_products(shipbob, netsuite, opened.settings.skus, tells)
        found["products"] = compared
        return f"{compared.matched} of {compared.skus} SKUs have one item"

    async def orders() -> str:
        tells("Looking the last orders up in NetSuite", 0)
        tried = await try_ways(shipbob, netsuite)
        found["orders"] = tried
        best = tried.of(tried.best)
        if not tried.orders:
            return "none yet to try the rules on"
        return f"{best.one if best else 0} of {tried.orders} have one sales order"

    await _check(checks, "shipbob", "products", products(), needed=False)
    await _check(checks, "shipbob", "last orders", orders(), needed=False)
    return msgspec.structs.replace(seen, checks=as_rows(checks), **found)


Looked = tuple[list[Check], dict[str, list[Choosable]]]


async def _netsuite(opened: OpenedDraft) -> Looked:
    settings = opened.settings
    if settings.netsuite.private_key is None:
        return [], {}
    checks: list[Check] = []
    found: dict[str, list[Choosable]] = {}

    async def token() -> str:
        _, auth = opened.netsuite()
        await auth.token()
        return f"account {settings.netsuite.account_id}"

    await _check(checks, "netsuite", "token", token())
    if checks[-1].outcome != "ok":
        return checks, found
    client, _ = opened.netsuite()
    await _check(checks, "netsuite", "locations", _locations(client, found))
    await _check(checks, "netsuite", "accounts", _accounts(client, found))
    await _check(checks, "netsuite", "vendors", _vendors(client, found), needed=False)
    await _check(checks, "netsuite", "subsidiaries", _subsidiaries(client, found), needed=False)
    await _check(checks, "netsuite", "time zone", _zones(client, found), needed=False)
    return checks, found


async def _locations(client: NetSuite, found: dict[str, list[Choosable]]) -> str:
    found["locations"] = [
        Choosable(id=one.id, name=one.fullname or one.name, address=_line(one.address))
        for one in await choices.locations(client.query)
        if not one.isinactive
    ]
    return f"{len(found['locations'])} to choose from"


async def _accounts(client: NetSuite, found: dict[str, list[Choosable]]) -> str:
    found["accounts"] = [
        Choosable(
            id=one.id, name=one.name, note=" ".join(filter(None, (one.acctnumber, one.accttype)))
        )
        for one in await choices.accounts(client.query)
        if not one.isinactive
    ]
    return f"{len(found['accounts'])} to choose from"


async def _vendors(client: NetSuite, found: dict[str, list[Choosable]]) -> str:
    found["vendors"] = [
        Choosable(id=one.id, name=one.name)
        for one in await choices.vendors(client.query)
        if not one.isinactive
    ]
    return ", ".join(f"{one.id} {one.name}" for one in found["vendors"][:3]) or (
        "none has ShipBob in its name: type the internal id"
    )


async def _subsidiaries(client: NetSuite, found: dict[str, list[Choosable]]) -> str:
    try:
        listed = await setup.subsidiaries(client.query)
    except UnknownIdentifier:
        return "the account has none"
    found["subsidiaries"] = [Choosable(id=one.id, name=one.name) for one in listed]
    return f"{len(listed)} to choose from"


async def _zones(client: NetSuite, found: dict[str, list[Choosable]]) -> str:
    """Say in which zones it is as late as NetSuite's clock shows (netsuite.md section 4.2)."""
    shown = await setup.account_clock(client.query)
    there = zones_at(datetime.fromisoformat(shown), datetime.now(UTC))
    found["zones"] = [Choosable(id=zone, name=zone) for zone in there]
    where = f"as in {', '.join(there[:_NAMED])}" if there else "as in no zone that is known here"
    return f"NetSuite's clock shows {shown[11:16]}, {where}"


async def _shipbob(opened: OpenedDraft) -> Looked:
    if not opened.has_shipbob:
        return [], {}
    checks: list[Check] = []
    found: dict[str, list[Choosable]] = {}

    async def channels() -> str:
        listed = await opened.shipbob().channels()
        found["channels"] = [
            Choosable(
                id=str(one.id),
                name=one.name,
                note=one.application_name,
                is_writable=one.writable,
            )
            for one in listed
        ]
        return f"{len(listed)}, {sum(one.writable for one in listed)} of them can be written to"

    async def centers() -> str:
        listed = await opened.shipbob().centers.addressed()
        found["centers"] = [
            Choosable(
                id=str(one.id),
                name=one.name,
                address=_line(one.address1, one.city, one.zip_code),
            )
            for one in listed
        ]
        return ", ".join(f"{one.id} {one.name}" for one in listed[:3]) or "none"

    await _check(checks, "shipbob", "token and channels", channels())
    if checks[-1].outcome == "ok":
        await _check(checks, "shipbob", "fulfillment centers", centers())
    return checks, found


def _line(*parts: str | None) -> str:
    """Return an address in one line, short enough to be kept."""
    return ", ".join(" ".join(part.split()) for part in parts if part)[:_LONGEST_ADDRESS]


async def _check(
    checks: list[Check],
    system: System,
    name: str,
    ask: Awaitable[str],
    *,
    needed: bool = True,
) -> None:
    spoiled: list[SpoiledRow] = []
    try:
        with gathering(spoiled):
            found = await ask
        odd = "; ".join(one.sentence for one in spoiled)
        said = f"{found}. Left out, since it can't be read: {odd}" if odd else found
        checks.append(Check(system=system, name=name, outcome="ok", found=said))
    except (ConnectorError, UserError) as error:
        remedy = error.remedy if isinstance(error, ConnectorError) else error.next_step
        checks.append(
            Check(
                system=system,
                name=name,
                outcome=outcome_of(error),
                found=str(error),
                remedy=remedy,
                needed=needed,
            )
        )
