"""Pinging the merchant of a test, both systems or one alone."""

import asyncio
import tomllib
from collections.abc import Mapping
from functools import partial

import pydantic

from acceptance.merchant import Merchant
from ml_connector.app.connections.checks import Check
from ml_connector.app.installation.clients import (
    netsuite_client,
    shipbob_billing_client,
    shipbob_client,
)
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.ping.netsuite import PingNetSuite
from ml_connector.app.ping.ping import ping_connection
from ml_connector.app.ping.shipbob import PingShipBob
from ml_connector.config.connection import (
    AccountsSection,
    BillingSection,
    FlowsSection,
    Policies,
)
from ml_connector.ledger.connections import connections
from ml_connector.words import System
from waiting import HANGS_AFTER_SECONDS


async def look(acme: Merchant, *, deep: bool = False) -> dict[str, Check]:
    async with open_installation(acme.settings) as installation:
        found = await ping_connection(
            installation, "acme", deep=deep, within_seconds=HANGS_AFTER_SECONDS
        )
    return {f"{one.system} {one.name}": one for one in found}


TABLES: Mapping[str, type[pydantic.BaseModel]] = {
    "accounts": AccountsSection,
    "billing": BillingSection,
    "flows": FlowsSection,
    "policies": Policies,
}


async def look_at(acme: Merchant, system: System, **tables: str) -> dict[str, Check]:
    """Ping one system alone, with other tables in the settings than those applied.

    Most broken things show in one system; this takes as long as the machine needs.
    """
    async with open_installation(acme.settings) as installation:
        async with installation.database.transaction() as on:
            applied = await connections.find(on, "acme")
            assert applied is not None
            settings = applied.settings(await installation.vault.all("acme", on=on))
        given = {name: tomllib.loads(lines) for name, lines in tables.items()}
        changed = {
            name: TABLES[name].model_validate(lines) if name in TABLES else lines
            for name, lines in given.items()
        }
        if "shipbob" in given:
            changed["shipbob"] = settings.shipbob.model_copy(update=given["shipbob"])
        settings = settings.model_copy(update=changed)
        until = asyncio.get_running_loop().time() + HANGS_AFTER_SECONDS
        opened = partial(netsuite_client, installation, settings, installation.tokens)
        if system == "netsuite":
            await installation.tokens.clear_problem("acme", "netsuite")
            checks = await PingNetSuite(opened, settings, worked_before=True, until=until).checks()
        else:
            checks = await PingShipBob(
                partial(shipbob_client, installation, settings, installation.tokens),
                partial(shipbob_billing_client, installation, settings, installation.tokens),
                netsuite=None,
                settings=settings,
                webhook_url=None,
                deep=False,
                until=until,
            ).checks()
    return {f"{one.system} {one.name}": one for one in checks}


def broken(found: dict[str, Check]) -> dict[str, str]:
    return {
        name: one.outcome
        for name, one in found.items()
        if one.outcome != "ok" and name != "netsuite permissions too many"
    }


def needed(found: dict[str, Check]) -> set[str]:
    return {name for name, one in found.items() if one.outcome != "ok" and one.needed}
