"""Ping: every broken thing is named for itself, and nothing is changed by looking."""

import asyncio
import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pydantic
import pytest

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
from ml_connector.config.connection import AccountsSection, BillingSection
from ml_connector.ledger.connections import connections
from ml_connector.netsuite.permissions import PERMISSIONS
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.words import System
from waiting import HANGS_AFTER_SECONDS

NOW = datetime.now(UTC)
WHOLE = {"billing": 'vendor = "301"\ndefault_account = "54"'}
KEYS = {
    "Manage Accounting Periods": "ADMI_ACCTPERIODS",
    "Items": "LIST_ITEM",
    "Locations": "LIST_LOCATION",
    "Accounts": "LIST_ACCOUNT",
    "Vendors": "LIST_VENDOR",
    "Subsidiaries": "LIST_SUBSIDIARY",
    "Find Transaction": "TRAN_FIND",
    "Purchase Order": "TRAN_PURCHORD",
    "Transfer Order": "TRAN_TRNFRORD",
    "Item Receipt": "TRAN_ITEMRCPT",
    "Adjust Inventory": "TRAN_INVADJST",
    "Sales Order": "TRAN_SALESORD",
    "Item Fulfillment": "TRAN_ITEMSHIP",
    "Return Authorization": "TRAN_RTNAUTH",
    "Bills": "TRAN_VENDBILL",
    "Enter Vendor Credits": "TRAN_VENDCRED",
}
"""Permissions that reading shows, and what the simulator calls them."""


@pytest.fixture(scope="module")
def shop(shop: Merchant) -> Merchant:
    """The same in NetSuite, and applied with all that ping looks at."""
    shop.world.netsuite.add_item("TEE-BLK-M")
    shop.apply(**WHOLE, limits="shipbob_per_minute = 1_000_000")
    return shop


@pytest.fixture
def acme(shop: Merchant) -> Iterator[Merchant]:
    """The shop, and what a test has broken in it mended afterwards."""
    netsuite, shipbob = shop.world.netsuite, shop.world.shipbob
    roles = dict(netsuite.roles.known)
    certificates = dict(netsuite.sign_in.certificates)
    netsuite.roles.face = "mixed"
    yield shop
    netsuite.roles.known.clear()
    netsuite.roles.known.update(roles)
    netsuite.sign_in.certificates.update(certificates)
    netsuite.sign_in.clock_offset = timedelta(0)
    netsuite.preferences.one_world = True
    for feature in ("ADVRECEIVING", "ADVSHIPPING"):
        netsuite.set_feature(feature, active=True)
    netsuite.reopen_period(f"{NOW:%Y-%m}")
    shipbob.clear_faults()
    netsuite.faults.clear()


async def look(acme: Merchant, *, deep: bool = False) -> dict[str, Check]:
    async with open_installation(acme.settings) as installation:
        found = await ping_connection(
            installation, "acme", deep=deep, within_seconds=HANGS_AFTER_SECONDS
        )
    return {f"{one.system} {one.name}": one for one in found}


