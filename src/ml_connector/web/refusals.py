"""Counting refused deliveries in the database, without letting strangers write much.

ShipBob disables an endpoint that goes on refusing (shipbob.md sections 7.4, 7.5), so a problem
with a secret or a clock must be visible. Because anybody can cause refusals, there is one row for
each connection and reason, and it is written at most once a second.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import psycopg
import structlog

from ml_connector.config.log_counts import LogCounts
from ml_connector.ledger.inbox import deliveries
from ml_connector.shipbob.webhooks.signature import Reason
from ml_connector.storage.database import Database, DatabaseAway

RefusalReason = Reason | Literal["secrets_unusable", "not_stored", "not_json"]
"""Why a delivery was refused: its signature, its body, or that it can't be judged or stored."""

_EVERY_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 5.0
_LONGEST_TOPIC: Final = 100
_LONGEST_SAMPLE: Final = 2000

_log = structlog.get_logger("ingress")
_counts: Final = LogCounts(_log)


@dataclass(frozen=True)
class _Counted:
    times: int
    topic: str
    clock_offset_seconds: float | None
    sample: bytes | None = None


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
        sample: bytes | None = None,
    ) -> None:
        """Count one refusal; returns at once.

        Args:
            connection: a connection that exists.
            reason: why.
            headers: of the delivery; only the topic is kept.
            clock_offset_seconds: our clock minus ShipBob's, where that is what is wrong.
            sample: the body, where it was signed rightly; its beginning is kept.
        """
        topic = headers.get("x-webhook-topic", "").strip()
        shown = topic if topic.isprintable() else "(unreadable)"
        self._count(
            (connection, reason),
            _Counted(
                1,
                shown[:_LONGEST_TOPIC],
                clock_offset_seconds,
                sample[:_LONGEST_SAMPLE] if sample is not None else None,
            ),
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    def _count(self, of: tuple[str, str], more: _Counted) -> None:
        known = self._counted.get(of)
        self._counted[of] = replace(more, times=more.times + (known.times if known else 0))

    async def _write_soon(self) -> None:
        """Write what was counted; what can't be written is kept until it can be."""
        pause = _EVERY_SECONDS
        while self._counted:
            await asyncio.sleep(pause)
            counted, self._counted = self._counted, {}
            pause = _EVERY_SECONDS
            for of, one in counted.items():
                try:
                    await self._write(*of, one)
                except (DatabaseAway, psycopg.Error) as error:
                    _counts.note("refusals_not_noted", None, reason=type(error).__name__)
                    newer = self._counted.pop(of, None)
                    self._count(of, one)
                    if newer is not None:
                        self._count(of, newer)
                    pause = _AGAIN_SECONDS

    async def _write(self, connection: str, reason: str, counted: _Counted) -> None:
        await deliveries.note_refusal(
            self._database,
            connection,
            reason,
            times=counted.times,
            topic=counted.topic,
            clock_offset_seconds=counted.clock_offset_seconds,
            sample=counted.sample,
        )
