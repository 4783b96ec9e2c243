"""Converge over a real database, with a flow and systems of the tests' own."""

import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast

import msgspec
from psycopg.types.json import Json

from engine.memory_target import MemoryTarget
from ml_connector import words
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.converge import Converge
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.settle.settle import Settle
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.pushes import NO_PUSH, PushPlaces
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.ledger.inbox.inbox import Arrival, TakenIn
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import (
    CreateRecord,
    Document,
    JournalLine,
    MarkWroSynced,
    Plan,
    Posted,
    SourceLine,
)
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.storage.database import Database, rows
from ml_connector.words import DocumentKind

DAY = date(2026, 11, 20)
FLOW = "counting"
SETTINGS: Mapping[str, Any] = {
    "name": "acme",
    "start_date": "2026-11-01",
    "netsuite": {"account_id": "TSTDRV1234567", "client_id": "c", "certificate_id": "k"},
    "shipbob": {},
}


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of the tests' flow: so many units were counted."""

    key: str
    units: int


@dataclass
class Source:
    """What the flow reads: units by subject; a failure instead where one is set."""

    units: dict[str, int] = field(default_factory=dict)
    failure: ConnectorError | Exception | None = None
    reads: int = 0


def document(key: str, number: int, units: int, *, lines: int = 1) -> Document:
    """Return the document that books so many units of a subject."""
    return Document(
        system="netsuite",
        kind=DocumentKind.INVENTORY_ADJUSTMENT,
        external_id=f"mlc-t-{key}-{number}",
        title=f"{units} units",
        request=CreateRecord(record_type="inventoryAdjustment", body={"units": units}),
        lines=tuple(
            JournalLine(
                source=f"count {key}",
                source_line=f"line {line}",
                fact_date=DAY,
                posting_date=DAY,
                sku="TEE",
                location="6",
                quantity=units if line == 1 else 0,
            )
            for line in range(1, lines + 1)
        ),
    )


def mark(key: str) -> Document:
    """Return the document that tells the other system so; repeating it is harmless."""
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO_MARK,
        external_id=f"mlc-m-{key}",
        title="booked",
        request=MarkWroSynced(wro_id=1),
    )


