"""What the client reads of one account is the same in every world that the references allow."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries import order_polls, setup
from ml_connector.netsuite.queries.bills import bills_by_number
from ml_connector.netsuite.queries.purchase_orders import purchase_orders_by_number
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.netsuite import ERROR_TEXTS
from ml_connector.sim.readings.netsuite_queries import (
    MISSING_NAME,
    MISSING_WORDS,
    PURCHASE_QUANTITIES,
    TIMES,
)
from ml_connector.sim.server import serve

LINES: Final = [{"item": "SKU-1", "quantity": units, "rate": 2} for units in (60, 40)]


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> NetSuiteSim:
    world: dict[Switch[Any], str] = getattr(request, "param", {})
    sim = NetSuiteSim(clock=Clock(), readings=Readings(world))
    sim.add_vendor("Norfolk Mills", internal_id=301)
    sim.add_location("ShipBob", internal_id=6)
    sim.add_item("SKU-1", internal_id=701)
    known = sim.sign_in.tokens.pop(sim.issue_token())
    sim.sign_in.tokens["token-1"] = replace(known, text="token-1")
    return sim


@pytest.fixture
def account(sim: NetSuiteSim) -> Iterator[Account]:
    with serve(sim.app) as served:
        yield Account.of(sim.account_id, base_url=served.url)


def order(sim: NetSuiteSim, number: str = "PO1") -> str:
    return str(sim.add_purchase_order(number, vendor=301, location=6, lines=LINES))


@pytest.mark.parametrize(
    "sim", [{TIMES: one} for one in TIMES.readings], indirect=True, ids=TIMES.readings
)
async def test_a_poll_finds_what_changed_since_the_last_one(
    sim: NetSuiteSim, suiteql: SuiteQL
) -> None:
    old = order(sim)
    sim.clock.advance(timedelta(minutes=40))  # type: ignore[attr-defined] # it is a Clock
    last_poll = await setup.account_clock(suiteql)
    new = order(sim, "PO2")
    gone = order(sim, "PO3")
    sim.delete("purchaseOrder", int(gone))
    pages = order_polls.changed_orders(suiteql, changed_since=last_poll, ordered_since=None)
    found = [one.id for page in [page async for page in pages] for one in page]
    deleted = await order_polls.deleted_records(suiteql, since=last_poll)

    assert (found, deleted) == ([new], {gone})
    assert old


@pytest.mark.parametrize(
    "sim",
    [{PURCHASE_QUANTITIES: one} for one in PURCHASE_QUANTITIES.readings],
    indirect=True,
    ids=PURCHASE_QUANTITIES.readings,
)
async def test_what_an_order_still_expects_does_not_depend_on_the_sign(
    sim: NetSuiteSim, suiteql: SuiteQL
) -> None:
    order_id = int(order(sim))
    part = {"item": {"items": [{"orderLine": 1, "quantity": 10}, {"orderLine": 2, "quantity": 1}]}}
    sim.transform("purchaseOrder", order_id, "itemReceipt", part)
    found = (await purchase_orders_by_number(suiteql, ["PO1"]))["PO1"][0]

    assert [int(line.open_quantity) for line in found.open_lines] == [50, 39]


SPOKEN: Final = [
    {MISSING_NAME: "transaction.voided", words: reading}
    for words in (MISSING_WORDS, ERROR_TEXTS)
    for reading in words.readings
]


@pytest.mark.parametrize("sim", SPOKEN, indirect=True)
async def test_a_column_that_is_not_shown_is_left_out_in_whatever_words(
    sim: NetSuiteSim, suiteql: SuiteQL
) -> None:
    lines = {"items": [{"account": 909, "amount": 12}]}
    sim.create("vendorBill", {"entity": 301, "tranId": "B1", "expense": lines})
    found = (await bills_by_number(suiteql, ["B1"]))["B1"][0]

    assert (found.tranid, found.voided) == ("B1", Flag.F)


@pytest.mark.parametrize(
    "sim",
    [{**one, MISSING_NAME: "accountingperiod"} for one in SPOKEN],
    indirect=True,
)
async def test_a_table_that_is_not_shown_is_named_in_whatever_words(suiteql: SuiteQL) -> None:
    with pytest.raises(UnknownIdentifier) as unknown:
        await setup.periods(suiteql, date(2026, 11, 1))

    assert (unknown.value.identifier, unknown.value.kind) == ("accountingperiod", "table")
