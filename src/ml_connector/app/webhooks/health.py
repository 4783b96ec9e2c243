"""Whether webhooks arrive: subscriptions, clocks, refusals, silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ml_connector.app.alarms.sentences import (
    AlarmText,
    clock_differs,
    clock_offset,
    refusal_explained,
    webhooks_silent,
)
from ml_connector.engine.flow import Flows
from ml_connector.ledger.connections import subscriptions
from ml_connector.ledger.inbox import deliveries
from ml_connector.moments import is_known
from ml_connector.storage.database import Connection

SILENT_AFTER: Final = timedelta(hours=6)
"""Without a webhook for this time, while the sweep finds changes, something is wrong."""

NOTICEABLE_OFFSET_SECONDS: Final = 30.0
"""A difference of clocks that is reported; from 300 seconds on deliveries are refused."""


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
            lines.append(f"Clock: {clock_offset(self.clock_offset_seconds)}")
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


async def silence(on: Connection, name: str, flows: Flows, *, now: datetime) -> AlarmText | None:
    """Return what to say when webhooks have stopped coming, else None.

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
    return webhooks_silent(last if arrived["last_at"] else None, found)


def clock_trouble(offset_seconds: float | None) -> AlarmText | None:
    """Return what to say when our clock differs noticeably from ShipBob's, else None."""
    if offset_seconds is None or abs(offset_seconds) < NOTICEABLE_OFFSET_SECONDS:
        return None
    return clock_differs(offset_seconds)


def _explained(row: Mapping[str, Any]) -> dict[str, Any]:
    sentence, remedy = refusal_explained(row["reason"])
    if row["clock_offset_seconds"] is not None:
        sentence += f" ({clock_offset(row['clock_offset_seconds'])})"
    sample = row["sample"].decode("utf-8", "backslashreplace") if row["sample"] else None
    return {**row, "sample": sample, "sentence": sentence, "remedy": remedy}


def lately(refusal: Mapping[str, Any], *, now: datetime | None = None) -> bool:
    """Whether deliveries were refused for this reason within the last hour."""
    at: datetime = refusal["last_at"]
    moment = now or datetime.now(UTC)
    return is_known(at, moment) and moment - at < timedelta(hours=1)
