"""Turns what happens in the books into webhook messages, orderly or not.

Delivery is at least once and in no particular order (reference shipbob.md, 7.5), so duplicates,
losses and disorder can be asked for.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from typing import Final, cast

import msgspec

from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_webhooks import (
    DELIVERED_TOPICS,
    TOPIC_NAMES,
    WEBHOOK_BODY,
    WEBHOOK_DELIVERY,
)
from ml_connector.sim.shipbob.values.faces import Faces
from ml_connector.sim.shipbob.webhooks.bodies import checked_variant, dress
from ml_connector.sim.shipbob.webhooks.webhooks import Message, Webhooks

_OF_DELIVERY: Final = frozenset({"order.delivered", "order.shipment.delivered"})

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Announcer:
    """Makes one message for each subscription that wants a topic.

    Attributes:
        variant: which body is sent, see ``bodies.VARIANTS``.
        duplicates: the share of messages that are sent twice, under the same webhook-id.
        losses: the share of events that nobody is told about.
        disorder: the share of messages that are held back until the next one has gone.
    """

    def __init__(
        self,
        *,
        webhooks: Webhooks,
        random: Random,
        now: Callable[[], datetime],
        send: Callable[[Message], None],
        readings: Readings | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._random = random
        self._now = now
        self._send = send
        self._held: list[Message] = []
        self._holding = False
        self._readings = readings or Readings()
        self._faces = Faces(self._readings)
        self.variant: str = self._readings[WEBHOOK_BODY]
        delivery = self._readings[WEBHOOK_DELIVERY]
        self.duplicates = 0.5 if delivery == "doubled" else 0.0
        self.losses = 0.66 if delivery == "lost" else 0.0
        self.disorder = 0.5 if delivery == "disorderly" else 0.0

    def wanted(self, topic: str, channel_id: int | None) -> bool:
        """Whether anybody subscribes to a topic: else its body need not be made."""
        return bool(self._webhooks.wanting(topic, channel_id))

    def tell(self, topic: str, resource: Mapping[str, object], channel_id: int | None) -> None:
        """One event has happened."""
        wanting = self._webhooks.wanting(topic, channel_id)
        if not wanting or self._is_never_told(topic) or self._chance(self.losses):
            return
        told = cast("Mapping[str, object]", self._faces.dressed(dict(resource)))
        body = _encode(dress(topic, told, self.variant, self._random))
        name = self._named(topic)
        for subscription in wanting:
            message = self._webhooks.compose(subscription, name, body, self._now())
            copies = 2 if self._chance(self.duplicates) else 1
            for _ in range(copies):
                self._queue(message)

    def tune(
        self,
        variant: str | None = None,
        duplicates: float | None = None,
        losses: float | None = None,
        disorder: float | None = None,
    ) -> None:
        """Change one or more of the attributes of this name."""
        self.variant = self.variant if variant is None else checked_variant(variant)
        self.duplicates = self.duplicates if duplicates is None else duplicates
        self.losses = self.losses if losses is None else losses
        self.disorder = self.disorder if disorder is None else disorder

    def hold(self) -> None:
        """Keep all messages back until ``release``."""
        self._holding = True

    def release(self, order: str = "as-made") -> int:
        """Send what was held back.

        Args:
            order: ``as-made``, ``reversed`` or ``shuffled``. Messages travel at the same time,
                so this is the order of setting out, not of arrival.

        Returns:
            how many messages were sent.

        Raises:
            ValueError: there is no such order.
        """
        released = self.take(order)
        for message in released:
            self._send(message)
        return len(released)

    def take(self, order: str = "as-made") -> list[Message]:
        """What was held back, for who wants to send it one by one.

        Raises:
            ValueError: there is no such order.
        """
        if order not in {"as-made", "reversed", "shuffled"}:
            raise ValueError(f"{order!r} is no order: use as-made, reversed or shuffled.")
        self._holding = False
        held, self._held = self._held, []
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            self._random.shuffle(held)
        return held

    def flush(self) -> None:
        """Let go what disorder held back, unless everything is being held."""
        if self._held and not self._holding:
            self.release("shuffled")

    def _queue(self, message: Message) -> None:
        if self._holding or self._chance(self.disorder):
            self._held.append(message)
            return
        self._send(message)
        self.flush()

    def _is_never_told(self, topic: str) -> bool:
        return topic in _OF_DELIVERY and self._readings[DELIVERED_TOPICS] == "never"

    def _named(self, topic: str) -> str:
        """The topic as the header names it."""
        naming = self._readings[TOPIC_NAMES]
        if naming == "older":
            return topic.replace("order.shipment.", "shipment.").replace(".", "_")
        return topic if naming == "subscribed" else f"v3/{topic}"

    def _chance(self, share: float) -> bool:
        return share > 0 and self._random.random() < share
