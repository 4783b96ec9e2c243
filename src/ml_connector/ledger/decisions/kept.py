"""The decisions about subjects as runs read them, with what others took of the same documents."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import KeptDecision, NamedUnits
from ml_connector.storage.database import Database, rows
from ml_connector.transport.batch import Batch

_MOST: Final = 500

PROPOSED: Final = 0
"""The id of a decision that is only looked at: none that is kept has it."""


class StandingDecision(NamedTuple):
    """A decision that nobody has taken back.

    Attributes:
        taken: units of the document it names that decisions about other subjects took, without
            a sign: those of one item at one location all go the same way.
        counted: by line of the source, the units that it accounted for when the subject ran last;
            signed as of the line.
    """

    decision: KeptDecision
    taken: tuple[NamedUnits, ...] = ()
    counted: Mapping[str, int] = MappingProxyType({})


class Decisions(Protocol):
    """The decisions about one connection's subjects, as reads."""

    async def standing(self, flow: str, key: str) -> Sequence[StandingDecision]:
        """Return the decisions about a subject that nobody has taken back, oldest first."""

    async def taken(
        self, document_ids: Collection[str], *, besides: tuple[str, str]
    ) -> Mapping[str, tuple[NamedUnits, ...]]:
        """Return the units that decisions took of documents, but for those about one subject."""

    async def naming_documents(self, flow: str) -> Mapping[str, frozenset[str]]:
        """Return the documents that standing decisions of a flow name, by key of the subject."""


class NoDecisions:
    """A connection without a ledger: nothing was decided."""

    async def standing(self, flow: str, key: str) -> Sequence[StandingDecision]:
        """Return nothing."""
        del flow, key
        return ()

    async def taken(
        self, document_ids: Collection[str], *, besides: tuple[str, str]
    ) -> Mapping[str, tuple[NamedUnits, ...]]:
        """Return nothing."""
        del document_ids, besides
        return {}

    async def naming_documents(self, flow: str) -> Mapping[str, frozenset[str]]:
        """Return nothing."""
        del flow
        return {}


class ProposedDecision:
    """The decisions of a connection as they would be with one more about a subject.

    Args:
        kept: the decisions that there are.
        proposed: the one that is only looked at.
        replaces: decisions that would end with it.
    """

    def __init__(
        self, kept: Decisions, proposed: KeptDecision, *, replaces: Collection[int] = ()
    ) -> None:
        self._kept = kept
        self._proposed = proposed
        self._replaces = frozenset(replaces)

    async def standing(self, flow: str, key: str) -> Sequence[StandingDecision]:
        """Return the decisions about a subject, with the proposed one if it is about it."""
        found = [
            one
            for one in await self._kept.standing(flow, key)
            if one.decision.id not in self._replaces
        ]
        new = self._proposed
        if (new.flow, new.key) != (flow, key):
            return found
        document = new.about.document
        taken = await self.taken([document.id], besides=(flow, key)) if document else {}
        return [*found, StandingDecision(new, taken.get(document.id, ()) if document else ())]

    async def taken(
        self, document_ids: Collection[str], *, besides: tuple[str, str]
    ) -> Mapping[str, tuple[NamedUnits, ...]]:
        """Return what was taken; the proposed decision has taken nothing yet."""
        return await self._kept.taken(document_ids, besides=besides)

    async def naming_documents(self, flow: str) -> Mapping[str, frozenset[str]]:
        """Return what the kept decisions name."""
        return await self._kept.naming_documents(flow)


