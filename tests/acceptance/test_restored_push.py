"""A backup of the middle of a push is put back while the push goes on: real processes and HTTP."""

from collections import Counter
from pathlib import Path

from acceptance.merchant import Merchant
from acceptance.test_purchase_orders import wros_of
from ml_connector.app.installation.backup import restore_backup, write_backup
from waiting import wait_until

ORDERS = 80
LIMITS = "netsuite_concurrency = 4\nshipbob_per_minute = 300"
"""A bunch of twenty orders every five seconds or so."""

SCHEDULE = 'timezone = "America/Chicago"\npurchase_orders = "1h"\nsweep = "1d"'


def asked_for(acme: Merchant) -> int:
    """How often ShipBob was asked to make a WRO."""
    return sum(
        call.method == "POST" and call.path.endswith("/receiving")
        for call in acme.world.shipbob.calls
    )


def states(acme: Merchant) -> Counter[str]:
    rows = acme.rows("select state from subject where flow = 'purchase-orders'")
    return Counter(row["state"] for row in rows)


def test_a_push_goes_on_where_the_backup_stopped_and_announces_nothing_twice(
    unserved: Merchant, tmp_path: Path
) -> None:
    acme = unserved
    acme.world.shipbob.books.limit.per_minute = 0
    skus = [acme.sku() for _ in range(10)]
    numbers = [acme.order({skus[one % 10]: 5 + one}) for one in range(ORDERS)]
    acme.apply(limits=LIMITS, schedule=SCHEDULE)
    with acme.serving():
        wait_until(lambda: asked_for(acme) >= 5)
        write_backup(acme.settings, tmp_path / "file")
        in_backup = acme.rows("select remote_id from posting where state in ('done', 'adopted')")
        wait_until(lambda: asked_for(acme) > len(in_backup) + 10)
        restore_backup(acme.settings, tmp_path / "file", person="anna")
        before = asked_for(acme)
        released = acme.command("connection", "release", "acme", "--yes")
        wait_until(lambda: states(acme) == {"done": ORDERS})
    stopped = acme.rows("select cause, sentence from run where outcome in ('parked', 'dead')")
    told = acme.rows(
        "select count(*) as n from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'purchase-orders' group by s.id"
    )

    assert released.status == 0
    assert before < ORDERS
    assert Counter(len(wros_of(acme, number)) for number in numbers) == {1: ORDERS}
    assert asked_for(acme) == ORDERS
    assert stopped == []
    assert {row["n"] for row in told} == {1}
    assert acme.rows("select 1 from posting where state not in ('done', 'adopted')") == []
