"""What the ledger knows of the WROs that announce an order: which are ours, what became of them.

``made``, ``parts`` and ``answers`` are of the flow that announces, ``outcome`` and ``belonging``
of the flow that receives, ``order_of`` and ``may_lack`` of both.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, Protocol

from ml_connector.awaited import Awaited
from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Database
from ml_connector.transport.batch import Batch
from ml_connector.words import Cause, DecisionKind, DocumentKind, ExternalIdPrefix

_MOST: Final = 500

_LEFT_TO_PEOPLE: Final = frozenset(
    {Cause.RECEIVED_BY_OTHERS, Cause.UNIT_DIFFERS, Cause.LOT_TRACKED}
)
"""Causes at which receiving tells people to receive the units of a WRO by hand."""


class WroOutcome(NamedTuple):
    """What our books say of a WRO beside the receipts from its order.

    Attributes:
        units: by line of the WRO, the units that were booked as something else than a receipt,
            or refused on purpose.
        handled: units that receipts of others account for, as people decided: by the order that
            the receipt was made from, and by line of the WRO.
        left_to_people: receiving has stopped at it, and told people to receive its units by
            hand, or to say whether they have.
    """

    units: Mapping[str, int] = {}
    left_to_people: bool = False
    handled: Mapping[str, Mapping[str, int]] = {}


class OrderLink(NamedTuple):
    """Which order a WRO is of, by our own books, whatever its number says.

    Attributes:
        order_id: NetSuite's internal id.
        how: a person has decided it, we announced the order with it, or have received units of
            it from the order.
    """

    order_id: str
    how: Literal["decided", "announced", "received"]


class Announcements(Protocol):
    """What the ledger knows of the WROs of one connection's orders, as reads."""

    async def order_of(self, wro_id: int) -> OrderLink | None:
        """Return which order a WRO is of; None where our books don't say."""

    async def parts(self, order_id: str) -> Mapping[int, int]:
        """Return the WROs that we made for an order, by which of them each is, from 1.

        Also what we have begun to make and don't know yet whether we did, as WRO 0.
        """

    async def may_lack(self, made_at: datetime | None) -> bool:
        """Return whether our books may lack a WRO that we made for an order then."""

    async def made(self, order_id: str) -> Sequence[int]:
        """Return the WROs that we made for an order, cancelled ones included."""

    async def belonging(self, order_id: str) -> Collection[int]:
        """Return the WROs that are of an order by a person's decision, whatever their number."""

    async def answers(self, order_id: str) -> Collection[Awaited]:
        """Return what people answered by starting an order's own event again."""

    async def outcome(self, wro_id: int) -> WroOutcome:
        """Return what our books say of a WRO beside the receipts from its order."""


class NoAnnouncements:
    """A connection without a ledger: nothing was announced."""

    async def order_of(self, wro_id: int) -> OrderLink | None:
        """Return nothing."""
        del wro_id
        return None

    async def parts(self, order_id: str) -> Mapping[int, int]:
        """Return nothing."""
        del order_id
        return {}

    async def may_lack(self, made_at: datetime | None) -> bool:
        """Return that nothing is missing."""
        del made_at
        return False

    async def made(self, order_id: str) -> Sequence[int]:
        """Return nothing."""
        del order_id
        return ()

    async def belonging(self, order_id: str) -> Collection[int]:
        """Return nothing."""
        del order_id
        return ()

    async def answers(self, order_id: str) -> Collection[Awaited]:
        """Return nothing."""
        del order_id
        return ()

    async def outcome(self, wro_id: int) -> WroOutcome:
        """Return nothing."""
        del wro_id
        return WroOutcome()


class _Gap(NamedTuple):
    """A time of which our books may lack what we did; since None: from the beginning."""

    since: datetime | None
    until: datetime


