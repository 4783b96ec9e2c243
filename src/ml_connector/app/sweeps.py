"""When sweeps are due: an interval for each connection, kept in the database."""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.installation import Installation
from ml_connector.app.workplaces import Workplaces
from ml_connector.config.connection import every
from ml_connector.engine.sweep import Swept, sweep
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.ledger import connections
from ml_connector.ledger.connections import AppliedConnection
from ml_connector.storage.database import one

_log = structlog.get_logger("sweep")

BACK: Final = timedelta(days=60)
"""A sweep looks at what was made so long ago at most; older things are asked for by id."""


async def sweep_what_is_due(installation: Installation, workplaces: Workplaces) -> None:
    """Sweep every connection whose last sweep is longer ago than its schedule says."""
    async with installation.database.transaction() as connection:
        known = await connections.every(connection)
    for applied in known:
        if applied.paused or not await _is_due(installation, applied):
            continue
        try:
            await sweep_connection(installation, workplaces, applied)
        except ConnectorError as error:
            _log.warning(
                "sweep_failed", connection=applied.name, cause=error.cause, reason=str(error)
            )


async def sweep_connection(
    installation: Installation, workplaces: Workplaces, applied: AppliedConnection
) -> dict[str, Swept]:
    """Sweep all flows of a connection; return what was found, by flow."""
    place = await workplaces.open(applied.name)
    since = datetime.now(UTC) - BACK
    found: dict[str, Swept] = {}
    for flow in FLOWS.values():
        swept = await sweep(
            installation.database,
            installation.lanes,
            flow,
            reads=place.reads,
            connection_name=applied.name,
            since=since,
        )
        found[flow.name] = swept
        if swept.never_told or swept.late:
            _log.warning(
                "gaps",
                connection=applied.name,
                flow=flow.name,
                never_told=swept.never_told,
                late=swept.late,
            )
    return found


async def _is_due(installation: Installation, applied: AppliedConnection) -> bool:
    """Take the turn when the interval is over; one worker gets it."""
    interval = every(str(applied.stored["schedule"]["sweep"]))
    seconds = interval.total_seconds() if isinstance(interval, timedelta) else 86_400.0
    async with installation.database.transaction() as connection:
        taken = await one(
            connection,
            "insert into turn as t (connection, what, taken_at) values (%(name)s, 'sweep', now())"
            " on conflict (connection, what) do update set taken_at = now()"
            " where t.taken_at < now() - make_interval(secs => %(seconds)s) returning 1",
            {"name": applied.name, "seconds": seconds},
        )
    return taken is not None
