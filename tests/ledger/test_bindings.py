"""Bindings: matched once, kept with all that they were before."""

import asyncio

import pytest

from engine.workshop import Workshop
from ml_connector.ledger.connections.item_bindings import Binding, KeptBindings, bind, history
from ml_connector.storage.database import Database

TEE = Binding(inventory_id=8588331, item="501", sku="TEE", item_name="TEE")
CAP = Binding(inventory_id=8588332, item="502", sku="CAP", item_name="CAP")


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


async def keep(books: Database, *bindings: Binding, run: int = 1) -> None:
    async with books.transaction() as connection:
        await bind(connection, "acme", bindings, run_id=run, bound_by="receiving 90311")


async def past(books: Database, inventory_id: int) -> list[tuple[str, str | None, bool]]:
    async with books.transaction() as connection:
        found = await history(connection, "acme", inventory_id)
    return [(one.binding.item, one.previous_item, one.ended_at is None) for one in found]


async def test_what_was_bound_is_found_from_either_side(books: Database) -> None:
    await keep(books, TEE, CAP)
    kept = KeptBindings(books, "acme")

    assert await kept.of_inventory([8588331, 999]) == {8588331: TEE}
    assert await kept.of_items(["502", "999"]) == {"502": (CAP,)}


async def test_the_same_binding_again_is_no_history(books: Database) -> None:
    await keep(books, TEE)
    await keep(books, TEE, CAP, run=2)

    assert await past(books, 8588331) == [("501", None, True)]


async def test_another_binding_keeps_what_was_before_who_changed_it_and_when(
    books: Database,
) -> None:
    other = Binding(
        inventory_id=8588331, item="777", sku="TEE", item_name="TEE-NEW", reason="skus"
    )
    await keep(books, TEE)
    await keep(books, other, run=2)
    async with books.transaction() as connection:
        [before, now] = await history(connection, "acme", 8588331)

    assert await past(books, 8588331) == [("501", None, False), ("777", "501", True)]
    assert (now.binding, now.run_id, now.bound_by) == (other, 2, "receiving 90311")
    assert before.ended_at == now.bound_at
    assert await KeptBindings(books, "acme").of_inventory([8588331]) == {8588331: other}


async def test_two_runs_at_once_leave_one_binding(books: Database) -> None:
    await asyncio.gather(*(keep(books, TEE, CAP, run=run) for run in range(1, 9)))

    assert await past(books, 8588331) == [("501", None, True)]
    assert await past(books, 8588332) == [("502", None, True)]


async def test_bindings_of_another_connection_are_none_of_ours(books: Database) -> None:
    await keep(books, TEE)

    assert await KeptBindings(books, "umbrella").of_inventory([8588331]) == {}
