"""Line proofs: kept once for each order of an account."""

import asyncio

import pytest

from engine.workshop import Workshop
from ml_connector.ledger.connections.line_proofs import KeptLineProofs, OrderKey
from ml_connector.storage.database import Database

PO, SO = OrderKey("purchaseOrder", "4711"), OrderKey("salesOrder", "4711")


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


async def test_what_was_proved_is_found_again(books: Database) -> None:
    proofs = KeptLineProofs(books, "acme", "TSTDRV1234567")
    await proofs.keep(PO, {1: "501", 14: "502"})

    assert await proofs.of(PO) == {1: "501", 14: "502"}
    assert await proofs.of(SO) == {}


async def test_a_later_proof_takes_the_place_of_the_one_before(books: Database) -> None:
    proofs = KeptLineProofs(books, "acme", "TSTDRV1234567")
    await proofs.keep(PO, {1: "501"})
    await asyncio.gather(*(proofs.keep(PO, {2: "502"}) for _ in range(5)))

    assert await proofs.of(PO) == {2: "502"}


async def test_many_orders_are_asked_for_together(books: Database) -> None:
    proofs = KeptLineProofs(books, "acme", "TSTDRV1234567")
    await asyncio.gather(proofs.keep(PO, {1: "501"}), proofs.keep(SO, {1: "777"}))
    found = await asyncio.gather(*map(proofs.of, [PO, SO, OrderKey("salesOrder", "4712")]))

    assert found == [{1: "501"}, {1: "777"}, {}]


async def test_another_account_has_proofs_of_its_own(books: Database) -> None:
    await KeptLineProofs(books, "acme", "TSTDRV1234567").keep(PO, {1: "501"})

    assert await KeptLineProofs(books, "acme", "TSTDRV1234567_SB1").of(PO) == {}
