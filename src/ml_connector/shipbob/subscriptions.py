"""The requests about webhook subscriptions (ShipBob reference, section 7.1). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ml_connector.secret import Secret
from ml_connector.shipbob.filters import LARGE_PAGE
from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.session import Request, UnexpectedAnswer, segment
from ml_connector.shipbob.signature import parse_secret
from ml_connector.transport.call import Patience, Priority


@dataclass(frozen=True, kw_only=True)
class NewSubscription:
    """A subscription just made, with its secret, which ShipBob never shows again."""

    subscription: WebhookSubscription
    secret: Secret


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of POST /webhook: the only one that holds the secret. Don't keep it."""

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
    channel_id: int | None,
    send_by: float | None,
) -> Request:
    """POST /webhook; nothing makes it idempotent, so it is sent once.

    Raises:
        UserError: the secret is not base64.
    """
    wanted: dict[str, object] = {"url": url, "topics": list(topics)}
    if description:
        wanted["description"] = description
    if secret is not None:
        parse_secret(secret)
        wanted["secret"] = secret.reveal()
    return Request(
        operation="webhook.create",
        doing=f"subscribing to {', '.join(topics)}",
        method="POST",
        path="/webhook",
        scope="webhooks_write",
        body=msgspec.json.encode(wanted),
        channel_id=channel_id,
        patience=Patience.WRITE,
        repeatable=False,
        send_by=send_by,
    )


def created(answer: NewWebhook, given: Secret | None) -> NewSubscription:
    """Part the subscription from its secret, which is the given one if ShipBob tells none.

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
        record=f"webhook:{subscription_id}",
        channel_id=channel_id,
        patience=Patience.WRITE,
        send_by=send_by,
    )