TABLES: Mapping[str, type[pydantic.BaseModel]] = {
    "accounts": AccountsSection,
    "billing": BillingSection,
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


async def test_all_that_is_needed_is_ok_after_few_calls_that_change_nothing(
    acme: Merchant,
) -> None:
    documents = len(acme.world.netsuite.documents())
    calls = len(acme.world.netsuite.calls)
    asked = len(acme.world.shipbob.calls)
    found = await look(acme)
    asked_netsuite = len(acme.world.netsuite.calls) - calls
    asked_shipbob = len(acme.world.shipbob.calls) - asked
    posted = [
        call["path"].partition("?")[0].rpartition("/")[2]
        for call in acme.world.netsuite.calls[calls:]
        if call["method"] != "GET"
    ]

    assert needed(found) == set()
    assert broken(found) == {
        "netsuite certificate": "missing",
        "shipbob webhooks": "missing",
    }
    assert asked_netsuite <= 40
    assert asked_shipbob <= 15
    assert len(acme.world.netsuite.documents()) == documents
    assert set(posted) <= {"suiteql", "token"}


def test_every_permission_that_can_be_looked_at_is_broken_below() -> None:
    assert {one.name for one in PERMISSIONS if one.record_type or one.table} == KEYS.keys()


@pytest.mark.parametrize(
    ("name", "face"), [(name, ("403", "400")[number % 2]) for number, name in enumerate(KEYS)]
)
async def test_a_missing_permission_is_named_with_where_to_add_it(
    acme: Merchant, name: str, face: str
) -> None:
    acme.world.netsuite.roles.face = face
    acme.world.netsuite.withdraw_permission(KEYS[name])
    found = await look_at(acme, "netsuite")
    check = found[f"netsuite permission {name}"]
    others = {one for one in needed(found) if one.startswith("netsuite permission")}

    assert check.outcome == "forbidden"
    assert check.needed is (name != "Transfer Order")  # not everybody has any
    assert f'"{name}"' in check.remedy
    assert "Manage Roles" in check.remedy
    assert others == ({f"netsuite permission {name}"} if check.needed else set())


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("REPO_ANALYTICS", "SuiteAnalytics Workbook"),
        ("ADMI_RESTWEBSERVICES", "REST Web Services"),
    ],
)
async def test_a_permission_without_which_nothing_goes_is_named_alone(
    acme: Merchant, key: str, name: str
) -> None:
    acme.world.netsuite.withdraw_permission(key)
    found = await look_at(acme, "netsuite")
    [broken_one] = [name for name in needed(found) if name.startswith("netsuite")]

    assert broken_one == f"netsuite permission {name}"
    assert f'"{name}"' in found[broken_one].remedy


async def test_a_role_that_may_not_sign_in_this_way_is_told_so(acme: Merchant) -> None:
    acme.world.netsuite.withdraw_permission("ADMI_LOGIN_OAUTH2")
    found = await look_at(acme, "netsuite")

    assert needed(found) == {"netsuite SuiteQL"}
    assert "Log in using OAuth 2.0 Access Tokens" in found["netsuite SuiteQL"].remedy


async def test_what_the_role_has_too_many_is_named(acme: Merchant) -> None:
    before = (await look_at(acme, "netsuite"))["netsuite permissions too many"]
    acme.world.netsuite.withdraw_permission("LIST_CUSTJOB")
    after = (await look_at(acme, "netsuite"))["netsuite permissions too many"]

    assert before.outcome == "failed"
    assert not before.needed
    assert "Customers" in before.found
    assert "Customers" not in after.found
    assert "Transfer Inventory" in after.found


def role_is_administrator(netsuite: NetSuiteSim) -> None:
    for key, certificate in list(netsuite.sign_in.certificates.items()):
        netsuite.sign_in.certificates[key] = dataclasses.replace(certificate, role=3)
    netsuite.revoke_tokens()


async def test_an_administrator_is_too_many(acme: Merchant) -> None:
    role_is_administrator(acme.world.netsuite)
    found = (await look_at(acme, "netsuite"))["netsuite permissions too many"]

    assert "administrator" in found.found


@pytest.mark.parametrize(
    ("minutes", "said"), [(10, "10 minutes behind"), (-10, "10 minutes ahead of")]
)
async def test_a_clock_that_is_ten_minutes_off_is_named_as_such(
    acme: Merchant, minutes: int, said: str
) -> None:
    netsuite = acme.world.netsuite
    netsuite.revoke_tokens()
    netsuite.sign_in.clock_offset = timedelta(minutes=minutes)
    found = await look_at(acme, "netsuite")
    clock = found["netsuite clock"]

    assert clock.outcome == "failed"
    assert said in clock.found
    assert "NTP" in clock.remedy


async def test_a_refreshed_sandbox_is_recognised(acme: Merchant) -> None:
    await look_at(acme, "netsuite")
    acme.world.netsuite.sandbox_refresh()
    found = await look_at(acme, "netsuite")
    token = found["netsuite token"]

    assert (token.outcome, token.needed) == ("failed", True)
    assert "sandbox was probably refreshed" in token.found
    assert token.remedy.startswith("Map the certificate again in the refreshed sandbox")


async def test_what_was_repaired_is_ok_at_the_next_ping(acme: Merchant) -> None:
    certificates = dict(acme.world.netsuite.sign_in.certificates)
    acme.world.netsuite.sandbox_refresh()
    before = await look(acme)
    acme.world.netsuite.sign_in.certificates.update(certificates)
    after = await look(acme)

    assert needed(before) == {"netsuite token"}
    assert needed(after) == set()