class Workshop:
    """One connection, one flow that books what was counted beyond what is booked.

    Attributes:
        netsuite: where the documents go.
        shipbob: where the marks go, when ``marks`` is set.
    """

    def __init__(
        self, database: Database, *, over_within: float = 90.0, topic: str = "count.changed"
    ) -> None:
        self.database = database
        self.lanes = Lanes(database.url)
        self.source = Source()
        self.netsuite = MemoryTarget()
        self.shipbob = MemoryTarget(again=True)
        self.mode = "live"
        self.marks = False
        self.lines = 1
        self.push_places = PushPlaces(NO_PUSH)
        self.settle = Settle(
            database,
            {"netsuite": self.netsuite, "shipbob": self.shipbob},
            over_within=over_within,
        )
        # Like a flow of the product in everything that these tests don't care for.
        self.flow = replace(
            next(iter(FLOWS.values())),
            name=FLOW,
            source="count",
            topics=frozenset({topic}),
            rules="counting-1",
            facts=Count,
            decidable=None,
            always_refused=None,
            read=self._read,
            confirm=None,
            plan=self._plan,
            source_lines=self._source_lines,
            sweep=self._sweep,
        )
        self.converge = Converge(
            database, {FLOW: self.flow}, self._open, self.lanes, worker="worker of the tests"
        )

    def decide_by(
        self, plan: Callable[[Count, Sequence[Posted], ConnectionSettings], Plan]
    ) -> None:
        """Let the flow decide by this plan."""
        self.flow = replace(self.flow, plan=plan)
        self.begin_again()

    def begin_again(self) -> None:
        """Work with the flow as it is now."""
        self.converge = Converge(
            self.database, {FLOW: self.flow}, self._open, self.lanes, worker="worker of the tests"
        )

    async def set_up(self) -> "Workshop":
        async with self.database.transaction() as connection:
            await rows(
                connection,
                "insert into connection (name, mode, settings) values ('acme', 'live', %(s)s)"
                " on conflict do nothing",
                {"s": Json(dict(SETTINGS))},
            )
        return self

    async def news(
        self,
        *keys: str,
        delivery: str | None = None,
        source: words.Source = "webhook",
        topic: str = "count.changed",
    ) -> list[TakenIn]:
        """Something may have changed about these subjects."""
        told = [replace(arrival(k, delivery), source=source, topic=topic) for k in keys]
        async with self.database.transaction() as connection:
            return await take_in(connection, self.lanes, told)

    async def run(self, key: str) -> dict[str, Any]:
        """Do the subject's job now, whenever it is due, as a worker would; return the subject."""
        subject = await self.subject(key)
        if subject["job_id"] is not None:
            await self.converge(subject["id"], subject["job_id"], "acme")
            await self.job_ends(subject["job_id"])
        return await self.subject(key)

    async def job_ends(self, job_id: int) -> None:
        await self.database.fetch(
            "delete from procrastinate_jobs where id = %(id)s returning id", {"id": job_id}
        )

    async def subject(self, key: str) -> dict[str, Any]:
        [found] = await self.database.fetch(
            "select * from subject where key = %(key)s", {"key": key}
        )
        return found

    async def postings(self, key: str) -> list[dict[str, Any]]:
        return await self.database.fetch(
            "select p.* from posting as p join subject as s on s.id = p.subject_id"
            " where s.key = %(key)s order by p.id",
            {"key": key},
        )

    async def journal(self, key: str) -> list[dict[str, Any]]:
        return await self.database.fetch(
            "select * from journal where source = %(source)s order by number",
            {"source": f"count {key}"},
        )

    async def let_time_pass(self, key: str) -> None:
        """Let every call of the subject that was begun be over, at both sides."""
        self.netsuite.carry_out_late()
        await self.database.fetch(
            "update posting set over_at = now() - interval '1 second' from subject as s"
            " where s.id = subject_id and s.key = %(key)s and posting.state = 'sending'"
            " returning posting.id",
            {"key": key},
        )

    async def _read(self, key: str, reads: Reads) -> Count:
        del reads
        self.source.reads += 1
        if self.source.failure is not None:
            raise self.source.failure
        return Count(key=key, units=self.source.units.get(key, 0))

    def _source_lines(self, facts: Count, _: ConnectionSettings) -> Sequence[SourceLine]:
        return [SourceLine(source_line="line 1", fact_date=DAY, sku="TEE", quantity=facts.units)]

    def _plan(self, facts: Count, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
        del settings
        booked = sum(line.quantity or 0 for one in posted for line in one.lines)
        marks: tuple[Document, ...] = ()
        if self.marks and not any(one.kind == "wroMark" for one in posted):
            marks = (mark(facts.key),)
        if facts.units == booked:
            return Plan(documents=marks)
        number = 1 + sum(one.kind != "wroMark" for one in posted)
        made = document(facts.key, number, facts.units - booked, lines=self.lines)
        return Plan(documents=(made, *marks))

    async def _sweep(
        self, reads: Reads, since: datetime, known: Collection[str]
    ) -> AsyncIterator[SweepResult]:
        del reads, since, known
        for key in self.source.units:
            yield SweepResult(key=key, changed_at=None)

    async def _open(self, name: str, _: object = None) -> ConnectionContext:
        settings = ConnectionSettings.model_validate({**SETTINGS, "name": name})
        shipbob, netsuite = cast("ShipBob", object()), cast("NetSuite", object())
        return ConnectionContext(
            settings=settings,
            mode="live" if self.mode == "live" else "dry-run",
            shipbob=shipbob,
            netsuite=netsuite,
            sign_in={},
            reads=Reads(shipbob, netsuite),
            settle=self.settle,
            push_places=self.push_places,
        )


def arrival(key: str, delivery: str | None = None, *, connection: str = "acme") -> Arrival:
    return Arrival(
        connection=connection,
        source="webhook",
        delivery_id=delivery or str(uuid.uuid4()),
        topic="count.changed",
        subject=SubjectRef(connection, FLOW, key),
        body=b"{}",
    )
