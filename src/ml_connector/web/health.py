"""``/healthz``, ``/readyz`` and ``/metrics``."""

import asyncio
import os
import time
from dataclasses import asdict
from typing import Any, Final

import psycopg
import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry, Gauge, generate_latest, multiprocess

from ml_connector.app.alarms.storage import fills_up
from ml_connector.app.installation.room import rooms
from ml_connector.config.log_counts import LogCounts
from ml_connector.config.settings import Settings
from ml_connector.engine.work.job_tables import depths
from ml_connector.flows import FLOWS
from ml_connector.ledger.alarms import alarms
from ml_connector.ledger.connections import connections, subscriptions
from ml_connector.ledger.inbox import deliveries, outcomes
from ml_connector.storage.database import Connection, Database, DatabaseAway
from ml_connector.transport.limits import usage
from ml_connector.vault import survey
from ml_connector.web.readiness import DATABASE_SECONDS, NotReady, Readiness

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_log = structlog.get_logger("health")
_counts: Final = LogCounts(_log)


def health_handlers(database: Database, settings: Settings) -> list[HTTPRouteHandler]:
    """Return the handlers for monitoring."""
    readiness = Readiness(database, lambda: [text.sentence for text in fills_up(settings)])
    began = time.time()

    @get("/healthz", sync_to_thread=False)
    def healthz() -> dict[str, Any]:
        return {"status": "ok", "uptime_seconds": round(time.time() - began)}

    @get("/readyz")
    async def readyz() -> Response[dict[str, Any]]:
        found = await readiness.look()
        if isinstance(found, NotReady):
            _counts.note("not_ready", found.what, **asdict(found))
            return Response({"status": "not ready", **asdict(found)}, status_code=503)
        return Response({"status": "ready", **asdict(found)})

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        text = _counted() + _free(settings)
        try:
            async with asyncio.timeout(DATABASE_SECONDS), database.transaction() as connection:
                text += generate_latest(await _gauges(connection))
            async with asyncio.timeout(DATABASE_SECONDS):
                text += _stores(await readiness.stores())
        except (DatabaseAway, psycopg.Error, TimeoutError):
            text += b"mlc_database_up 0.0\n"
        return Response(text, headers={"content-type": _CONTENT_TYPE})

    return [healthz, readyz, metrics]


