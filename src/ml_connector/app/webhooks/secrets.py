"""The secrets that a connection's webhooks may be signed with. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.subscriptions import SECRET_FIELD, is_webhook_secret
from ml_connector.secret import Secret
from ml_connector.shipbob.webhooks.signature import FEWEST_BYTES, is_long_enough
from ml_connector.vault.secrets import Opened
from ml_connector.words import Cause


class WebhookSecrets(NamedTuple):
    """A connection's webhook secrets.

    Attributes:
        usable: any of them may have signed.
        unusable: why the others are not accepted.
    """

    usable: Sequence[Secret]
    unusable: Sequence[NeedsHuman]


def webhook_secrets(opened: Opened) -> WebhookSecrets:
    """Return the webhook secrets among those that were opened.

    A short one that somebody configured is not accepted: whoever guesses it can tell us what he
    likes. One that ShipBob itself has made is, whatever its length: there is no other.
    """
    usable: list[Secret] = []
    unusable = [refused for field, refused in opened.unusable.items() if is_webhook_secret(field)]
    for field, secret in opened.secrets.items():
        if not is_webhook_secret(field):
            continue
        if field.startswith(SECRET_FIELD) or is_long_enough(secret):
            usable.append(secret)
        else:
            unusable.append(_too_short(field))
    return WebhookSecrets(usable, unusable)


def _too_short(field: str) -> NeedsHuman:
    return NeedsHuman(
        f"The secret {field} is not accepted: it is shorter than {FEWEST_BYTES} bytes",
        cause=Cause.CREDENTIALS_INVALID,
        remedy="Take it out of webhook_secrets, apply the connection's file, and run ml-connector"
        " webhooks rotate, which makes subscriptions whose secrets ShipBob makes.",
    )
