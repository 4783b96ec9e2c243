"""Which secrets webhooks may be signed with."""

from base64 import b64encode

from ml_connector.app.webhooks.secrets import webhook_secrets
from ml_connector.secret import Secret
from ml_connector.vault.secrets import Opened


def secret(size: int) -> Secret:
    return Secret("whsec_" + b64encode(b"k" * size).decode())


def test_a_short_secret_is_accepted_only_of_a_subscription_of_ours() -> None:
    found = webhook_secrets(
        Opened(
            secrets={
                "shipbob.webhook_secrets.0": secret(23),
                "shipbob.webhook_secrets.1": secret(24),
                "shipbob.webhook_secret_of.17": secret(8),
                "shipbob.token": secret(64),
            },
            unusable={},
        )
    )

    assert list(found.usable) == [secret(24), secret(8)]
    assert ["shipbob.webhook_secrets.0" in str(refused) for refused in found.unusable] == [True]
