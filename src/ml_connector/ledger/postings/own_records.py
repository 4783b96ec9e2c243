"""Which NetSuite records the books know as those of a flow's subjects."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from ml_connector.storage.database import Database
from ml_connector.transport.batch import Batch
from ml_connector.words import DocumentKind

_MOST: Final = 1000


class OwnRecords(Protocol):
    """The records that one connection's subjects have made or changed."""

    async def latest(
        self, flow: str, keys: Collection[str], record_type: str
    ) -> Mapping[str, str]:
        """Return the internal id of the record that each subject has made or changed last.

        Args:
            flow: of the subjects.
            keys: of the subjects; none is returned for one that has none.
            record_type: of the records, such as ``itemFulfillment``.
        """

    async def first_seen(self, flow: str, key: str, record: str) -> Mapping[str, Any] | None:
        """Return the facts, as stored, of the run that first made or changed a NetSuite record.

        Args:
            flow: of the subject.
            key: of the subject.
            record: its internal id.
        """


class NoOwnRecords:
    """A connection without a ledger: nothing was made."""

    async def latest(
        self, flow: str, keys: Collection[str], record_type: str
    ) -> Mapping[str, str]:
        """Return nothing."""
        del flow, keys, record_type
        return {}

    async def first_seen(self, flow: str, key: str, record: str) -> Mapping[str, Any] | None:
        """Return nothing."""
        del flow, key, record
        return None


class _RecordKey(NamedTuple):
    flow: str
    record_type: str
    key: str


class KeptOwnRecords:
    """The records of one connection in the database, asked for many subjects at a time.

    Args:
        database: the ledger.
        connection_name: whose subjects.
    """

    def __init__(self, database: Database, connection_name: str) -> None:
        self._database = database
        self._connection = connection_name
        self._latest: Batch[_RecordKey, str] = Batch(self._fetch, most=_MOST)

    async def latest(
        self, flow: str, keys: Collection[str], record_type: str
    ) -> Mapping[str, str]:
        """Return the internal id of the record that each subject has made or changed last."""
        ordered = sorted(keys)
        asked = (_RecordKey(flow, record_type, key) for key in ordered)
        found = await asyncio.gather(*map(self._latest.get, asked))  # at once: one query
        return {key: record for key, record in zip(ordered, found, strict=True) if record}

    async def first_seen(self, flow: str, key: str, record: str) -> Mapping[str, Any] | None:
        """Return the facts, as stored, of the run that first made or changed a NetSuite record."""
        found = await self._database.fetch(
            "select r.facts from subject as s join posting as p on p.subject_id = s.id"
            " join run as r on r.id = p.run_id"
            " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = %(key)s"
            " and p.system = 'netsuite' and p.state in ('done', 'adopted')"
            " and p.remote_id = %(record)s and r.facts is not null order by p.id limit 1",
            {"connection": self._connection, "flow": flow, "key": key, "record": record},
        )
        return found[0]["facts"] if found else None

    async def _fetch(self, asked: Sequence[_RecordKey]) -> Mapping[_RecordKey, str]:
        """Ask once for each flow and type of record."""
        found: dict[_RecordKey, str] = {}
        for flow, record_type in sorted({(one.flow, one.record_type) for one in asked}):
            keys = [one.key for one in asked if one[:2] == (flow, record_type)]
            for row in await self._latest_of(flow, keys, record_type):
                found[_RecordKey(flow, record_type, row["key"])] = row["remote_id"]
        return found

    async def _latest_of(
        self, flow: str, keys: Sequence[str], record_type: str
    ) -> Sequence[Mapping[str, str]]:
        return await self._database.fetch(
            "select distinct on (s.key) s.key, p.remote_id from subject as s"
            " join posting as p on p.subject_id = s.id"
            " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
            " and p.system = 'netsuite' and p.state in ('done', 'adopted')"
            " and p.kind = any (%(kinds)s)"
            " and p.remote_id is not null order by s.key, p.id desc",
            {
                "connection": self._connection,
                "flow": flow,
                "keys": sorted(keys),
                "kinds": sorted(kind for kind in DocumentKind if kind.record_type == record_type),
            },
        )
