"""A subject wakes when a thing appears, never because it is there."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.chores.stopped_watch import StoppedWatch
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations.sync import sync_flow
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.sim.shipbob.books.receiving import Wro

MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture(scope="module")
def acme(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("edges"), url) as made,
    ):
        made.apply(policies='unmatched_wro = "park"\nover_receipt = "park"')
        yield made


class Told:
    """A WRO without a number, and both watches. It waits for a period that was never closed.

    No failure of the product waits for what is there; this one is written into the database.
    """

    def __init__(
        self, acme: Merchant, installation: Installation, *, number: str | None = None
    ) -> None:
        self.acme = acme
        self.installation = installation
        self.sku = acme.sku("TEE")
        if number:
            acme.order({self.sku: 5}, number=number)
        self.wro: Wro = acme.deliver({self.sku: 8}, number=number)
        contexts = ConnectionContexts(installation)
        self.awaited = AwaitedWatch(installation, contexts)
        self.stopped = StoppedWatch(installation, contexts)

    async def run(self) -> None:
        async with self.installation.database.transaction() as connection:
            applied = await connections.find(connection, "acme")
        assert applied is not None
        await sync_flow(
            self.installation, applied, FLOWS["receiving"], ids=[str(self.wro.id)], since=None
        )

    def write(self, statement: str) -> None:
        assert self.acme.database_url is not None
        with psycopg.connect(self.acme.database_url, autocommit=True) as connection:
            connection.execute(
                statement.encode(), {"key": str(self.wro.id), "thing": f"period:{MONTH}"}
            )

    def calls(self) -> int:
        return len(self.acme.world.netsuite.calls) + len(self.acme.world.shipbob.calls)

    async def look(self) -> tuple[str, int]:
        """Look for what is awaited; return the subject's state and what the look cost."""
        before = self.calls()
        await self.awaited.look()
        return self.acme.subject(self.wro)["state"], self.calls() - before


@pytest.fixture
async def told(acme: Merchant) -> AsyncIterator[Told]:
    async with open_installation(acme.settings) as installation:
        made = Told(acme, installation)
        await made.run()
        made.write(
            "update subject set waiting_for = array[%(thing)s] where key = %(key)s"
            " and state = 'dead'"
        )
        yield made
    acme.world.netsuite.reopen_period(MONTH)
    made.write("update subject set state = 'done', waiting_for = '{}' where key = %(key)s")


async def test_what_was_there_at_the_stop_costs_one_look_and_wakes_nobody(told: Told) -> None:
    first, second, third = [await told.look() for _ in range(3)]

    assert [state for state, _ in (first, second, third)] == ["dead"] * 3
    assert second[1] == third[1] <= 2
    assert second[1] < first[1] <= second[1] + 4


async def test_it_wakes_for_it_when_it_has_gone_and_come_back(told: Told) -> None:
    await told.look()
    told.acme.world.netsuite.close_period(MONTH)
    gone, _ = await told.look()
    told.acme.world.netsuite.reopen_period(MONTH)
    back, _ = await told.look()

    assert (gone, back) == ("dead", "received")


async def test_what_appears_while_it_sleeps_wakes_it_without_another_look(told: Told) -> None:
    told.acme.world.netsuite.close_period(MONTH)
    _, away = await told.look()
    told.acme.world.netsuite.reopen_period(MONTH)
    woken, there = await told.look()
    await told.run()
    told.write("update subject set waiting_for = array[%(thing)s] where key = %(key)s")
    again = [await told.look() for _ in range(2)]

    assert (woken, there) == ("received", away)
    assert [state for state, _ in again] == ["dead", "dead"]


async def test_a_look_at_what_is_stopped_wakes_it_only_where_it_can_go_on(told: Told) -> None:
    looked = []
    for policy in ("park", "adjust"):
        told.write("update subject set look_at = now() where key = %(key)s")
        if policy == "adjust":  # as applying does, but for waking what waits for it
            told.write(
                "update connection set settings = jsonb_set(settings::jsonb,"
                " '{policies,unmatched_wro}', '\"adjust\"'), applied_at = now()"
            )
        await told.stopped.look()
        looked.append(told.acme.subject(told.wro))

    assert [one["state"] for one in looked] == ["dead", "received"]
    assert looked[0]["looks"] == 1
    assert looked[0]["look_at"] > looked[0]["changed_at"]


@pytest.mark.parametrize("quantity", [6, 8])
async def test_a_wro_wakes_when_its_order_changes_and_not_by_what_it_books_itself(
    acme: Merchant, quantity: int
) -> None:
    number = f"PO-EDGE-{quantity}"
    async with open_installation(acme.settings) as installation:
        told = Told(acme, installation, number=number)
        await told.run()
        asleep = [await told.look() for _ in range(2)]
        [order] = [
            one
            for one in acme.world.netsuite.documents("purchaseOrder")
            if one["tranId"] == number
        ]
        acme.world.netsuite.edit(
            "purchaseOrder",
            int(order["id"]),
            {"item": {"items": [{"line": 1, "quantity": quantity}]}},
        )
        told.awaited = AwaitedWatch(installation, ConnectionContexts(installation))
        woken, _ = await told.look()
        await told.run()

    assert [state for state, _ in asleep] == ["dead", "dead"]
    assert len(acme.documents(told.wro)) == 2
    assert woken == "received"
    assert acme.subject(told.wro)["state"] == ("done" if quantity == 8 else "dead")
