"""``/channel``, ``/location`` and ``/webhook`` (reference shipbob.md, 3.3, 7.1, 9.1)."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from ml_connector.sim.shipbob.books.access import Access, Channel
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.http.answers import Answer, webhook_error
from ml_connector.sim.shipbob.http.call import Call
from ml_connector.sim.shipbob.http.endpoint import Endpoint
from ml_connector.sim.shipbob.http.paging import CursorPages
from ml_connector.sim.shipbob.values.dates import stamp
from ml_connector.sim.shipbob.values.vocabulary import TOPICS, TOPICS_2026_01
from ml_connector.sim.shipbob.webhooks.webhooks import (
    Subscription,
    Webhooks,
    secret_is_usable,
    url_is_usable,
)


class NewSubscription(msgspec.Struct, kw_only=True):
    """The body of ``POST /webhook``."""

    topics: list[str]
    url: str
    description: str | None = None
    secret: str | None = None


class AccountApi:
    """The handlers.

    Attributes:
        loopback_http: plain http to this machine is a good webhook address. ShipBob itself
            wants https.
        created_status: 201 as seen live, or 200 as the OpenAPI file says.
        one_string_of_scopes: channels show all scopes in one text, as version 1.0 did.
        topics_not_offered: topics that this account may not subscribe to; which ones 2026-07
            takes is an open question (sections 1.4 and 12).
    """

    def __init__(
        self,
        *,
        access: Access,
        centers: Centers,
        webhooks: Webhooks,
        now: Callable[[], datetime],
    ) -> None:
        self._access = access
        self._centers = centers
        self._webhooks = webhooks
        self._now = now
        self.loopback_http = True
        self.created_status = 201
        self.one_string_of_scopes = False
        self.topics_not_offered: tuple[str, ...] = ()

    def endpoints(self) -> list[Endpoint]:
        """The routes of these resources."""
        return [
            Endpoint(
                method="GET",
                path="/channel",
                handler=self.list_channels,
                scopes=("channels_read",),
            ),
            Endpoint(
                method="GET",
                path="/location",
                handler=self.list_locations,
                scopes=("locations_read",),
            ),
            Endpoint(
                method="GET",
                path="/webhook",
                handler=self.list_webhooks,
                scopes=("webhooks_read",),
                bad_value=lambda errors: webhook_error(400, errors),
            ),
            Endpoint(
                method="POST",
                path="/webhook",
                handler=self.subscribe,
                scopes=("webhooks_write",),
                channel="filter",
                bad_value=lambda errors: webhook_error(422, errors),
            ),
            Endpoint(
                method="DELETE",
                path="/webhook/{id:key}",
                handler=self.unsubscribe,
                scopes=("webhooks_write",),
            ),
        ]

    def list_channels(self, call: Call) -> Answer:
        """``GET /channel``: an application reads all channels of the merchant."""
        pages: CursorPages[Channel] = CursorPages(path=f"/{call.version}/channel", ends=False)
        return pages.answer(call, list(self._access.channels.values()), self._channel)

    def list_locations(self, call: Call) -> Answer:
        """``GET /location``: a bare array; inactive ones only on demand."""
        inactive = call.query.flag("IncludeInactive") or False
        receiving = call.query.flag("ReceivingEnabled")
        granted = call.query.flag("AccessGranted")
        shown = [
            each.location()
            for each in self._centers
            if (inactive or each.active)
            and (receiving is None or each.receiving == receiving)
            and granted is not False
        ]
        return Answer(200, shown)

    def list_webhooks(self, call: Call) -> Answer:
        """``GET /webhook``: the application's own subscriptions, without their secrets."""
        pages: CursorPages[Subscription] = CursorPages(path=f"/{call.version}/webhook", ends=False)
        own = [
            each
            for each in self._webhooks.subscriptions.values()
            if each.application == call.caller.application
        ]
        return pages.answer(call, own, _listed)

    def subscribe(self, call: Call) -> Answer:
        """``POST /webhook``: the only answer that shows the secret."""
        new = call.body(NewSubscription, lambda errors: webhook_error(422, errors))
        known = TOPICS_2026_01 if call.version == "2026-01" else TOPICS
        faults: dict[str, list[str]] = {}
        refused = self.topics_not_offered
        unknown = [topic for topic in new.topics if topic not in known or topic in refused]
        if not new.topics:
            faults["topics"] = ["At least one topic is required."]
        elif unknown:
            faults["topics"] = [f"'{topic}' is not a valid topic." for topic in unknown]
        if not url_is_usable(new.url, loopback_http=self.loopback_http):
            faults["url"] = ["The url must be an absolute https address."]
        if new.secret is not None and not secret_is_usable(new.secret):
            faults["secret"] = ["The secret must be whsec_ and base64 of 24 to 64 bytes."]
        if faults:
            raise webhook_error(422, faults)
        subscription = self._webhooks.subscribe(
            url=new.url,
            topics=new.topics,
            now=self._now(),
            application=call.caller.application,
            secret=new.secret,
            description=new.description,
            channel_id=call.channel_id,
        )
        body = _listed(subscription)
        del body["enabled"]
        body["secret"] = subscription.secret
        return Answer(self.created_status, body)

    def unsubscribe(self, call: Call) -> Answer:
        """``DELETE /webhook/{id}``: 204; what is still to be sent is dropped.

        Also 204 when there is no such subscription: the OpenAPI file knows no other answer.
        """
        subscription = self._webhooks.subscriptions.get(call.ids["id"])
        if subscription is not None and subscription.application == call.caller.application:
            del self._webhooks.subscriptions[subscription.id]
        return Answer(204)

    def _channel(self, channel: Channel) -> dict[str, object]:
        scopes = list(channel.scopes)
        return {
            "id": channel.id,
            "name": channel.name,
            "application_name": channel.application_name,
            "scopes": [" ".join(scopes)] if self.one_string_of_scopes else scopes,
        }


def _listed(subscription: Subscription) -> dict[str, object]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "topics": list(subscription.topics),
        "description": subscription.description,
        "enabled": subscription.enabled,
        "created_at": stamp(subscription.created),
    }
