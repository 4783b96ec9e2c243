import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pytest
from standardwebhooks import Webhook

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.webhooks.bodies import VARIANTS
from ml_connector.sim.shipbob.webhooks.webhooks import RETRY_AFTER, sign
from waiting import HANGS_AFTER_SECONDS


class Received(Protocol):
    headers: dict[str, str]
    body: bytes
    topic: str
    json: dict[str, object]


class Receiver(Protocol):
    url: str
    status: int
    seconds: float
    received: list[Received]
    topics: list[str]


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    return sim.add_product("TEE-S")


def settle(sim: ShipBobSim) -> None:
    assert sim.wait_for_webhooks(HANGS_AFTER_SECONDS)


def test_the_signature_agrees_with_the_public_vectors(reference: Path) -> None:
    vectors = json.loads((reference / "samples/webhook-signature-vectors.json").read_text())
    good = [each for each in vectors["vectors"] if each["expect_valid_ignoring_clock"]]

    for vector in good:
        signature = sign(
            vector["secret"],
            vector["webhook-id"],
            int(vector["webhook-timestamp"]),
            vector["raw_body"].encode(),
        )

        assert signature in vector["webhook-signature"].split(" "), vector["name"]


def test_a_delivery_is_accepted_by_the_standard_webhooks_library(
    sim: ShipBobSim, receiver: Receiver, tee: int
) -> None:
    _, secret = sim.subscribe(receiver.url, ["wro.created"])
    wro = sim.create_wro({tee: 3}, purchase_order_number="PO1 ü")
    settle(sim)

    got = receiver.received[0]
    verified = Webhook(secret).verify(got.body, got.headers)

    assert got.topic == "wro.created"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"].startswith("msg_")
    assert verified["id"] == wro.id
    assert verified["purchase_order_number"] == "PO1 ü"


def test_the_timestamp_can_be_simulated_time_for_receivers_that_share_the_clock(
    receiver: Receiver, clock: Clock
) -> None:
    with ShipBobSim(clock, signing_clock=clock) as sim:
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.subscribe(receiver.url, ["wro.created"])
        sim.create_wro({sim.add_product("TEE-S"): 1})
        settle(sim)

    assert receiver.received[0].headers["webhook-timestamp"] == str(int(clock.now().timestamp()))


def test_only_subscribed_topics_are_sent(sim: ShipBobSim, receiver: Receiver, tee: int) -> None:
    sim.subscribe(receiver.url, ["wro.completed", "wro.box.stowed"])
    wro = sim.create_wro({tee: 3})
    sim.arrive(wro)
    sim.stow(wro)
    sim.complete(wro)
    settle(sim)

    assert sorted(receiver.topics) == ["wro.box.stowed", "wro.completed"]


def test_the_life_of_a_wro_is_told_topic_by_topic(
    sim: ShipBobSim, receiver: Receiver, tee: int
) -> None:
    sim.subscribe(receiver.url)
    wro = sim.create_wro({tee: 3})
    settle(sim)
    sim.arrive(wro)
    settle(sim)
    sim.stow(wro)
    settle(sim)
    sim.complete(wro)
    settle(sim)

    assert receiver.topics[0] == "wro.created"
    assert sorted(receiver.topics[1:3]) == ["wro.box.arrived", "wro.updated"]
    assert sorted(receiver.topics[3:6]) == ["wro.box.scanned", "wro.box.stowed", "wro.updated"]
    assert receiver.topics[6] == "wro.completed"


def test_a_topic_that_was_subscribed_twice_is_sent_twice(
    sim: ShipBobSim, receiver: Receiver, tee: int
) -> None:
    sim.subscribe(receiver.url, ["wro.created"])
    sim.subscribe(receiver.url, ["wro.created"])
    sim.create_wro({tee: 3})
    settle(sim)

    ids = [each.headers["webhook-id"] for each in receiver.received]

    assert len(set(ids)) == 2


def test_a_failure_is_tried_again_on_the_schedule_with_the_same_id(
    sim: ShipBobSim, receiver: Receiver, clock: Clock, tee: int
) -> None:
    sim.subscribe(receiver.url, ["wro.created"])
    receiver.status = 503
    sim.create_wro({tee: 3})
    settle(sim)
    for wait in RETRY_AFTER:
        clock.advance(wait - timedelta(seconds=1))
        settle(sim)
        clock.advance(timedelta(seconds=1))
        settle(sim)
    clock.advance(timedelta(days=2))
    settle(sim)

    attempts = sim.deliveries
    waits = [later.at - earlier.at for earlier, later in pairwise(attempts)]
    assert waits == list(RETRY_AFTER)
    assert [each.attempt for each in attempts] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert attempts[-1].next_attempt is None


