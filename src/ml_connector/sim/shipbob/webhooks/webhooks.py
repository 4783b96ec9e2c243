"""Webhook subscriptions, messages and the log of attempts (reference shipbob.md, 7)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import count
from random import Random
from typing import Final
from urllib.parse import urlsplit

import msgspec

RETRY_AFTER: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""Waiting times after the first and every further failed attempt (7.5)."""

DISABLED_AFTER: Final = timedelta(days=5)
"""An endpoint whose attempts all fail for this long is disabled (7.5)."""

MESSAGES_KEPT: Final = 20_000
"""Older messages can't be sent again by hand; their attempts go on."""

_SECRET_BYTES: Final = range(24, 65)
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class Subscription(msgspec.Struct, kw_only=True):
    """One webhook subscription.

    Attributes:
        application: the application that made it; others don't see it.
        channel_id: only events of this channel, when the header was sent (3.4).
        failing_since: the first failure after the last success.
    """

    id: str
    url: str
    topics: tuple[str, ...]
    secret: str
    created: datetime
    application: str
    description: str | None = None
    channel_id: int | None = None
    enabled: bool = True
    failing_since: datetime | None = None


class Message(msgspec.Struct, kw_only=True):
    """One event for one subscription; all its attempts carry the same ``webhook-id``."""

    id: str
    subscription_id: str
    topic: str
    body: bytes
    created: datetime
    state: str = "waiting"
    attempts: int = 0
    next_attempt: datetime | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to deliver a message.

    Attributes:
        status: the receiver's HTTP status; ``None`` when there was no answer.
        error: why there was none.
        seconds: how long it took in real time.
        next_attempt: when it is tried again; ``None`` after a success or the last attempt.
    """

    webhook_id: str
    subscription_id: str
    topic: str
    url: str
    attempt: int
    at: datetime
    status: int | None
    error: str
    seconds: float
    next_attempt: datetime | None

    @property
    def succeeded(self) -> bool:
        """Success is any 2xx; a redirect is a failure."""
        return is_success(self.status)


class Webhooks:
    """The subscriptions of the merchant's applications and all messages made for them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ids = count(1)
        self.subscriptions: dict[str, Subscription] = {}
        self.messages: dict[str, Message] = {}
        self.deliveries: list[Delivery] = []

    def subscribe(
        self,
        *,
        url: str,
        topics: Iterable[str],
        now: datetime,
        application: str,
        secret: str | None = None,
        description: str | None = None,
        channel_id: int | None = None,
    ) -> Subscription:
        """A new subscription; the same topic may be subscribed several times."""
        subscription = Subscription(
            id=str(480_000 + next(self._ids)),
            url=url,
            topics=tuple(dict.fromkeys(topics)),
            secret=secret or self._new_secret(),
            created=now,
            application=application,
            description=description,
            channel_id=channel_id,
        )
        self.subscriptions[subscription.id] = subscription
        return subscription

    def wanting(self, topic: str, channel_id: int | None) -> list[Subscription]:
        """The enabled subscriptions for a topic and the channel it happened in."""
        return [
            each
            for each in self.subscriptions.values()
            if each.enabled
            and topic in each.topics
            and (each.channel_id is None or channel_id is None or each.channel_id == channel_id)
        ]

    def compose(
        self, subscription: Subscription, topic: str, body: bytes, now: datetime
    ) -> Message:
        """A message with an id of its own."""
        message = Message(
            id=f"msg_{self._random.getrandbits(128):032x}",
            subscription_id=subscription.id,
            topic=topic,
            body=body,
            created=now,
        )
        self.messages[message.id] = message
        if len(self.messages) > MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        return message

    def note(self, message: Message, delivery: Delivery) -> None:
        """Keep an attempt, and disable an endpoint that has failed for five days."""
        self.deliveries.append(delivery)
        message.attempts = delivery.attempt
        message.next_attempt = delivery.next_attempt
        message.state = "delivered" if delivery.succeeded else "waiting"
        if not delivery.succeeded and delivery.next_attempt is None:
            message.state = "failed"
        subscription = self.subscriptions.get(message.subscription_id)
        if subscription is None:
            return
        if delivery.succeeded:
            subscription.failing_since = None
        elif subscription.failing_since is None:
            subscription.failing_since = delivery.at
        elif delivery.at - subscription.failing_since >= DISABLED_AFTER:
            subscription.enabled = False

    def _new_secret(self) -> str:
        key = self._random.getrandbits(8 * 24).to_bytes(24, "big")
        return f"whsec_{base64.b64encode(key).decode()}"


def is_success(status: int | None) -> bool:
    """Whether a receiver's status is a 2xx; a redirect is none, and no answer neither."""
    return status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` of one attempt (7.4).

    HMAC-SHA256 over ``{webhook-id}.{webhook-timestamp}.{raw body}`` with the key that follows
    ``whsec_`` in base64.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def secret_is_usable(secret: str) -> bool:
    """``whsec_`` and base64 of 24 to 64 bytes (7.1)."""
    if not secret.startswith("whsec_"):
        return False
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) in _SECRET_BYTES
    except binascii.Error:
        return False


def url_is_usable(url: str, *, loopback_http: bool) -> bool:
    """Https, or plain http to this machine where the simulator allows it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return loopback_http and parts.scheme == "http" and host in _LOOPBACK
