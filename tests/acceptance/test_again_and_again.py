"""Events in any order and number, and a backup put back: the same books, never a second WRO."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acceptance.holding import release
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_purchase_orders import order_id, wros_of
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.app.installation.installation import open_installation
from ml_connector.engine.inbox.intake import take_in
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.sim.shipbob.books.receiving import Wro

ORDERED = 20


def deliver(acme: Merchant, wro: Wro, ids: Sequence[int]) -> None:
    """Let webhooks about a WRO arrive; the same id is the same delivery."""
    arrivals = [
        Arrival(
            connection="acme",
            source="webhook",
            delivery_id=f"msg_{wro.id}_{one}",
            topic="wro.updated",
            subject=SubjectRef("acme", "receiving", str(wro.id)),
            body=b"{}",
        )
        for one in ids
    ]

    async def once() -> None:
        async with (
            open_installation(acme.settings) as installation,
            installation.database.transaction() as connection,
        ):
            await take_in(connection, installation.lanes, arrivals)

    asyncio.run(once())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("stow"), st.lists(st.integers(1, 9), min_size=1, max_size=1)),
        st.tuples(st.just("deliver"), st.lists(st.integers(1, 3), min_size=1, max_size=5)),
        st.tuples(st.just("work"), st.just([])),
    ),
    max_size=5,
)


@settings(
    max_examples=5,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_deliveries_in_any_order_and_number_give_the_same_books(
    quiet: Merchant, history: list[tuple[str, list[int]]]
) -> None:
    shipbob = quiet.world.shipbob
    sku = quiet.sku("TEE")
    wro = quiet.announce({sku: ORDERED}, number=quiet.order({sku: ORDERED}))
    stowed = 0
    for what, numbers in history:
        if what == "stow":
            stowed += numbers[0]
            shipbob.stow(wro, {sku: numbers[0]})
        elif what == "deliver":
            deliver(quiet, wro, numbers)
        else:
            sync(quiet, "receiving", [str(wro.id)])
    shipbob.complete(wro)
    deliver(quiet, wro, [7, 7, 8])
    [first] = sync(quiet, "receiving", [str(wro.id)])
    books = quiet.books(sku)
    [again] = sync(quiet, "receiving", [str(wro.id)])

    assert (first["state"], again["state"], again["documents"]) == ("done", "done", [])
    assert books == ({(sku, 6): stowed} if stowed else {},) * 3
    assert quiet.books(sku) == books


def test_a_backup_put_back_makes_no_second_wro(unserved: Merchant, tmp_path: Path) -> None:
    acme, shipbob, file = unserved, unserved.world.shipbob, tmp_path / "acme.backup"
    sku = acme.sku("TEE")
    number = acme.order({sku: ORDERED})
    key = order_id(acme, number)
    write_backup(acme.settings, file)
    [announced] = sync(acme, "purchase-orders", [key])
    restore_backup(acme.settings, file, person="anna")
    release(acme)
    [forgotten] = acme.rows("select count(*)::int as n from posting")
    [found] = sync(acme, "purchase-orders")
    [again] = sync(acme, "purchase-orders", [key])
    [wro] = wros_of(acme, number)
    shipbob.complete(shipbob.stow(shipbob.arrive(wro), {sku: ORDERED}))
    [received] = sync(acme, "receiving", [str(wro.id)])
    restore_backup(acme.settings, file, person="anna")
    release(acme)
    [shown] = sync(acme, "receiving", [str(wro.id)])
    sync(acme, "purchase-orders", [key])

    assert forgotten == {"n": 0}
    assert [one["state"] for one in (announced, found, again, received)] == ["done"] * 4
    assert len(wros_of(acme, number)) == 1
    # What these books had forgotten is taken in by the release, and not received again.
    assert (shown["state"], shown["cause"]) == ("done", None)
    assert len(acme.documents(wro)) == 1
    assert acme.books(sku) == ({(sku, 6): ORDERED},) * 3
