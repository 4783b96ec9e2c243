"""A delivery of our own through the public address. It tests the way, not ShipBob's bodies."""

import json
import secrets as chance
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.sync import subscribable_url
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman, UserError
from ml_connector.ledger.connections.subscriptions import is_webhook_secret
from ml_connector.secret import Secret
from ml_connector.shipbob.webhooks.signature import sign
from ml_connector.transport.call import Answer, Call, Patience
from ml_connector.transport.http.client import USER_AGENT
from ml_connector.transport.http.wire import NetworkFailure, Timeouts, Wire

TOPIC: Final = "ml-connector.test"
"""No flow handles this topic: the event is stored as ignored."""

_SECONDS: Final = 15.0
"""ShipBob waits this long for an answer (ShipBob reference, section 7.5)."""

_REMEDIES: Final[Mapping[int, str]] = {
    401: "Something on the way changes the body or the headers; or the clock of this machine"
    " differs. See ml-connector webhooks list.",
    404: "The proxy does not pass /webhooks/ on to this service, or the service that answers"
    " does not know this connection.",
    413: "A proxy refuses the body: raise its limit to 2 MB.",
    502: "The proxy runs, the service behind it does not: start ml-connector serve.",
    503: "The service can't store events: see its log and /readyz.",
}

_NO_ANSWER: Final = (
    "See that ml-connector serve runs, that the name leads to its proxy and that the certificate"
    " is good. Some networks can't reach their own public address: then use ShipBob's test"
    " sender instead."
)

_LEADS_INSIDE: Final = (
    "Seen from this machine the public address is an inner one, which proves nothing of the way"
    " from outside: use ShipBob's test sender instead."
)


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The result of a probe.

    Attributes:
        status: of the answer; None when there was none.
        remedy: what to do; empty when the delivery arrived.
    """

    url: str
    arrived: bool
    status: int | None
    sentence: str
    remedy: str = ""


async def probe(
    installation: Installation, settings: ConnectionSettings, secrets: Mapping[str, Secret]
) -> Probed:
    """Send a signed body to our own public address, exactly as ShipBob would.

    Raises:
        UserError: there is no public address, or no secret to sign with.
    """
    url = subscribable_url(installation.settings, settings)
    signing = [secret for field, secret in sorted(secrets.items()) if is_webhook_secret(field)]
    if not signing:
        raise UserError(
            "The connection has no webhook secret to sign with",
            next_step="Run: ml-connector sync webhooks.",
        )
    call = _delivery(url, settings.name, signing[0])
    try:
        async with Wire(
            timeouts=Timeouts(connect=_SECONDS, write=_SECONDS), user_agent=USER_AGENT
        ) as wire:
            answer = await wire.exchange(call)
    except NetworkFailure as none:
        leads_inside = isinstance(none.failure, NeedsHuman)
        return Probed(
            url=url,
            arrived=False,
            status=None,
            sentence=none.what,
            remedy=_LEADS_INSIDE if leads_inside else _NO_ANSWER,
        )
    return _judged(url, answer)


def _delivery(url: str, connection: str, secret: Secret) -> Call:
    """Return a delivery as ShipBob would send it, with an id of its own."""
    body = json.dumps({"test": True, "connection": connection}).encode()
    webhook_id, now = f"mlc-test-{chance.token_hex(8)}", int(time.time())
    return Call(
        connection=connection,
        system="shipbob",  # whose delivery this stands for
        operation="webhooks.test",
        method="POST",
        url=url,
        headers={
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(secret, webhook_id, now, body),
            "x-webhook-topic": TOPIC,
        },
        body=body,
        patience=Patience.WRITE,
    )


def _judged(url: str, answer: Answer) -> Probed:
    status = answer.status
    if status == 200 and _accepted(answer.body):  # noqa: PLR2004 - the contract's success
        return Probed(url=url, arrived=True, status=status, sentence="arrived, and is stored")
    if status == 200:  # noqa: PLR2004 - the contract's success
        remedy = "Something else answers at this address. Check MLC_PUBLIC_URL and the proxy."
    elif 300 <= status < 400:  # noqa: PLR2004 - redirects
        remedy = "The proxy redirects. ShipBob counts that as a failure: pass /webhooks/ on."
    else:
        remedy = _REMEDIES.get(status, "Check MLC_PUBLIC_URL, the proxy and the service's log.")
    return Probed(
        url=url, arrived=False, status=status, sentence=f"answered with {status}", remedy=remedy
    )


def _accepted(body: bytes) -> bool:
    try:
        return bool(json.loads(body).get("status") in {"accepted", "duplicate"})
    except (ValueError, AttributeError):
        return False
