"""Topics of flows: ShipBob must be asked to send each of them."""

from collections import Counter

from ml_connector.flows import FLOWS
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS, TOPIC_KINDS

HANDLED = Counter(topic for flow in FLOWS.values() for topic in flow.topics)
SUBSCRIBED = Counter(topic for topics in TOPIC_GROUPS.values() for topic in topics)


def test_every_topic_of_a_flow_is_known_and_has_no_other_flow() -> None:
    assert {topic for topic in HANDLED if topic not in TOPIC_KINDS} == set()
    assert set(HANDLED.values()) == {1}


def test_every_known_topic_is_subscribed_to_once() -> None:
    assert Counter(TOPIC_KINDS.keys()) == SUBSCRIBED
