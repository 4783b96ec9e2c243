"""A page asks the database as often for many rows as for few."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from ml_connector.app.views.audit_trail import ActFilter, JournalFilter, acts_page, journal_page
from ml_connector.app.views.desk.attention import AttentionWanted, attention
from ml_connector.app.views.desk.events import EventQuery, events
from ml_connector.app.views.desk.search import search
from ml_connector.app.views.flow_pages import flow_subjects
from ml_connector.storage.database import Connection, Database
from ml_connector.words import Role
from views.shop import Shop, line
from views.test_flow_pages import ORDER, WRO


class Counting:
    """A connection that counts what is asked of it."""

    def __init__(self, on: Connection) -> None:
        self.statements = 0
        self._on = on

    async def execute(self, *given: Any, **more: Any) -> Any:
        self.statements += 1
        return await self._on.execute(*given, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._on, name)


Look = Callable[[Connection], Awaitable[Any]]

LOOKS: dict[str, Look] = {
    "a flow": lambda on: flow_subjects(on, "acme", "receiving", limit=50),
    "orders": lambda on: flow_subjects(on, "acme", "purchase-orders", limit=50),
    "journal": lambda on: journal_page(on, "acme", JournalFilter(), limit=50),
    "acts": lambda on: acts_page(on, "acme", ActFilter(), limit=50),
    "needs attention": lambda on: attention(
        on, ["acme"], AttentionWanted(), person="dana", role=Role.ADMIN
    ),
    "events": lambda on: events(on, ["acme"], EventQuery()),
    "search": lambda on: search(on, ["acme"], "9031"),
}


async def asked(database: Database, look: Look) -> int:
    async with database.transaction() as on:
        counted = Counting(on)
        await look(cast("Connection", counted))
    return counted.statements


async def write(shop: Shop, numbers: range) -> None:
    for number in numbers:
        one = await shop.subject("receiving", f"9031{number}", facts=WRO)
        await shop.document(
            one, "itemReceipt", f"mlc-ir-{number}-1", f"5{number}", [line(f"SKU-{number}", 2)]
        )
        await shop.subject("purchase-orders", f"47{number}", facts=ORDER)
        await shop.subject(
            "receiving", f"8{number}", state="dead", cause="period_closed", sentence="Closed"
        )


@pytest.mark.parametrize("name", LOOKS)
async def test_no_statement_is_made_for_each_row(database: Database, name: str) -> None:
    shop = Shop(database)
    await shop.open()
    await write(shop, range(10, 12))
    few = await asked(database, LOOKS[name])
    await write(shop, range(12, 30))

    assert await asked(database, LOOKS[name]) == few > 0
