"""``plan`` prints exactly the documents that ``sync`` then posts."""

from typing import Any

import msgspec
import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_purchase_orders import order_id
from waiting import wait_until


def planned(acme: Merchant, flow: str, key: str) -> list[dict[str, Any]]:
    answer = acme.command("plan", flow, "--id", key, "--json")
    [one] = answer.json["plans"]
    return list(one["documents"])


def posted(acme: Merchant, key: str) -> list[dict[str, Any]]:
    rows = acme.rows(
        "select p.document from posting as p join subject as s on s.id = p.subject_id"
        " where s.key = %(key)s order by p.id",
        key=key,
    )
    return [msgspec.json.decode(msgspec.json.encode(row["document"])) for row in rows]


@pytest.mark.parametrize("stowed", [20, 26])
def test_the_plan_of_a_wro_is_what_is_posted(unserved: Merchant, stowed: int) -> None:
    acme, shipbob = unserved, unserved.world.shipbob
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    wro = acme.announce({tee: 20}, number=number)
    shipbob.complete(shipbob.stow(wro, {tee: stowed}))
    documents = planned(acme, "receiving", str(wro.id))
    done = acme.command("sync", "receiving", "--id", str(wro.id))

    assert done.status == 0
    assert documents == posted(acme, str(wro.id))
    assert [one["kind"] for one in documents] == [
        "itemReceipt",
        *(["inventoryAdjustment"] if stowed > 20 else []),
        "wroMark",
    ]


def test_the_plan_of_an_order_is_what_is_announced(unserved: Merchant) -> None:
    acme = unserved
    number = acme.order({acme.sku("TEE"): 20, acme.sku("CAP"): 5})
    key = order_id(acme, number)
    documents = planned(acme, "purchase-orders", key)
    again = planned(acme, "purchase-orders", key)
    done = acme.command("sync", "purchase-orders", "--id", key)

    assert done.status == 0
    assert documents == again == posted(acme, key)
    assert [one["kind"] for one in documents] == ["wro"]


def test_a_retry_that_is_due_runs_with_the_next_sync(unserved: Merchant) -> None:
    acme = unserved
    key = order_id(acme, acme.order({acme.sku("TEE"): 20}))
    acme.world.netsuite.fault("unavailable", path="suiteql")
    [first] = sync(acme, "purchase-orders", [key])
    acme.world.netsuite.faults.clear()

    def done() -> bool:
        [now] = sync(acme, "purchase-orders", [key])
        return bool(now["state"] == "done")

    assert first["state"] == "retrying"
    assert wait_until(done)
