"""A connection with subjects, events, documents and a journal, as if workers had made them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Json

from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.postings.documents import JournalLine
from ml_connector.storage.database import Connection, Database, one

NOW = datetime(2026, 11, 17, 20, 52, 0, tzinfo=UTC)
"""In Chicago it is 14:52."""

SETTINGS = {
    "name": "acme",
    "start_date": "2026-11-01",
    "netsuite": {"account_id": "1234567_SB1"},
    "shipbob": {"api_url": "https://sandbox-api.shipbob.com", "channel_id": 100234},
    "limits": {"netsuite_concurrency": 5, "shipbob_per_minute": 150},
    "schedule": {"timezone": "America/Chicago"},
    "billing": {"vendor": "301"},
}


class Shop:
    """Writes into the books of one connection."""

    def __init__(self, database: Database, name: str = "acme") -> None:
        self.database = database
        self.name = name
        self._events = 0
        self._rows = 0

    async def open(self) -> AppliedConnection:
        async with self.database.transaction() as on:
            await on.execute(
                "insert into connection (name, mode, settings) values (%s, 'live', %s)"
                " on conflict do nothing",
                (self.name, Json({**SETTINGS, "name": self.name})),
            )
            found = await connections.find(on, self.name)
        assert found is not None
        return found

    async def subject(
        self,
        flow: str,
        key: str,
        *,
        state: str = "done",
        cause: str | None = None,
        sentence: str | None = None,
        facts: Mapping[str, Any] | None = None,
        at: datetime = NOW - timedelta(minutes=10),
        took: timedelta = timedelta(seconds=2),
        unexplained: int = 0,
    ) -> int:
        """Write a subject, the webhook that told of it, and its run; return its id."""
        is_over = state == "done"
        async with self.database.transaction() as on:
            subject = await self._id(
                on,
                "insert into subject (connection, flow, key, marked, converged, state, cause,"
                " sentence, remedy, created_at, changed_at, unexplained) values (%(name)s,"
                " %(flow)s, %(key)s, 1, %(seen)s, %(state)s, %(cause)s, %(sentence)s,"
                " %(remedy)s, %(at)s, %(at)s, %(unexplained)s) returning id",
                flow=flow,
                key=key,
                seen=int(is_over),
                state=state,
                cause=cause,
                sentence=sentence,
                remedy="Do it." if cause else None,
                at=at,
                unexplained=unexplained,
            )
            self._events += 1
            await self._id(
                on,
                "insert into event (connection, source, delivery_id, topic, flow, subject_id,"
                " mark, status, headers, body, sent_at, received_at) values (%(name)s, 'webhook',"
                " %(delivery)s, %(topic)s, %(flow)s, %(subject)s, 1, 'received', '{}', '{}',"
                " %(at)s, %(at)s) returning id",
                delivery=f"msg_{self._events}",
                topic="wro.completed",
                flow=flow,
                subject=subject,
                at=at,
            )
            await self._id(
                on,
                "insert into run (connection, subject_id, epoch, mark, worker, mode, rules,"
                " started_at, finished_at, outcome, facts, decision) values (%(name)s,"
                " %(subject)s, 1, 1, 'w', 'live', 'r-1', %(at)s, %(ended)s, %(outcome)s,"
                " %(facts)s, %(decision)s) returning id",
                subject=subject,
                at=at,
                ended=at + took,
                outcome=state,
                facts=Json(facts) if facts is not None else None,
                decision=Json({"note": "", "documents": []}),
            )
        return subject

    async def document(
        self,
        subject: int,
        kind: str,
        external_id: str,
        remote_id: str,
        lines: Sequence[JournalLine] = (),
        *,
        flow: str = "receiving",
        at: datetime = NOW - timedelta(minutes=9),
        request: Mapping[str, Any] | None = None,
    ) -> int:
        """Write a document that was posted, with its rows of the journal; return its id."""
        async with self.database.transaction() as on:
            posting = await self._id(
                on,
                "insert into posting (connection, subject_id, run_id, system, kind, external_id,"
                " state, document, document_hash, remote_id, created_at, settled_at) select"
                " %(name)s, %(subject)s, max(id), 'netsuite', %(kind)s, %(external_id)s, 'done',"
                " %(document)s, 'h', %(remote_id)s, %(at)s, %(at)s from run"
                " where subject_id = %(subject)s returning id",
                subject=subject,
                kind=kind,
                external_id=external_id,
                document=Json(
                    {"title": f"{kind} of {external_id}", "lines": [], "request": request}
                ),
                remote_id=remote_id,
                at=at,
            )
            for line in lines:
                await self._journal(
                    on,
                    line,
                    posting=posting,
                    flow=flow,
                    target=f"{kind} {remote_id}",
                    external_id=external_id,
                    at=at,
                )
        return posting

    async def _journal(
        self,
        on: Connection,
        line: JournalLine,
        *,
        posting: int,
        flow: str,
        target: str,
        external_id: str,
        at: datetime,
    ) -> None:
        self._rows += 1
        await self._id(
            on,
            "insert into journal (connection, number, posted_at, posting_id, run_id, flow, source,"
            " source_line, target, external_id, fact_date, posting_date, sku, item, location,"
            " quantity, amount, currency, previous_hash, hash) values (%(name)s, %(number)s,"
            " %(at)s, %(posting)s, 1, %(flow)s, %(source)s, %(line)s, %(target)s,"
            " %(external_id)s, %(day)s, %(day)s, %(sku)s, %(item)s, %(location)s, %(quantity)s,"
            " %(amount)s, %(currency)s, %(previous)s, %(hash)s) returning id",
            number=self._rows,
            at=at,
            posting=posting,
            flow=flow,
            source=line.source,
            line=line.source_line,
            target=target,
            external_id=external_id,
            day=line.posting_date,
            sku=line.sku,
            item=line.item,
            location=line.location,
            quantity=line.quantity,
            amount=line.amount,
            currency=line.currency,
            previous=f"{self._rows - 1:064d}",
            hash=f"{self._rows:064d}",
        )

    async def invoice(self, number: int, amount: str, *, charges: int = 2) -> None:
        """Write an invoice with charges of it."""
        async with self.database.transaction() as on:
            await on.execute(
                "insert into invoice (connection, id, type, day, amount, currency)"
                " values (%s, %s, 'Fulfillment', '2026-11-16', %s, 'USD')",
                (self.name, number, Decimal(amount)),
            )
            for charge in range(charges):
                await on.execute(
                    "insert into charge (connection, transaction_id, type, fee, amount, currency,"
                    " tax, taxes, charged_on, invoice_id, details, raw) values (%s, %s, 'Charge',"
                    " 'Per Pick Fee', 1.25, 'USD', 0, '[]', %s, %s, '{}', '{}')",
                    (self.name, f"tx-{number}-{charge}", f"2026-11-1{charge}", number),
                )

    async def _id(self, on: Connection, statement: str, **values: object) -> int:
        row = await one(on, statement, {"name": self.name, **values})
        assert row is not None
        return int(row["id"])


def line(sku: str, quantity: int | None, *, amount: str | None = None) -> JournalLine:
    day = NOW.date()
    return JournalLine(
        source="wro 90311",
        source_line="inventory 1",
        fact_date=day,
        posting_date=day,
        sku=sku,
        item="501",
        location="6",
        quantity=quantity,
        amount=Decimal(amount) if amount else None,
        currency="USD" if amount else None,
    )