def test_a_success_ends_the_attempts(
    sim: ShipBobSim, receiver: Receiver, clock: Clock, tee: int
) -> None:
    sim.subscribe(receiver.url, ["wro.created"])
    receiver.status = 500
    sim.create_wro({tee: 3})
    settle(sim)
    receiver.status = 204
    clock.advance(timedelta(seconds=5))
    settle(sim)

    assert [each.status for each in sim.deliveries] == [500, 204]
    assert sim.deliveries[-1].next_attempt is None


def test_a_redirect_is_a_failure(sim: ShipBobSim, receiver: Receiver, tee: int) -> None:
    sim.subscribe(receiver.url, ["wro.created"])
    receiver.status = 302
    sim.create_wro({tee: 3})
    settle(sim)

    assert not sim.deliveries[0].succeeded
    assert sim.deliveries[0].next_attempt is not None
    assert len(receiver.received) == 1


def test_a_receiver_that_takes_too_long_has_failed(receiver: Receiver, clock: Clock) -> None:
    with ShipBobSim(clock, webhook_timeout_seconds=0.05) as sim:
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.subscribe(receiver.url, ["wro.created"])
        receiver.seconds = 60
        sim.create_wro({sim.add_product("TEE-S"): 1})
        settle(sim)

        assert (sim.deliveries[0].status, sim.deliveries[0].error) == (
            None,
            "no answer within 0.05 s",
        )


def test_a_receiver_that_is_not_there_is_told_in_the_log(sim: ShipBobSim, tee: int) -> None:
    sim.subscribe("http://127.0.0.1:9/hook", ["wro.created"])
    sim.create_wro({tee: 1})
    settle(sim)

    assert sim.deliveries[0].status is None
    assert "ConnectError" in sim.deliveries[0].error


def test_an_endpoint_that_fails_for_five_days_is_disabled(
    sim: ShipBobSim, receiver: Receiver, clock: Clock, tee: int
) -> None:
    subscription, _ = sim.subscribe(receiver.url, ["wro.created"])
    receiver.status = 500
    for day in range(6):
        sim.create_wro({tee: 1})
        settle(sim)
        if day < 5:
            clock.advance(timedelta(days=1))
            settle(sim)

    assert not sim.books.webhooks.subscriptions[subscription].enabled
    told = len(receiver.received)
    sim.create_wro({tee: 1})
    settle(sim)
    assert len(receiver.received) == told


def test_a_webhook_can_be_sent_again_under_its_id(
    sim: ShipBobSim, receiver: Receiver, tee: int
) -> None:
    sim.subscribe(receiver.url, ["wro.created"])
    sim.create_wro({tee: 1})
    settle(sim)
    sim.redeliver(sim.deliveries[0].webhook_id)
    settle(sim)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_duplicates_can_be_asked_for(sim: ShipBobSim, receiver: Receiver, tee: int) -> None:
    sim.announcer.tune(duplicates=1.0)
    sim.subscribe(receiver.url, ["wro.created"])
    sim.create_wro({tee: 1})
    settle(sim)

    assert len(receiver.received) == 2
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1


def test_losses_can_be_asked_for(sim: ShipBobSim, receiver: Receiver, tee: int) -> None:
    sim.announcer.tune(losses=1.0)
    sim.subscribe(receiver.url, ["wro.created"])
    sim.create_wro({tee: 1})
    settle(sim)

    assert receiver.received == []


def test_the_order_can_be_turned_round(sim: ShipBobSim, receiver: Receiver, tee: int) -> None:
    sim.subscribe(receiver.url, ["wro.created", "wro.completed"])
    sim.announcer.hold()
    wro = sim.create_wro({tee: 1})
    sim.complete(wro)
    settle(sim)
    assert receiver.received == []

    sent = []
    for message in sim.announcer.take("reversed"):
        sim.books.sender.send(message)
        settle(sim)
        sent.append(message.topic)

    assert receiver.topics == sent == ["wro.completed", "wro.created"]


def test_disorder_holds_messages_back_and_loses_none(
    sim: ShipBobSim, receiver: Receiver, tee: int
) -> None:
    sim.announcer.tune(disorder=0.5)
    sim.subscribe(receiver.url, ["wro.created"])
    made = [sim.create_wro({tee: 1}).id for _ in range(20)]
    settle(sim)

    assert sorted(int(str(each.json["id"])) for each in receiver.received) == made


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_body_variant_says_which_wro_it_is_about(
    sim: ShipBobSim, receiver: Receiver, tee: int, variant: str
) -> None:
    sim.announcer.tune(variant=variant)
    sim.subscribe(receiver.url, ["wro.created"])
    wro = sim.create_wro({tee: 1})
    settle(sim)

    assert str(wro.id).encode() in receiver.received[0].body


def test_an_unknown_variant_is_refused(sim: ShipBobSim) -> None:
    with pytest.raises(ValueError, match="no variant"):
        sim.announcer.tune(variant="xml")
