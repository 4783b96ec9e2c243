"""Channels: where alarms go, as Apprise addresses. Apprise is an optional part.

An address often holds a password or a key, so it is a secret, and only its scheme is shown.
"""

import asyncio
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.shown import visible

URL_FIELD: Final = "alarms.urls."
"""Addresses are kept under this and a number."""

_SECONDS: Final = 30.0
_PLAIN: Final = "text"
"""Messages quote names and texts from outside, so every channel sends them as plain text."""

_INSTALL: Final = (
    "Install it beside the connector: pip install 'ml-connector[apprise]', in a checkout"
    " .venv/bin/uv pip install 'apprise>=1.9'. Then run the command again."
)


@dataclass(frozen=True, kw_only=True)
class AlarmChannel:
    """One address.

    Attributes:
        field: of the secret.
    """

    field: str
    url: Secret

    @property
    def shown(self) -> str:
        """The address without its secrets: only where it leads."""
        return f"{self.field.removeprefix(URL_FIELD)} ({self.url.reveal().partition(':')[0]})"


def is_channel(field: str) -> bool:
    """Whether a stored secret is the address of a channel."""
    return field.startswith(URL_FIELD)


def channels_of(secrets: Mapping[str, Secret]) -> list[AlarmChannel]:
    """Return the channels among a connection's secrets."""
    return [
        AlarmChannel(field=field, url=secret)
        for field, secret in sorted(secrets.items())
        if is_channel(field)
    ]


def check_channel(url: Secret, *, where: str) -> None:
    """Check that Apprise is installed and knows this kind of address.

    Raises:
        UserError: it is not installed, or does not know the address.
    """
    if _target(url, where=where) is not None:
        return
    raise UserError(
        "Apprise does not know such an address",
        where=where,
        next_step="See https://github.com/caronc/apprise for the forms, such as"
        " mailto://user:password@example.com, slack://..., jsons://host/path.",
    )


async def send(channel: AlarmChannel, *, title: str, body: str) -> str:
    """Send a message; return why it was not taken, or an empty text.

    Raises:
        UserError: Apprise is not installed.
    """
    target = _target(channel.url, where=channel.field)
    if target is None:
        return "Apprise does not know such an address"
    try:
        async with asyncio.timeout(_SECONDS):
            taken = await asyncio.to_thread(
                target.notify,
                body=visible(body, keep="\n"),
                title=visible(title),
                body_format=_PLAIN,
            )
    except TimeoutError:
        return f"no answer within {_SECONDS:.0f} seconds"
    except Exception as error:  # noqa: BLE001 - a plug-in of the library may raise anything
        return f"{type(error).__name__} in the channel's plug-in"
    return "" if taken else "the channel did not take it"


def _target(url: Secret, *, where: str) -> Any:
    """Return Apprise's object that sends to an address; None for an unknown kind of address.

    Raises:
        UserError: Apprise is not installed.
    """
    # Apprise's own log would show addresses, with their passwords, and answers.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    # The first address loads Apprise's plug-ins, whose warnings don't concern us.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            target = import_module("apprise").Apprise()
        except ImportError as error:
            raise UserError(
                "Alarms go out through Apprise, which is not installed",
                where=where,
                next_step=_INSTALL,
            ) from error
        if not target.add(url.reveal()):
            return None
        for service in target:
            service.notify_format = _PLAIN
        return target
