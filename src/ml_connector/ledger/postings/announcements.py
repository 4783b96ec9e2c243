"""What the ledger knows of the WROs that announce an order: which are ours, what became of them.

``made`` and ``answers`` are of the flow that announces, ``outcomes`` of the flow that receives.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from ml_connector.awaited import Awaited
from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Database
from ml_connector.transport.batch import Batch
from ml_connector.words import Cause, DocumentKind

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
        left_to_people: receiving has stopped at it, and told people to receive its units by
            hand, or to say whether they have.
    """

    units: Mapping[str, int] = {}
    left_to_people: bool = False


class Announcements(Protocol):
    """What the ledger knows of the WROs of one connection's orders, as reads."""

    async def made(self, order_id: str) -> Sequence[int]:
        """Return the WROs that we made for an order, cancelled ones included."""

    async def answers(self, order_id: str) -> Collection[Awaited]:
        """Return what people answered by starting an order's own event again."""

    async def outcome(self, wro_id: int) -> WroOutcome:
        """Return what our books say of a WRO beside the receipts from its order."""


class NoAnnouncements:
    """A connection without a ledger: nothing was announced."""

    async def made(self, order_id: str) -> Sequence[int]:
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
        self._made: Batch[str, tuple[int, ...]] = Batch(self._fetch_made, most=_MOST)
        self._outcomes: Batch[int, WroOutcome] = Batch(self._fetch_outcomes, most=_MOST)

    async def made(self, order_id: str) -> Sequence[int]:
        """Return the WROs that we made for an order, cancelled ones included."""
        return await self._made.get(order_id) or ()

    async def answers(self, order_id: str) -> Collection[Awaited]:
        """Return what people answered by starting an order's own event again."""
        async with self._database.single() as connection:
            return await acts.answers(
                connection, self._connection_name, flow=self._announcing, subject=order_id
            )

    async def outcome(self, wro_id: int) -> WroOutcome:
        """Return what our books say of a WRO beside the receipts from its order."""
        return await self._outcomes.get(wro_id) or WroOutcome()

    async def _fetch_made(self, order_ids: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
        found = await self._database.fetch(
            "select s.key, array_agg(p.remote_id order by p.id) as wros from subject as s"
            " join posting as p on p.subject_id = s.id"
            " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
            " and p.kind = %(kind)s and p.state in ('done', 'adopted')"
            " and p.remote_id is not null group by s.key",
            {
                "connection": self._connection_name,
                "flow": self._announcing,
                "keys": list(order_ids),
                "kind": DocumentKind.WRO,
            },
        )
        return {row["key"]: tuple(map(int, row["wros"])) for row in found}

    async def _fetch_outcomes(self, wro_ids: Sequence[int]) -> Mapping[int, WroOutcome]:
        found = await self._database.fetch(
            _OUTCOMES,
            {
                "connection": self._connection_name,
                "flow": self._receiving,
                "keys": [str(wro_id) for wro_id in wro_ids],
                "receipt": DocumentKind.ITEM_RECEIPT,
                "causes": sorted(_LEFT_TO_PEOPLE),
            },
        )
        units: dict[int, dict[str, int]] = defaultdict(dict)
        left: set[int] = set()
        for row in found:
            if row["name"] is not None:
                units[int(row["key"])][row["name"]] = int(row["units"])
            if row["is_left"]:
                left.add(int(row["key"]))
        return {
            wro_id: WroOutcome(units.get(wro_id, {}), wro_id in left) for wro_id in {*units, *left}
        }


# What a counter-document takes back was booked all the same: a person answers for those units.
_OUTCOMES: Final = """
with wanted as (
    select s.id, s.key, s.state in ('parked', 'dead') and s.cause = any (%(causes)s) as is_left
    from subject as s where s.connection = %(connection)s and s.flow = %(flow)s
        and s.key = any (%(keys)s)
), ended as (
    select w.key, j.source_line as name, j.quantity
    from wanted as w
    join posting as p on p.subject_id = w.id and p.kind <> %(receipt)s and p.undoes is null
    join journal as j on j.posting_id = p.id
    where j.quantity is not null
    union all
    select w.key, r.name, r.quantity from wanted as w
    join refusal as r on r.subject_id = w.id where r.quantity is not null
)
select w.key, e.name, sum(e.quantity) as units, bool_or(coalesce(w.is_left, false)) as is_left
from wanted as w left join ended as e on e.key = w.key group by w.key, e.name
"""