class KeptDecisions:
    """The decisions of one connection in the database, asked for many subjects at a time."""

    def __init__(self, database: Database, connection_name: str) -> None:
        self._database = database
        self._connection_name = connection_name
        self._standing: Batch[tuple[str, str], tuple[StandingDecision, ...]] = Batch(
            self._fetch, most=_MOST
        )

    async def standing(self, flow: str, key: str) -> Sequence[StandingDecision]:
        """Return the decisions about a subject that nobody has taken back, oldest first."""
        return await self._standing.get((flow, key)) or ()

    async def taken(
        self, document_ids: Collection[str], *, besides: tuple[str, str]
    ) -> Mapping[str, tuple[NamedUnits, ...]]:
        """Return the units that decisions took of documents, but for those about one subject.

        Args:
            document_ids: internal ids.
            besides: flow and key of the subject whose own decisions do not count.
        """
        if not document_ids:
            return {}
        found = await self._database.fetch(
            _TAKEN,
            {
                "connection": self._connection_name,
                "documents": sorted(document_ids),
                "flow": besides[0],
                "besides": besides[1],
            },
        )
        units: dict[str, tuple[NamedUnits, ...]] = defaultdict(tuple)
        for row in found:
            units[row["document_id"]] += (
                NamedUnits(item=row["item"], location=row["location"], quantity=row["quantity"]),
            )
        return units

    async def naming_documents(self, flow: str) -> Mapping[str, frozenset[str]]:
        """Return the documents that standing decisions of a flow name, by key of the subject.

        Also those of others on which the last decision of a run rests.
        """
        found = await self._database.fetch(
            _NAMING, {"connection": self._connection_name, "flow": flow}
        )
        return {row["key"]: frozenset(row["documents"]) for row in found}

    async def _fetch(
        self, subjects: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[StandingDecision, ...]]:
        async with self._database.single() as connection:
            kept = await decisions.standing(connection, self._connection_name, subjects)
            ids = {"ids": [one.id for one in kept]}
            taken = await rows(connection, _TAKEN_BESIDES, ids) if kept else []
            counted = await rows(connection, _COUNTED, ids) if kept else []
        units: dict[int, tuple[NamedUnits, ...]] = defaultdict(tuple)
        for row in taken:
            units[row["id"]] += (
                NamedUnits(item=row["item"], location=row["location"], quantity=row["quantity"]),
            )
        own: dict[int, dict[str, int]] = defaultdict(dict)
        for row in counted:
            own[row["id"]][row["name"]] = row["quantity"]
        standing: dict[tuple[str, str], tuple[StandingDecision, ...]] = defaultdict(tuple)
        for one in kept:
            standing[one.flow, one.key] += (
                StandingDecision(one, units[one.id], own.get(one.id, {})),
            )
        return standing


_NAMING: Final = """
select key, array_agg(distinct document_id) as documents from (
    select key, document_id from decision
    where connection = %(connection)s and flow = %(flow)s and taken_back_at is null
        and document <> ''
    union all
    select s.key, d.value ->> 'id'
    from run as r
    join subject as s on s.id = r.subject_id
    cross join lateral json_array_elements(r.decision -> 'rests_on') as d
    where r.decision -> 'rests_on' is not null
        and s.connection = %(connection)s and s.flow = %(flow)s
        and not exists (select 1 from run as n where n.subject_id = r.subject_id and n.id > r.id
            and n.decision is not null)
) as named
group by key order by key
"""

_TAKEN: Final = """
select d.document_id, h.item, h.location, abs(sum(h.quantity))::bigint as quantity
from decision as d join handled_line as h on h.decision_id = d.id
where d.connection = %(connection)s and d.document_id = any (%(documents)s)
    and d.taken_back_at is null and (d.flow, d.key) <> (%(flow)s, %(besides)s)
group by 1, 2, 3 order by 1, 2, 3
"""

_COUNTED: Final = """
select decision_id as id, name, sum(quantity)::bigint as quantity from handled_line
where decision_id = any (%(ids)s) group by 1, 2 order by 1, 2
"""

_TAKEN_BESIDES: Final = """
select d.id, h.item, h.location, abs(sum(h.quantity))::bigint as quantity
from decision as d
join decision as o on o.connection = d.connection and o.document_id = d.document_id
    and o.taken_back_at is null and (o.flow, o.key) <> (d.flow, d.key)
join handled_line as h on h.decision_id = o.id
where d.id = any (%(ids)s) and d.document_id <> ''
group by 1, 2, 3 order by 1, 2, 3
"""
