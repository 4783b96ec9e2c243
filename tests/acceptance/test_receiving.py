"""Stock that arrives at ShipBob appears in NetSuite: real processes, real HTTP."""

from acceptance.merchant import Merchant, quantities
from waiting import wait_until


def test_a_wro_from_a_purchase_order_is_received_in_parts(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 100, cap: 40})
    wro = acme.announce({tee: 100, cap: 40}, number=number)
    acme.world.shipbob.stow(wro, {tee: 60})
    acme.wait_for(wro)
    partly = acme.books(tee, cap)
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.complete(wro)
    acme.wait_for(wro)

    assert partly == ({(tee, 6): 60},) * 3
    assert acme.books(tee, cap) == ({(tee, 6): 100, (cap, 6): 40},) * 3
    assert [one["externalId"] for one in acme.documents(wro)] == [
        f"mlc-ir-{wro.id}-1",
        f"mlc-ir-{wro.id}-2",
    ]
    assert quantities(acme.documents(wro)[1]) == [40, 40]


def test_a_wro_without_an_order_becomes_an_adjustment(acme: Merchant) -> None:
    cap = acme.sku("CAP")
    wro = acme.deliver({cap: 12}, center=10)
    acme.wait_for(wro)
    [document] = acme.documents(wro)

    assert document["recordType"] == "inventoryAdjustment"
    assert acme.books(cap) == ({(cap, 7): 12},) * 3


def test_units_beyond_the_order_become_an_adjustment(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.announce({tee: 50}, number=acme.order({tee: 50}))
    acme.world.shipbob.stow(wro, {tee: 53})
    acme.world.shipbob.complete(wro)
    acme.wait_for(wro)

    assert [one["recordType"] for one in acme.documents(wro)] == [
        "inventoryAdjustment",
        "itemReceipt",
    ]
    assert acme.books(tee) == ({(tee, 6): 53},) * 3


def test_a_completed_wro_is_marked_as_booked_at_shipbob(acme: Merchant) -> None:
    wro = acme.deliver({acme.sku(): 3})
    acme.wait_for(wro)

    assert acme.world.shipbob.dock.find(wro).external_sync is not None


def test_a_second_wro_of_an_order_takes_what_is_left(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 10})
    first = acme.deliver({tee: 4}, number=number)
    acme.wait_for(first)
    second = acme.deliver({tee: 6}, number=number)
    acme.wait_for(second)

    assert [quantities(one) for one in acme.documents(second)] == [[6]]
    assert acme.books(tee) == ({(tee, 6): 10},) * 3


def test_the_same_webhook_five_times_books_once(acme: Merchant) -> None:
    shipbob, tee = acme.world.shipbob, acme.sku("TEE")
    wro = acme.deliver({tee: 20}, number=acme.order({tee: 20}))
    acme.wait_for(wro)
    sent = {
        one.webhook_id
        for one in shipbob.deliveries
        if one.webhook_id in delivered_ids(acme, str(wro.id))
    }
    for webhook_id in [*sent] * 4:
        shipbob.redeliver(webhook_id)
    acme.wait_for(wro)
    [kept] = acme.rows(
        "select count(*) as n from event where delivery_id = any (%(ids)s)", ids=list(sent)
    )

    assert len(sent) >= 3
    assert kept["n"] == len(sent)
    assert len(acme.documents(wro)) == 1
    assert acme.books(tee).agree


def delivered_ids(acme: Merchant, key: str) -> set[str]:
    found = acme.rows("select delivery_id from event_status where subject = %(key)s", key=key)
    return {row["delivery_id"] for row in found}


def test_webhooks_in_the_wrong_order_book_once(acme: Merchant) -> None:
    shipbob, tee = acme.world.shipbob, acme.sku("TEE")
    number = acme.order({tee: 30})
    shipbob.announcer.hold()
    wro = acme.announce({tee: 30}, number=number)
    shipbob.stow(wro, {tee: 10})
    shipbob.stow(wro)
    shipbob.complete(wro)
    shipbob.announcer.release("reversed")
    acme.wait_for(wro)

    assert sum(quantities(one)[0] for one in acme.documents(wro)) == 30
    assert acme.books(tee) == ({(tee, 6): 30},) * 3


def test_what_no_webhook_told_us_is_found_by_a_sync(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 9})
    acme.world.shipbob.announcer.tune(losses=1.0)
    wro = acme.deliver({tee: 9}, number=number)
    acme.world.shipbob.announcer.tune(losses=0.0)
    unknown = acme.subject(wro)
    synced = acme.command("sync", "receiving", "--since", "1h", "--json")

    assert unknown == {}
    assert synced.status == 0, synced.out
    assert str(wro.id) in {one["key"] for one in synced.json["subjects"]}
    assert acme.books(tee) == ({(tee, 6): 9},) * 3


def test_many_wros_at_once_agree_in_the_end(acme: Merchant) -> None:
    skus = [acme.sku("TEE") for _ in range(4)]
    number = acme.order(dict.fromkeys(skus, 100))
    acme.world.shipbob.announcer.tune(duplicates=0.3, disorder=0.3)
    wros = [acme.deliver({skus[n % 4]: 5 + n}, number=number) for n in range(8)]
    acme.world.shipbob.announcer.tune(duplicates=0.0, disorder=0.0)
    for wro in wros:
        acme.wait_for(wro)

    assert acme.books(*skus).agree
    assert all(len(acme.documents(wro)) == 1 for wro in wros)


def test_the_books_of_everything_agree_and_no_external_id_is_there_twice(acme: Merchant) -> None:
    wait_until(lambda: not acme.rows("select key from subject where state <> 'done'"))
    external_ids = acme.external_ids()

    assert acme.books().agree
    assert external_ids
    assert len(external_ids) == len(set(external_ids))
