"""Goods that nobody announced are shown until somebody links them to a WRO."""

from acceptance.merchant import Merchant
from waiting import wait_until


def test_goods_without_a_wro_are_shown_until_they_are_linked(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    uro = acme.world.shipbob.add_uro({tee: 5}, comment="no label")
    answer = acme.command("sync", "unidentified", "--json")
    [shown] = [one for one in answer.json["subjects"] if one["key"] == str(uro.id)]
    wro = acme.world.shipbob.create_wro({tee: 5})
    acme.world.shipbob.books.uros.by_id[uro.id].linked_wro_id = wro.id
    wait_until(
        lambda: acme.rows(
            "select 1 from subject where key = %(key)s and state = 'done'", key=str(uro.id)
        )
    )

    assert (shown["state"], shown["cause"]) == ("dead", "unidentified_stock")
    assert "no label" in shown["sentence"]
