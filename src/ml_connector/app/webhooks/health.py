"""Whether webhooks arrive: subscriptions, clocks, refusals, silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ml_connector.engine.flow import Flows
from ml_connector.ledger.connections import subscriptions
from ml_connector.ledger.inbox import deliveries
from ml_connector.storage.database import Connection

SILENT_AFTER: Final = timedelta(hours=6)
"""Without a webhook for this time, while the sweep finds changes, something is wrong."""

NOTICEABLE_OFFSET_SECONDS: Final = 30.0
"""A difference of clocks that is reported; from 300 seconds on deliveries are refused."""

_EXPLAINED: Final[Mapping[str, tuple[str, str]]] = {
    "no_secret": (
        "the connection has no webhook secret",
        "Run ml-connector sync webhooks, or put webhook_secrets into the connection's file.",
    ),
    "secrets_unusable": (
        "the connection's webhook secrets can't be opened",
        (
            "Put the master key back that they are sealed with, or apply the connection's file"
            " again and run ml-connector webhooks rotate, which makes new ones."
        ),
    ),
    "missing_header": (
        "the signature's headers were missing",
        (
            "See that the proxy passes webhook-id, webhook-timestamp and webhook-signature on."
            " Subscriptions of ShipBob's API 1.0 are unsigned: remove them."
        ),
    ),
    "malformed_header": (
        "the signature's headers could not be read",
        (
            "See that the proxy passes webhook-id, webhook-timestamp and webhook-signature on as"
            " they are."
        ),
    ),
    "wrong_signature": (
        "the signature does not fit any secret",
        (
            "Run ml-connector webhooks rotate: it makes new subscriptions with known secrets. If"
            " it goes on, something on the way changes the body."
        ),
    ),
    "signed_with_secret_text": (
        "it was signed with the text of the secret instead of the key that it stands for",
        "Whoever sends this must decode the base64 after whsec_. ShipBob does.",
    ),
    "too_old": (
        "the timestamp is too old: our clock is ahead, or the delivery was held up",
        "Check the clock of this machine (timedatectl).",
    ),
    "too_new": (
        "the timestamp is in the future: our clock is behind",
        "Check the clock of this machine (timedatectl).",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the webhooks of a connection arrive.

    Attributes:
        looked_at: when the subscriptions were last compared; None: never.
        groups: the result of that, by group of topics.
        last_at: when the last webhook was accepted.
        clock_offset_seconds: our clock minus ShipBob's, including the time in the network.
        refusals: by reason, with a sentence and a remedy.
    """

    looked_at: datetime | None
    groups: Mapping[str, Any]
    last_at: datetime | None
    clock_offset_seconds: float | None
    refusals: Sequence[Mapping[str, Any]]

    def lines(self) -> list[str]:
        """Return it as a few lines for a person."""
        looked = f"{self.looked_at:%Y-%m-%d %H:%M:%S} UTC" if self.looked_at else "never"
        lines = [f"Subscriptions looked at: {looked}"]
        lines.append(
            f"Last webhook: {self.last_at:%Y-%m-%d %H:%M:%S} UTC"
            if self.last_at
            else "Last webhook: none yet"
        )
        if self.clock_offset_seconds is not None:
            lines.append(f"Clock: {_offset(self.clock_offset_seconds)}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return it as a document."""
        return {
            "looked_at": self.looked_at,
            "groups": self.groups,
            "last_at": self.last_at,
            "clock_offset_seconds": self.clock_offset_seconds,
            "refusals": list(self.refusals),
        }


async def health(on: Connection, name: str) -> Health:
    """Return how the webhooks of a connection arrive."""
    look = await subscriptions.last_look(on, name)
    arrived = await deliveries.arrivals(on, name)
    refusals = await deliveries.refusals(on, name)
    return Health(
        looked_at=look["looked_at"] if look else None,
        groups=look["groups"] if look else {},
        last_at=arrived["last_at"],
        clock_offset_seconds=arrived["clock_offset_seconds"],
        refusals=[_explained(row) for row in refusals],
    )


async def silence(on: Connection, name: str, flows: Flows, *, now: datetime) -> str | None:
    """Return a sentence when webhooks have stopped coming, else None.

    A quiet warehouse sends none, and nothing is wrong then. Something is wrong when none has come
    for hours and the sweep found, in the last day, changes that webhooks should have told of.
    """
    arrived = await deliveries.arrivals(on, name)
    since = await subscriptions.told_since(on, name)
    if since is None:
        return None
    # Webhooks never told of what had happened before the connection was made.
    last = max(arrived["last_at"] or since, since + timedelta(hours=1))
    if now - last < SILENT_AFTER:
        return None
    told_of = [flow.name for flow in flows.values() if flow.topics]
    found = await deliveries.found_by_sweeps(
        on, name, told_of, after=max(last, now - timedelta(hours=24))
    )
    if not found:
        return None
    came = f"since {last:%Y-%m-%d %H:%M} UTC" if arrived["last_at"] else "yet"
    return (
        f"No webhook has come {came}, and the sweep found {found} changes in the last"
        " day that none told of"
    )


def explained_refusal(reason: str) -> tuple[str, str]:
    """Return what a reason for refusing deliveries means, and what to do."""
    return _EXPLAINED.get(reason, (reason, "See the log of the service."))


def clock_trouble(offset_seconds: float | None) -> str | None:
    """Return a sentence when our clock differs noticeably from ShipBob's, else None."""
    if offset_seconds is None or abs(offset_seconds) < NOTICEABLE_OFFSET_SECONDS:
        return None
    return f"This machine's clock is {_offset(offset_seconds)}"


def _offset(seconds: float) -> str:
    if abs(seconds) < 1:
        return "within a second of ShipBob's"
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ShipBob's"


def _explained(row: Mapping[str, Any]) -> dict[str, Any]:
    sentence, remedy = explained_refusal(row["reason"])
    if row["clock_offset_seconds"] is not None:
        sentence += f" ({_offset(row['clock_offset_seconds'])})"
    return {**row, "sentence": sentence, "remedy": remedy}


def lately(refusal: Mapping[str, Any], *, now: datetime | None = None) -> bool:
    """Whether deliveries were refused for this reason within the last hour."""
    at: datetime = refusal["last_at"]
    return (now or datetime.now(UTC)) - at < timedelta(hours=1)