class KeptAnnouncements:
    """What the ledger knows, asked for many orders and WROs at a time.

    Args:
        database: the ledger.
        connection_name: whose orders.
        announcing: name of the flow that announces.
        receiving: name of the flow that receives.
    """

    def __init__(
        self, database: Database, connection_name: str, *, announcing: str, receiving: str
    ) -> None:
        self._database = database
        self._connection_name = connection_name
        self._announcing = announcing
        self._receiving = receiving
        self._made: Batch[str, Mapping[str, int]] = Batch(self._fetch_made, most=_MOST)
        self._belonging: Batch[str, tuple[int, ...]] = Batch(self._fetch_belonging, most=_MOST)
        self._links: Batch[int, OrderLink] = Batch(self._fetch_links, most=_MOST)
        self._gaps: Batch[None, Sequence[_Gap]] = Batch(self._fetch_gaps, most=1)
        self._outcomes: Batch[int, WroOutcome] = Batch(self._fetch_outcomes, most=_MOST)

    async def made(self, order_id: str) -> Sequence[int]:
        """Return the WROs that we made for an order, cancelled ones included."""
        return tuple(filter(None, (await self._made.get(order_id) or {}).values()))

    async def belonging(self, order_id: str) -> Collection[int]:
        """Return the WROs that are of an order by a person's decision, whatever their number."""
        return await self._belonging.get(order_id) or ()

    async def parts(self, order_id: str) -> Mapping[int, int]:
        """Return the WROs that we made for an order, by which of them each is, from 1.

        Also what we have begun to make and don't know yet whether we did, as WRO 0: a WRO of
        that number may be it.
        """
        ours = f"{ExternalIdPrefix.WRO}{order_id}-"
        return {
            int(external_id.removeprefix(ours)): wro_id
            for external_id, wro_id in (await self._made.get(order_id) or {}).items()
            if external_id.removeprefix(ours).isdecimal()
        }

    async def order_of(self, wro_id: int) -> OrderLink | None:
        """Return which order a WRO is of; None where our books don't say."""
        return await self._links.get(wro_id)

    async def may_lack(self, made_at: datetime | None) -> bool:
        """Return whether our books may lack a WRO that we made for an order then.

        That is so before they began, and from the backup that was restored to the release.
        """
        gaps = await self._gaps.get(None) or ()
        return any(
            made_at is None
            or ((gap.since is None or made_at >= gap.since) and made_at < gap.until)
            for gap in gaps
        )

    async def answers(self, order_id: str) -> Collection[Awaited]:
        """Return what people answered by starting an order's own event again."""
        async with self._database.single() as connection:
            return await acts.answers(
                connection, self._connection_name, flow=self._announcing, subject=order_id
            )

    async def outcome(self, wro_id: int) -> WroOutcome:
        """Return what our books say of a WRO beside the receipts from its order."""
        return await self._outcomes.get(wro_id) or WroOutcome()

    async def _fetch_made(self, order_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        found = await self._database.fetch(
            "select s.key, p.external_id, case when p.state in ('done', 'adopted')"
            "  then coalesce(p.remote_id, '0') else '0' end as wro from subject as s"
            " join posting as p on p.subject_id = s.id"
            " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
            " and p.kind = %(kind)s and p.state in ('done', 'adopted', 'sending', 'alarm')"
            " order by p.id",
            {
                "connection": self._connection_name,
                "flow": self._announcing,
                "keys": list(order_ids),
                "kind": DocumentKind.WRO,
            },
        )
        made: dict[str, dict[str, int]] = defaultdict(dict)
        for row in found:
            made[row["key"]][row["external_id"]] = int(row["wro"])
        return made

    async def _fetch_belonging(self, order_ids: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
        found = await self._database.fetch(
            "select document_id, array_agg(key::bigint order by id) as wros from decision"
            " where connection = %(connection)s and flow = %(receiving)s and kind = %(belongs)s"
            " and document_id = any (%(orders)s) and taken_back_at is null and lapsed_at is null"
            " group by document_id",
            {
                "connection": self._connection_name,
                "receiving": self._receiving,
                "belongs": DecisionKind.BELONGS,
                "orders": list(order_ids),
            },
        )
        return {row["document_id"]: tuple(row["wros"]) for row in found}

    async def _fetch_links(self, wro_ids: Sequence[int]) -> Mapping[int, OrderLink]:
        found = await self._database.fetch(
            _LINKS,
            {
                "connection": self._connection_name,
                "announcing": self._announcing,
                "receiving": self._receiving,
                "keys": [str(wro_id) for wro_id in wro_ids],
                "wro": DocumentKind.WRO,
                "receipt": DocumentKind.ITEM_RECEIPT,
                "belongs": DecisionKind.BELONGS,
            },
        )
        return {int(row["wro"]): OrderLink(row["order_id"], row["how"]) for row in found}

    async def _fetch_gaps(self, _: Sequence[None]) -> Mapping[None, Sequence["_Gap"]]:
        found = await self._database.fetch(
            _GAPS, {"connection": self._connection_name, "release": acts.RELEASE}
        )
        return {None: [_Gap(row["since"], row["until"]) for row in found]}

    async def _fetch_outcomes(self, wro_ids: Sequence[int]) -> Mapping[int, WroOutcome]:
        found = await self._database.fetch(
            _OUTCOMES,
            {
                "connection": self._connection_name,
                "flow": self._receiving,
                "keys": [str(wro_id) for wro_id in wro_ids],
                "receipt": DocumentKind.ITEM_RECEIPT,
                "received": "ItemRcpt",
                "causes": sorted(_LEFT_TO_PEOPLE),
            },
        )
        units: dict[int, Counter[str]] = defaultdict(Counter)
        handled: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        left: set[int] = set()
        for row in found:
            wro_id = int(row["key"])
            if row["name"] is not None:
                units[wro_id][row["name"]] += int(row["units"])
            if row["order_id"]:
                handled[wro_id][row["order_id"]][row["name"]] -= int(row["units"])
            if row["is_left"]:
                left.add(wro_id)
        return {
            wro_id: WroOutcome(units[wro_id], wro_id in left, handled[wro_id])
            for wro_id in {*units, *left}
        }


async def made_besides(
    database: Database, connection_name: str, wro_ids: Sequence[str], *, besides: str
) -> Collection[str]:
    """Return those of these WROs that we made as other documents than that external id's."""
    if not wro_ids:
        return ()
    found = await database.fetch(
        "select distinct remote_id from posting where connection = %(connection)s"
        " and kind = %(kind)s and remote_id = any (%(ids)s) and external_id <> %(besides)s"
        " and state in ('done', 'adopted')",
        {
            "connection": connection_name,
            "kind": DocumentKind.WRO,
            "ids": list(wro_ids),
            "besides": besides,
        },
    )
    return {row["remote_id"] for row in found}


# What a counter-document takes back was booked all the same: a person answers for those units.
# Units that a person's receipt handled are received from an order, as those of ours are.
_OUTCOMES: Final = """
with wanted as (
    select s.id, s.key, s.state in ('parked', 'dead') and s.cause = any (%(causes)s) as is_left
    from subject as s where s.connection = %(connection)s and s.flow = %(flow)s
        and s.key = any (%(keys)s)
), ended as (
    select w.key, j.source_line as name, j.quantity, '' as order_id
    from wanted as w
    join posting as p on p.subject_id = w.id and p.kind <> %(receipt)s and p.undoes is null
    join journal as j on j.posting_id = p.id
    where j.quantity is not null
    union all
    select w.key, r.name, r.quantity, '' from wanted as w
    join refusal as r on r.subject_id = w.id where r.quantity is not null
    union all
    select w.key, h.name, -h.quantity, d.about -> 'document' ->> 'created_from' from wanted as w
    join handled_line as h on h.subject_id = w.id
    join decision as d on d.id = h.decision_id and d.document_type = %(received)s
        and d.about -> 'document' ->> 'created_from' is not null
)
select w.key, e.name, coalesce(e.order_id, '') as order_id, sum(e.quantity) as units,
    bool_or(coalesce(w.is_left, false)) as is_left
from wanted as w left join ended as e on e.key = w.key group by w.key, e.name, e.order_id
"""

# A decision comes first, then an announcement. A receipt that was taken back says nothing.
_LINKS: Final = """
select distinct on (wro) wro, order_id, how from (
    select key as wro, document_id as order_id, 'decided' as how, 1 as rank, id from decision
    where connection = %(connection)s and flow = %(receiving)s and key = any (%(keys)s)
        and kind = %(belongs)s and taken_back_at is null and lapsed_at is null
    union all
    select p.remote_id, s.key, 'announced', 2, p.id
    from posting as p join subject as s on s.id = p.subject_id
    where p.connection = %(connection)s and s.flow = %(announcing)s and p.kind = %(wro)s
        and p.remote_id = any (%(keys)s) and p.state in ('done', 'adopted')
    union all
    select s.key, p.document -> 'request' ->> 'from_id', 'received', 3, p.id
    from subject as s join posting as p on p.subject_id = s.id
    where s.connection = %(connection)s and s.flow = %(receiving)s and s.key = any (%(keys)s)
        and p.kind = %(receipt)s and p.state in ('done', 'adopted') and p.undoes is null
        and coalesce(p.document -> 'request' ->> 'from_id', '') <> ''
        and not exists (select 1 from posting as u where u.undoes = p.id
            and u.state in ('done', 'adopted'))
) as found order by wro, rank, id desc
"""

_GAPS: Final = """
select null::timestamptz as since, created_at as until from connection
where name = %(connection)s
union all
select (details -> 'before' ->> 'backup_made_at')::timestamptz, at from act
where what = %(release)s and connection = %(connection)s
"""
