"""Whether what a connection's settings name by its id is there in NetSuite.

A wrong id is seen only when the first document is refused, or is posted to the wrong place; so
they are looked at before the settings are stored, and again by ping.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from ml_connector.app.connections.checks import Check, Outcome, outcome_of
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, UserError
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import setup
from ml_connector.netsuite.queries.setup import ListTable, Location, Named

_FULFILLMENT: Final = "itemFulfillment"

Look = Callable[[NetSuite, ConnectionSettings], Awaitable[list[Check]]]
"""Looks ids of one kind up; without any there is nothing to say."""


async def id_checks(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look every id up that the settings name, each kind with one query."""
    looks: dict[str, Look] = {
        "locations": locations,
        "accounts": accounts,
        "vendor": vendor,
        "subsidiary": subsidiaries,
        "departments": departments,
        "classes": classes,
        "currencies": currencies,
        "custom fields": custom_fields,
    }
    found = await asyncio.gather(
        *(_looked(name, look, client, settings) for name, look in looks.items())
    )
    return [check for checks in found for check in checks]


async def _looked(
    name: str, look: Look, client: NetSuite, settings: ConnectionSettings
) -> list[Check]:
    try:
        return await look(client, settings)
    except (ConnectorError, UserError) as error:
        remedy = error.remedy if isinstance(error, ConnectorError) else error.next_step
        return [netsuite_check(name, outcome_of(error), str(error), remedy)]


def location_ids(settings: ConnectionSettings) -> list[str]:
    """Return the ids of all locations that the settings name, each once."""
    billing = settings.billing
    named = (
        *settings.locations.values(),
        settings.policies.quarantine_location,
        billing.location,
        *(one.location for one in billing.centers.values()),
    )
    return _once(named)


def account_ids(settings: ConnectionSettings) -> list[str]:
    """Return the ids of all accounts that the settings name, each once."""
    of, billing = settings.accounts, settings.billing
    return _once(
        (
            of.inventory_adjustment,
            of.write_off,
            billing.default_account,
            billing.tax_account,
            *billing.accounts.values(),
        )
    )