def close_the_period(netsuite: NetSuiteSim) -> None:
    netsuite.close_period(f"{NOW:%Y-%m}")


def lock_bills(netsuite: NetSuiteSim) -> None:
    netsuite.lock_period(f"{NOW:%Y-%m}", "ap")


def no_receiving(netsuite: NetSuiteSim) -> None:
    netsuite.set_feature("ADVRECEIVING", active=False)


def no_subsidiaries(netsuite: NetSuiteSim) -> None:
    netsuite.preferences.one_world = False


@pytest.mark.parametrize(
    ("act", "check", "said", "remedy"),
    [
        (close_the_period, "posting period", "is closed", "Manage Accounting Periods"),
        (lock_bills, "posting period", "closed for bills", "Manage Accounting Periods"),
        (no_receiving, "features", "Advanced Receiving", "vendor bill together with every"),
        (no_subsidiaries, "subsidiary", "has none", "Take subsidiary out"),
    ],
)
async def test_a_set_up_that_does_not_fit_is_named(
    acme: Merchant, act: Callable[[NetSuiteSim], None], check: str, said: str, remedy: str
) -> None:
    act(acme.world.netsuite)
    found = (await look_at(acme, "netsuite"))[f"netsuite {check}"]

    assert found.outcome in {"failed", "missing"}
    assert said in found.found
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("tables", "check", "said", "is_needed"),
    [
        ({"locations": '"228" = "999"'}, "netsuite locations", "not there: 999", True),
        ({"locations": ""}, "shipbob fulfillment centers", "0 mapped", True),
        ({"accounts": 'inventory_adjustment = "998"'}, "netsuite accounts", "998", True),
        ({"accounts": ""}, "netsuite adjustment account", "not set", False),
        ({"billing": 'vendor = "997"'}, "netsuite vendor", "not there: 997", True),
        ({"billing": ""}, "netsuite vendor", "not set", False),
        ({"locations": '"228" = "6"'}, "shipbob unmapped centers", "10 Center 10", False),
        (
            {"locations": '"228" = "6"\n"10" = "7"\n"77" = "6"'},
            "shipbob unknown centers",
            "77",
            False,
        ),
        (
            {"locations": '"228" = "6"\n"10" = "7"\n"77" = "8"'},
            "shipbob hubs apart",
            "77",
            False,
        ),
    ],
)
async def test_a_setting_that_names_nothing_is_named(
    acme: Merchant, tables: dict[str, str], check: str, said: str, *, is_needed: bool
) -> None:
    system: System = "shipbob" if check.startswith("shipbob") else "netsuite"
    found = (await look_at(acme, system, **tables))[check]

    assert found.outcome == "missing"
    assert said in found.found
    assert found.remedy
    assert found.needed is is_needed


async def test_a_hub_at_the_location_of_its_center_is_no_matter(acme: Merchant) -> None:
    found = await look_at(acme, "shipbob", locations='"228" = "6"\n"10" = "7"\n"77" = "6"')

    assert "shipbob hubs apart" not in found


async def test_a_location_with_bins_is_named(acme: Merchant) -> None:
    acme.world.netsuite.add_location("Bins", internal_id=77, subsidiary=1, bins=True)
    checks = await look_at(acme, "netsuite", locations='"228" = "6"\n"10" = "77"')
    found = checks["netsuite bins"]

    assert found.outcome == "failed"
    assert "77 Bins" in found.found


async def test_an_unreachable_system_is_told_and_the_other_is_looked_at(acme: Merchant) -> None:
    acme.world.netsuite.fault("unavailable", path="suiteql")
    found = await look(acme)

    assert needed(found) == {"netsuite SuiteQL"}
    assert found["shipbob channel"].outcome == "ok"


async def test_a_deep_look_compares_every_sku_with_netsuite(acme: Merchant) -> None:
    acme.world.shipbob.add_product("ONLY-AT-SHIPBOB")
    found = (await look(acme, deep=True))["shipbob SKUs in NetSuite"]

    assert found.outcome == "missing"
    assert "ONLY-AT-SHIPBOB" in found.found
    assert "TEE-BLK-M" not in found.found


def test_the_roles_page_lists_what_is_checked() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/netsuite-role.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| (\w+) \|", page, re.MULTILINE)[1:]

    assert rows == [(one.tab, one.name, one.level) for one in PERMISSIONS]
