"""Counting refused deliveries in the database, without letting strangers write much.

ShipBob disables an endpoint that goes on refusing (shipbob.md sections 7.4, 7.5), so a problem
with a secret or a clock must be visible. Because anybody can cause refusals, there is one row for
each connection and reason, and it is written at most once a second.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import psycopg
import structlog

from ml_connector.ledger.inbox import deliveries
from ml_connector.shipbob.webhooks.signature import Reason
from ml_connector.storage.database import Database, DatabaseAway

RefusalReason = Reason | Literal["secrets_unusable"]
"""Why a delivery was refused: its signature, or that it can't be judged here."""

_EVERY_SECONDS: Final = 1.0
_LONGEST_TOPIC: Final = 100

_log = structlog.get_logger("ingress")


@dataclass
class _Counted:
    times: int
    topic: str
    clock_offset_seconds: float | None


class Refusals:
    """Counts refusals and stores the counts a little later."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: dict[tuple[str, str], _Counted] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(
        self,
        connection: str,
        reason: RefusalReason,
        headers: Mapping[str, str],
        *,
        clock_offset_seconds: float | None = None,
    ) -> None:
        """Count one refusal; returns at once.

        Args:
            connection: a connection that exists.
            reason: why.
            headers: of the delivery; only the topic is kept.
            clock_offset_seconds: our clock minus ShipBob's, where that is what is wrong.
        """
        topic = headers.get("x-webhook-topic", "").strip()
        shown = topic if topic.isprintable() else "(unreadable)"
        counted = self._counted.setdefault((connection, reason), _Counted(0, "", None))
        counted.times += 1
        counted.topic = shown[:_LONGEST_TOPIC]
        counted.clock_offset_seconds = clock_offset_seconds
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(_EVERY_SECONDS)
        counted, self._counted = self._counted, {}
        for (connection, reason), one in counted.items():
            try:
                await deliveries.note_refusal(
                    self._database,
                    connection,
                    reason,
                    times=one.times,
                    topic=one.topic,
                    clock_offset_seconds=one.clock_offset_seconds,
                )
            except (DatabaseAway, psycopg.Error) as error:
                _log.warning("refusals_not_noted", reason=type(error).__name__)
        if self._counted:
            self._writing = asyncio.create_task(self._write_soon())