async def locations(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the locations up."""
    wanted = location_ids(settings)
    if not wanted:
        return []
    return [location_check(wanted, await setup.locations(client.query, wanted))]


def location_check(wanted: Sequence[str], known: Mapping[str, Location]) -> Check:
    """Return what there is to say of locations. Pure."""
    return _there(
        "locations",
        wanted,
        {one.id: (f"{one.id} {one.name}", bool(one.isinactive)) for one in known.values()},
        remedy="Correct the ids under [locations], [policies] and [billing] (Lists > Accounting >"
        " Locations shows them), or let the role see the location's subsidiary.",
    )


def unlisted_centers(settings: ConnectionSettings, listed: Collection[str]) -> list[Check]:
    """Say which mapped centers ShipBob does not list: one that takes nothing in any more. Pure."""
    strange = [center for center in settings.locations if center not in listed]
    if not strange:
        return []
    unknown = Check(
        system="shipbob",
        name="unknown centers",
        outcome="missing",
        found=f"ShipBob lists no {', '.join(strange)}",
        remedy="Compare the left side of [locations] with the fulfillment centers above.",
        needed=False,
    )
    return [unknown, *_hubs_apart(settings, strange)]


def without_places(
    settings: ConnectionSettings, places: Collection[str], unlisted: Sequence[Check]
) -> list[Check]:
    """Say which mapped centers ShipBob does not have at all. Pure.

    Args:
        settings: of the connection.
        places: all that ShipBob has, also hubs and those that take nothing in any more.
        unlisted: what was said of the mapped centers to which nothing may be sent.
    """
    strange = [center for center in settings.locations if center not in places]
    if not strange:
        return list(unlisted)
    unknown = Check(
        system="shipbob",
        name="unknown centers",
        outcome="missing",
        found=f"ShipBob has no {', '.join(strange)}",
        remedy="Correct the left side of [locations]: compare it with the fulfillment centers of"
        " this account. Sandbox and production have other numbers.",
    )
    return [unknown, *(one for one in unlisted if one.name != unknown.name)]


def _hubs_apart(settings: ConnectionSettings, strange: Collection[str]) -> list[Check]:
    """Say which centers that may be hubs have a location that no other center has. Pure.

    Nothing may be sent to a hub itself, so ShipBob does not list it (shipbob.md section 9.1).
    """
    places = {at: place for at, place in settings.locations.items() if at not in strange}
    apart = [at for at in strange if settings.locations[at] not in places.values()]
    if not apart:
        return []
    return [
        Check(
            system="shipbob",
            name="hubs apart",
            outcome="missing",
            found=f"mapped to locations of their own: {', '.join(apart)}",
            remedy=(
                "If one is a receiving hub, map it to the location of the center behind it: its"
                " goods are then booked there at once. At a location of its own they stay until"
                " ShipBob shows that the hub has sent them on, and the role needs the permission"
                " Transfer Inventory."
            ),
            needed=False,
        )
    ]


async def accounts(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the accounts up."""
    wanted = account_ids(settings)
    if not wanted:
        return []
    known = await setup.accounts(client.query, wanted)
    return [
        _there(
            "accounts",
            wanted,
            {one.id: (_account(one), bool(one.isinactive)) for one in known.values()},
            remedy="Correct the ids under [accounts] and [billing]: they are internal ids, not"
            " account numbers (Lists > Accounting > Accounts; Home > Set Preferences > Show"
            " Internal IDs).",
        )
    ]


async def vendor(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look ShipBob up among the vendors."""
    wanted = settings.billing.vendor
    if wanted is None:
        return []
    known = await setup.vendors(client.query, [wanted])
    return [
        _there(
            "vendor",
            [wanted],
            {one.id: (f"{one.id} {one.name}", bool(one.isinactive)) for one in known.values()},
            remedy="Correct vendor under [billing]: it is the internal id of ShipBob among the"
            " vendors (Lists > Relationships > Vendors).",
        )
    ]


async def subsidiaries(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the subsidiaries up."""
    wanted = _once((settings.netsuite.subsidiary, settings.billing.subsidiary))
    if not wanted:
        return []
    try:
        known = {one.id: one.name for one in await setup.subsidiaries(client.query)}
    except UnknownIdentifier:
        return [
            netsuite_check(
                "subsidiary",
                "missing",
                "the account has none, or the role may not see them",
                "Take subsidiary out of [netsuite] where the account is not OneWorld; else"
                ' add the permission "Subsidiaries" (Lists, level View) to the role.',
            )
        ]
    absent = [one for one in wanted if one not in known]
    if absent:
        return [
            netsuite_check(
                "subsidiary",
                "missing",
                f"there is no {', '.join(absent)}",
                "Correct subsidiary under [netsuite] or [billing], or let the role see it.",
            )
        ]
    said = ", ".join(f"{one} {known[one]}" for one in wanted)
    return [netsuite_check("subsidiary", "ok", said)]


async def departments(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the departments up."""
    billing = settings.billing
    named = (billing.department, *(one.department for one in billing.centers.values()))
    return await _listed(client, "departments", "department", _once(named))


async def classes(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the classes up."""
    billing = settings.billing
    named = (billing.class_, *(one.class_ for one in billing.centers.values()))
    return await _listed(client, "classes", "classification", _once(named))


async def currencies(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look the currencies up."""
    named = _once(settings.billing.currencies.values())
    return await _listed(client, "currencies", "currency", named)


async def custom_fields(client: NetSuite, settings: ConnectionSettings) -> list[Check]:
    """Look up the fulfilments' fields that ``[tracking]`` names (netsuite.md section 6.9)."""
    of = settings.tracking
    wanted = _once(
        (
            of.delivery_status,
            of.delivered_date,
            of.carrier,
            of.service,
            of.tracking_url,
            of.ship_date,
        )
    )
    if not wanted:
        return []
    metadata = await client.metadata([_FULFILLMENT])
    absent = metadata.lacks(_FULFILLMENT, wanted)
    if not absent:
        return [netsuite_check("custom fields", "ok", ", ".join(wanted))]
    return [
        netsuite_check(
            "custom fields",
            "missing",
            f"not on item fulfillments: {', '.join(absent)}",
            "Correct the ids under [tracking] (Customization > Lists, Records, & Fields >"
            " Transaction Body Fields), and apply the fields to item fulfillments.",
        )
    ]


async def _listed(
    client: NetSuite, name: str, table: ListTable, wanted: Sequence[str]
) -> list[Check]:
    """Look ids up in a list that a role need not see: what can't be seen is not refused."""
    if not wanted:
        return []
    try:
        known = await setup.listed(client.query, table, wanted)
    except UnknownIdentifier:
        return [
            netsuite_check(
                name,
                "forbidden",
                f"can't be looked up: {', '.join(wanted)}",
                "Compare the ids under [billing] with NetSuite yourself, or let the role see the"
                " list.",
                needed=False,
            )
        ]
    return [
        _there(
            name,
            wanted,
            {one: (one, False) for one in known},
            remedy="Correct the ids under [billing]: they are internal ids.",
        )
    ]


def _there(
    name: str, wanted: Sequence[str], known: dict[str, tuple[str, bool]], *, remedy: str
) -> Check:
    """Say whether ids are there and in use.

    Args:
        name: of the check.
        wanted: the ids.
        known: by id, what it is called, and whether it is inactive.
        remedy: what to do otherwise.
    """
    absent = [one for one in wanted if one not in known]
    inactive = [said for said, is_inactive in known.values() if is_inactive]
    if absent:
        return netsuite_check(name, "missing", f"not there: {', '.join(absent)}", remedy)
    if inactive:
        return netsuite_check(name, "failed", f"inactive: {', '.join(inactive)}", remedy)
    return netsuite_check(name, "ok", ", ".join(said for said, _ in known.values()))


def netsuite_check(
    name: str, outcome: Outcome, found: str, remedy: str = "", *, needed: bool = True
) -> Check:
    """Return a check of NetSuite."""
    return Check(
        system="netsuite", name=name, outcome=outcome, found=found, remedy=remedy, needed=needed
    )


def _once(named: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in named if one))


def _account(one: Named) -> str:
    return " ".join(filter(None, (one.id, one.acctnumber, one.name)))
