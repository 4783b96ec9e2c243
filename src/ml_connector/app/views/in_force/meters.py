"""Limits in use: of both systems, and how much this service does at once because of them."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ml_connector.app.installation.clients import shipbob_limit
from ml_connector.config.connection import RequestLimits
from ml_connector.engine.settle.write_slots import runs_for, write_slots_for
from ml_connector.engine.work import job_tables
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import account_key
from ml_connector.storage.database import Connection
from ml_connector.transport.limits import usage
from ml_connector.words import System

_SETTINGS: Final[Mapping[System, str]] = {
    "netsuite": "netsuite_concurrency",
    "shipbob": "shipbob_per_minute",
}


class LimitMeter(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of one of the two systems, and how much of it is in use now.

    Attributes:
        setting: that says how much may be used.
        used: requests in flight (NetSuite), or calls within the last minute (ShipBob).
        most: as it is set.
        now_at_most: less than that after the system refused calls for being too many.
        blocked_seconds: until calls go out again; 0: they do.
        remaining: calls that the system last said are left; None: it does not say.
    """

    system: System
    setting: str
    used: int
    most: int
    now_at_most: int
    blocked_seconds: float
    remaining: int | None


class AtOnce(msgspec.Struct, frozen=True, kw_only=True):
    """How much a worker does at once for a connection, as follows from its limits.

    Attributes:
        running: runs in hand now, of all workers.
        runs: runs in hand at most, of each worker.
        writes: that may be made to each system at the same time.
    """

    running: int
    runs: int
    writes: dict[System, int]


class Meters(msgspec.Struct, frozen=True, kw_only=True):
    """All that is metered of a connection."""

    limits: tuple[LimitMeter, ...]
    at_once: AtOnce


async def meters(on: Connection, applied: AppliedConnection) -> Meters | None:
    """Return how much of its limits a connection uses; None where its settings can't be read."""
    try:
        limits, account = applied.limits, applied.netsuite_account
    except NeedsHuman:
        return None
    lowered, remaining = await usage.lowered(on), await usage.remaining(on)
    in_flight, minute = await usage.in_flight(on), await usage.this_minute(on)
    depths = await job_tables.depths(on)
    keys: dict[System, tuple[str, Mapping[str, int]]] = {
        "netsuite": (f"netsuite:{account_key(account)}", in_flight),
        "shipbob": (shipbob_limit(applied.name), minute),
    }
    return Meters(
        limits=tuple(
            _meter(
                system,
                limits,
                used=used.get(key, 0),
                lowered=lowered.get(key, {}),
                remaining=remaining.get(key),
            )
            for system, (key, used) in keys.items()
        ),
        at_once=_at_once(
            limits,
            sum(
                row["jobs"]
                for row in depths
                if row["lane"] == applied.name and row["status"] == "doing"
            ),
        ),
    )


def _meter(
    system: System,
    limits: RequestLimits,
    *,
    used: int,
    lowered: Mapping[str, Any],
    remaining: int | None,
) -> LimitMeter:
    setting = _SETTINGS[system]
    most: int = getattr(limits, setting)
    to = lowered.get("in_flight")
    return LimitMeter(
        system=system,
        setting=f"limits.{setting}",
        used=used,
        most=most,
        now_at_most=most if to is None else max(1, min(most, to)),
        blocked_seconds=lowered.get("blocked_seconds") or 0.0,
        remaining=remaining,
    )


def _at_once(limits: RequestLimits, running: int) -> AtOnce:
    return AtOnce(running=running, runs=runs_for(limits), writes=write_slots_for(limits))