def _counted() -> bytes:
    """Return the metrics that this machine's processes counted since the service began."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library's
        return generate_latest(registry)
    return generate_latest()


def _free(settings: Settings) -> bytes:
    registry = CollectorRegistry()
    free = Gauge(
        "mlc_disk_free_bytes",
        "Room that is left on the disk.",
        ["place"],
        registry=registry,
    )
    for room in rooms(settings):
        free.labels(room.place).set(room.free_bytes)
    return generate_latest(registry)


def _stores(stores: bool) -> bytes:  # noqa: FBT001 - the value of the gauge
    registry = CollectorRegistry()
    gauge = Gauge(
        "mlc_database_stores", "Whether the database would store a delivery.", registry=registry
    )
    gauge.set(stores)
    return generate_latest(registry)


async def _gauges(connection: Connection) -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("mlc_database_up", "Whether the database answers.", registry=registry).set(1)
    for fill in (_events, _unexplained, _lanes, _limits, _tokens, _webhooks, _alarms):
        try:
            async with connection.transaction():
                await fill(connection, registry)
        except psycopg.OperationalError:
            raise
        except Exception:  # noqa: BLE001 - what one part can't read costs only that part
            if _counts.note("metrics_left_out", fill.__name__, part=fill.__name__):
                _log.exception("metrics_left_out", part=fill.__name__)
    return registry


async def _events(connection: Connection, registry: CollectorRegistry) -> None:
    count = Gauge(
        "mlc_subjects_open",
        "Subjects that are not done, by state.",
        ["connection", "flow", "state", "cause"],
        registry=registry,
    )
    age = Gauge(
        "mlc_subjects_open_age_seconds",
        "Age of the oldest subject in that state.",
        ["connection", "flow", "state", "cause"],
        registry=registry,
    )
    for row in await outcomes.open_subjects(connection):
        labels = (row["connection"], row["flow"], row["state"], row["cause"])
        count.labels(*labels).set(row["n"])
        age.labels(*labels).set(row["age"])
    events = Gauge(
        "mlc_events",
        "Events of the last 24 hours, by status.",
        ["connection", "status"],
        registry=registry,
    )
    for row in await outcomes.events_of_a_day(connection):
        events.labels(row["connection"], row["status"]).set(row["n"])


async def _unexplained(connection: Connection, registry: CollectorRegistry) -> None:
    gauge = Gauge(
        "mlc_lines_unexplained",
        "Source lines that are neither posted, nor waiting, nor refused.",
        ["connection", "flow"],
        registry=registry,
    )
    # Every flow gets a zero: a missing metric would look as if nothing was measured.
    for name in await connections.names(connection):
        for flow in FLOWS:
            gauge.labels(name, flow).set(0)
    for row in await outcomes.unexplained(connection):
        gauge.labels(row["connection"], row["flow"]).set(row["n"])


async def _lanes(connection: Connection, registry: CollectorRegistry) -> None:
    gauge = Gauge("mlc_lane_jobs", "Jobs by lane.", ["lane", "state"], registry=registry)
    for row in await depths(connection):
        state = "running" if row["status"] == "doing" else "later" if row["later"] else "waiting"
        gauge.labels(row["lane"], state).set(row["jobs"])


async def _limits(connection: Connection, registry: CollectorRegistry) -> None:
    gauge = Gauge(
        "mlc_limit_in_use", "Requests in flight under a limit.", ["limit"], registry=registry
    )
    for limit, used in (await usage.in_flight(connection)).items():
        gauge.labels(limit).set(used)
    left = Gauge(
        "mlc_limit_remaining",
        "Calls that the system last said are left.",
        ["limit"],
        registry=registry,
    )
    for limit, calls in (await usage.remaining(connection)).items():
        left.labels(limit).set(calls)


async def _tokens(connection: Connection, registry: CollectorRegistry) -> None:
    gauge = Gauge(
        "mlc_token_expires_in_seconds",
        "Seconds until the access token runs out.",
        ["connection", "system"],
        registry=registry,
    )
    broken = Gauge(
        "mlc_token_problem",
        "1 when the token can't be renewed without a person.",
        ["connection", "system"],
        registry=registry,
    )
    for row in await survey.access_tokens(connection):
        labels = (row["connection"], row["system"])
        if row["left"] is not None:
            gauge.labels(*labels).set(row["left"])
        broken.labels(*labels).set(int(row["broken"]))


async def _webhooks(connection: Connection, registry: CollectorRegistry) -> None:
    offset = Gauge(
        "mlc_webhook_clock_offset_seconds",
        "Our clock minus ShipBob's, as the newest webhooks tell.",
        ["connection"],
        registry=registry,
    )
    age = Gauge(
        "mlc_webhook_last_age_seconds",
        "Seconds since the last webhook was accepted.",
        ["connection"],
        registry=registry,
    )
    groups = Gauge(
        "mlc_webhook_subscriptions",
        "Groups of topics, by state of their subscription.",
        ["connection", "state"],
        registry=registry,
    )
    refused = Gauge(
        "mlc_webhook_refusals",
        "Deliveries that were refused so far, by reason.",
        ["connection", "reason"],
        registry=registry,
    )
    for name in sorted(await connections.names(connection)):
        arrived = await deliveries.arrivals(connection, name)
        if arrived["clock_offset_seconds"] is not None:
            offset.labels(name).set(arrived["clock_offset_seconds"])
            age.labels(name).set(time.time() - arrived["last_at"].timestamp())
        states = subscriptions.states(await subscriptions.last_look(connection, name))
        for state in ("enabled", "refused"):
            groups.labels(name, state).set(states.count(state))
        for row in await deliveries.refusals(connection, name):
            refused.labels(name, row["reason"]).set(row["times"])


async def _alarms(connection: Connection, registry: CollectorRegistry) -> None:
    gauge = Gauge(
        "mlc_alarms_open", "Alarms that are not over.", ["connection", "kind"], registry=registry
    )
    for row in await alarms.count_open(connection):
        gauge.labels(row["connection"], row["kind"]).set(row["n"])
