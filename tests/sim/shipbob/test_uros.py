import httpx2

from ml_connector.sim.shipbob import ShipBobSim

PATH = "/2026-07/unidentified-receiving-order"


def test_a_box_that_nobody_announced_waits_for_its_wro(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    sim.add_product("TEE-S")
    uro = sim.add_uro({"TEE-S": 7}, reason="NoWROFound", comment="label is torn")
    wro = sim.create_wro({"TEE-S": 7})
    before = checked.get(f"{PATH}?isCompleted=false&page=1").json()
    stock_before = sim.stock()

    answer = checked.post(f"{PATH}/{uro.id}:associateWRO", json={"wro_id": wro.id})

    assert [(each["id"], each["linked_wro_id"]) for each in before] == [(uro.id, None)]
    assert stock_before == {}
    assert answer.status_code == 204
    assert checked.get(PATH).json() == []
    assert checked.get(f"{PATH}?isCompleted=true").json()[0]["linked_wro_id"] == wro.id
    assert checked.get(f"{PATH}/{uro.id}").json()["comment"] == "label is torn"
    assert sim.stock() == {("TEE-S", 10): 7}


def test_no_wro_may_be_written_as_null_or_as_zero(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("TEE-S")
    uro = sim.add_uro({"TEE-S": 7})
    sim.apis.uros.unlinked = 0

    assert checked.get(f"{PATH}/{uro.id}").json()["linked_wro_id"] == 0


def test_associating_twice_receives_once(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("TEE-S")
    uro, wro = sim.add_uro({"TEE-S": 7}), sim.create_wro({"TEE-S": 7})
    for _ in range(2):
        checked.post(f"{PATH}/{uro.id}:associateWRO", json={"wro_id": wro.id})

    assert sim.stock() == {("TEE-S", 10): 7}


def test_an_unknown_uro_or_wro_is_404(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("TEE-S")
    uro = sim.add_uro({"TEE-S": 7})

    answers = [
        checked.get(f"{PATH}/5"),
        checked.post(f"{PATH}/5:associateWRO", json={"wro_id": 5}),
        checked.post(f"{PATH}/{uro.id}:associateWRO", json={"wro_id": 5}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_at_most_fifty_come_at_once(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("TEE-S")
    for _ in range(51):
        sim.add_uro({"TEE-S": 1})

    assert [len(checked.get(f"{PATH}?page={page}").json()) for page in (1, 2, 3)] == [50, 1, 0]
