"""The calls about webhook subscriptions (ShipBob reference, section 7.1)."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.secret import Secret
from ml_connector.shipbob.filters import LARGE_PAGE
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.session import Request, ShipBobSession, UnexpectedAnswer, segment
from ml_connector.shipbob.webhooks.signature import check_secret
from ml_connector.transport.call import Patience, Priority
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable
from ml_connector.words import Cause


@dataclass(frozen=True, kw_only=True)
class NewSubscription:
    """A subscription that was just made, and its secret, which ShipBob never shows again."""

    subscription: WebhookSubscription
    secret: Secret


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of POST /webhook, the only one with the secret. It must not be stored."""

    id: str
    url: str = ""
    topics: tuple[str, ...] = ()
    description: str = ""
    created_at: datetime | None = None
    secret: str = ""

    def __repr__(self) -> str:
        return f"NewWebhook(id={self.id!r}, secret=Secret(***))"


def list_all(priority: Priority) -> Request:
    """GET /webhook."""
    return Request(
        operation="webhook.list",
        doing="reading the webhook subscriptions",
        path="/webhook",
        scope="webhooks_read",
        query={"RecordsPerPage": LARGE_PAGE},
        priority=priority,
    )


def create(
    url: str,
    topics: Sequence[str],
    *,
    description: str,
    secret: Secret | None,
    send_by: float | None,
) -> Request:
    """POST /webhook; it is not idempotent, so it is sent once.

    It is the only write that names no channel (section 3.4): the header "on ``POST /webhook``
    restricts the subscription to that channel; send it there only when that is wanted", and a
    public client leaves it out. It is not wanted here: an application reads all channels of the
    merchant and writes to its own, and the orders whose shipments we fulfil are made in the
    channels of shops.

    Raises:
        UserError: the secret is not base64, or too short.
    """
    wanted: dict[str, object] = {"url": url, "topics": list(topics)}
    if description:
        wanted["description"] = description
    if secret is not None:
        check_secret(secret)
        wanted["secret"] = secret.reveal()
    return Request(
        operation="webhook.create",
        doing=f"subscribing to {', '.join(topics)}",
        method="POST",
        path="/webhook",
        scope="webhooks_write",
        body=msgspec.json.encode(wanted),
        patience=Patience.WRITE,
        repeatable=False,
        send_by=send_by,
    )


def created(answer: NewWebhook, given: Secret | None) -> NewSubscription:
    """Separate the subscription from its secret: ShipBob's, or the given one if it sends none.

    Raises:
        UnexpectedAnswer: there is no secret at all.
    """
    secret = Secret(answer.secret) if answer.secret else given
    if secret is None:
        raise UnexpectedAnswer("ShipBob told no secret for a new webhook subscription")
    subscription = WebhookSubscription(
        id=answer.id,
        url=answer.url,
        topics=answer.topics,
        description=answer.description,
        created_at=answer.created_at,
    )
    return NewSubscription(subscription=subscription, secret=secret)


def delete(subscription_id: str, channel_id: int | None, send_by: float | None) -> Request:
    """DELETE /webhook/{id}."""
    return Request(
        operation="webhook.delete",
        doing=f"removing webhook subscription {subscription_id}",
        method="DELETE",
        path=f"/webhook/{segment(subscription_id)}",
        scope="webhooks_write",
        record=AwaitedKind.WEBHOOK.named(subscription_id),
        channel_id=channel_id,
        patience=Patience.WRITE,
        send_by=send_by,
    )


class SubscriptionCalls:
    """The calls about webhook subscriptions, of one connection.

    Args:
        session: sends the calls.
        channel_id: returns the channel to write to.
    """

    def __init__(self, session: ShipBobSession, channel_id: Callable[[], Awaitable[int]]) -> None:
        self._session = session
        self._channel_id = channel_id

    async def every(
        self, *, needed: Collection[str] | None = None, priority: Priority = Priority.LIVE
    ) -> list[WebhookSubscription]:
        """Return the subscriptions of our application (section 7.1, GET /webhook).

        Args:
            needed: ids of those that have to be read; others that can't be are left out, and the
                log has them. None: all.
            priority: its place in the queue.

        Raises:
            Unreadable: one that is needed can't be read, or one of which no id can.
        """
        odd: list[SpoiledRow] = []
        with gathering(odd):
            found = await self._every(priority)
        if theirs := [one for one in odd if needed is None or not _is_other(one, needed)]:
            raise unreadable("ShipBob", [one.sentence for one in theirs])
        return found

    async def _every(self, priority: Priority) -> list[WebhookSubscription]:
        pages = self._session.every(
            list_all(priority), WebhookSubscription, lambda row: row.id, style=Style.CURSOR
        )
        return [subscription async for subscription in pages]

    async def create(
        self,
        url: str,
        topics: Sequence[str],
        *,
        description: str = "",
        secret: Secret | None = None,
        send_by: float | None = None,
    ) -> NewSubscription:
        """Subscribe to topics, in all channels (section 7.1, POST /webhook). It is sent once.

        The same topic can be subscribed several times, so list the subscriptions first. ShipBob
        refuses the whole subscription because of one topic that it doesn't know.

        Args:
            url: https, where deliveries go.
            topics: see ``topics.TOPIC_GROUPS``.
            description: shown in ShipBob's dashboard.
            secret: None, which is preferred, lets ShipBob make one.
            send_by: monotonic time by which it must have begun.

        Raises:
            UserError: the secret is not base64, or too short.
        """
        request = create(url, topics, description=description, secret=secret, send_by=send_by)
        return created(await self._session.one(request, NewWebhook), secret)

    async def delete(self, subscription_id: str, *, send_by: float | None = None) -> None:
        """Remove a subscription (section 7.1, DELETE /webhook/{id}), also one that is gone."""
        try:
            channel: int | None = await self._channel_id()
        except NeedsHuman as unclear:
            if unclear.cause is not Cause.PERMISSION_MISSING:
                raise
            channel = None  # the call does not want one (section 3.4)
        try:
            await self._session.send(delete(subscription_id, channel, send_by))
        except NeedsData as missing:
            if missing.cause is not Cause.RECORD_NOT_FOUND:
                raise


def _is_other(row: SpoiledRow, needed: Collection[str]) -> bool:
    return "id" in row.ids and row.ids["id"] not in needed
