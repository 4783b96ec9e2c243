"""Ping: every broken thing is named for itself, and nothing is changed by looking."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from acceptance.merchant import Merchant
from app.pinging import broken, look, look_at, needed
from ml_connector.netsuite.permissions import PERMISSIONS
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.words import System

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
    channels = dict(shipbob.books.access.channels)
    yield shop
    shipbob.books.access.channels.update(channels)
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
    assert asked_netsuite <= 90  # of which 50 are the flows' own queries
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
    [flows] = [one.flows for one in PERMISSIONS if one.name == name]
    assert all(flow.replace("_", "-") in check.found for flow in flows)


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
            True,
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


async def test_a_hub_of_shipbobs_is_known_although_nothing_may_be_sent_to_it(
    acme: Merchant,
) -> None:
    acme.world.shipbob.add_fulfillment_center(78, "Hub (PA)", receiving=False)
    found = await look_at(acme, "shipbob", locations='"228" = "6"\n"10" = "7"\n"78" = "8"')

    assert needed(found) == set()
    assert "ShipBob lists no 78" in found["shipbob unknown centers"].found
    assert found["shipbob hubs apart"].outcome == "missing"


HIDDEN = {
    "transaction.tranid": ("purchase orders", "purchase-orders, receiving"),
    "transactionline.quantityshiprecv": ("sales orders by tranid", "returns, tracking"),
    "transactionline.createdfrom": ("fulfillments", "returns, tracking"),
    "transaction.lastmodifieddate": ("changes of orders", "purchase-orders"),
    "nexttransactionlinelink": ("receipts", "purchase-orders, receiving"),
    "item.fullname": ("items", "inventory, purchase-orders, receiving, returns, tracking"),
    "transaction.status": ("return authorizations", "returns"),
    "transaction.entity": ("bills", "billing"),
}
"""What flows can't do without, with what asks for it and which flows stop."""

OPTIONAL = {
    "kitItemMember": ("kits", "shipments of kits wait"),
    "unitstypeuom": ("units", "order lines in cases are refused"),
    "deletedrecord": ("deleted records", "noticed once a day"),
    "trackingnumbermap": ("tracking numbers", "are not seen"),
    "inventorynumber": ("lots", "shipments and returns of lots stop"),
}
"""What flows can do without, and what happens then."""


@pytest.mark.parametrize("name", HIDDEN)
async def test_what_is_hidden_from_the_role_is_named_with_the_flows_that_it_stops(
    acme: Merchant, name: str
) -> None:
    about, flows = HIDDEN[name]
    acme.world.netsuite.hide_names(name)
    found = await look_at(acme, "netsuite")
    check = found[f"netsuite query {about}"]

    assert f"netsuite query {about}" in needed(found)
    assert check.outcome == "forbidden"
    assert name.rpartition(".")[2].lower() in check.found.lower()
    assert f"this stops {flows}" in check.found
    assert "[flows]" in check.remedy


async def test_what_flows_can_do_without_is_a_warning_with_what_happens_then(
    acme: Merchant,
) -> None:
    acme.world.netsuite.hide_names(*OPTIONAL, "inventoryitemlocations", "item.islotitem")
    found = await look_at(acme, "netsuite")

    assert needed(found) == set()
    for about, consequence in OPTIONAL.values():
        assert consequence in found[f"netsuite query {about}"].found
    assert found["netsuite query stock"].outcome == "ok"  # the other table is asked
    assert found["netsuite query items"].outcome == "ok"  # the column is optional


async def test_only_the_queries_of_flows_that_are_on_are_sent(acme: Merchant) -> None:
    acme.world.netsuite.hide_names("transaction.status", "inventoryitemlocations")
    acme.world.netsuite.hide_names("aggregateitemlocation")
    off = "\n".join(
        f"{flow} = false" for flow in ("purchase_orders", "receiving", "tracking", "inventory")
    )
    found = await look_at(acme, "netsuite", flows=off)

    assert "netsuite query stock" not in found
    assert "this stops returns" in found["netsuite query return authorizations"].found
    assert "returns" in found["netsuite query sales orders by id"].found


@pytest.mark.parametrize(
    ("scope", "tables", "flows"),
    [
        ("receiving_write", {}, "purchase-orders, receiving"),
        ("orders_write", {}, "tracking"),
        ("orders_write", {"policies": "mark_tracking = false"}, ""),
        ("products_write", {}, ""),
        ("products_write", {"policies": 'missing_product = "create"'}, "purchase-orders"),
        ("webhooks_write", {}, ""),
    ],
)
async def test_a_scope_to_write_is_needed_where_a_flow_that_is_on_writes_with_it(
    acme: Merchant, scope: str, tables: dict[str, str], flows: str
) -> None:
    listed(acme, lambda one: one != scope)
    found = await look_at(acme, "shipbob", **tables)
    check = found["shipbob scopes to write"]

    assert needed(found) == ({"shipbob scopes to write"} if flows else set())
    assert check.outcome == "missing"
    assert scope in check.found
    assert check.found.endswith(f"this stops {flows}") is bool(flows)


async def test_a_channel_that_can_not_be_written_to_stops_the_flows_that_write(
    acme: Merchant,
) -> None:
    listed(acme, lambda one: not one.endswith("_write"))
    found = await look_at(acme, "shipbob", shipbob=f"channel_id = {acme.world.channel_id}")

    assert needed(found) == {"shipbob channel"}
    assert "stops purchase-orders, receiving, tracking" in found["shipbob channel"].found


def listed(acme: Merchant, wanted: Callable[[str], bool]) -> None:
    """Let the merchant's channel list only these scopes."""
    channels = acme.world.shipbob.books.access.channels
    own = channels[acme.world.channel_id]
    fewer = tuple(filter(wanted, own.scopes))
    channels[own.id] = msgspec.structs.replace(own, scopes=fewer)


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
