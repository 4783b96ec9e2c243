"""Why a consent can't be begun or finished, in words for a person."""

from typing import Final

from ml_connector.errors import UserError

ERRORS: Final = {
    "access_denied": (
        "Consent was not given: somebody chose not to allow it",
        "Open the link again and choose Allow, signed in as the account's owner.",
    ),
    "invalid_scope": (
        "ShipBob does not let this application ask for all these permissions",
        (
            "Let ShipBob register the missing permissions for the application. billing_read is"
            " asked for only when the link was made with --billing."
        ),
    ),
    "unauthorized_client": (
        "ShipBob does not let this application ask for consent",
        (
            "Check client_id in [shipbob], and that the application is registered for the"
            " authorization code flow."
        ),
    ),
}
"""By OAuth's error code: what it means, and what to do."""


class ConsentRefused(UserError):
    """A consent can't be begun or finished; ``next_step`` says what to do.

    Attributes:
        back: where the browser goes on; empty: nowhere.
    """

    back = ""


class TooManyConsents(ConsentRefused):
    """As many consents of a connection as may be were begun and are not over."""


def plain_word(text: str) -> str:
    """Return a text that came from outside as far as it is a plain word."""
    return "".join(c for c in text[:60] if c.isascii() and (c.isalnum() or c in "_-."))
