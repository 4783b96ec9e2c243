"""How much was posted: documents by kind, money by currency."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from ml_connector.storage.database import Connection, rows

MOST_COUNTED: Final = 200_000

_DOCUMENTS: Final = f"""
select kind, count(*) as n from (select kind from posting
    where connection = %(name)s and state in ('done', 'adopted')
    and settled_at >= %(since)s limit {MOST_COUNTED}) as p
where kind not in ('wroMark', 'trackingMark') group by 1 order by 2 desc, 1
"""  # noqa: S608 - a constant of ours

_MONEY: Final = f"""
select currency, sum(amount) as amount from (select currency, amount from journal
    where connection = %(name)s and posted_at >= %(since)s and amount is not null
    limit {MOST_COUNTED}) as j
group by 1 order by 1
"""  # noqa: S608 - a constant of ours


async def documents(on: Connection, name: str, *, since: datetime) -> dict[str, int]:
    """Return how many documents of a connection were posted, by kind, the most first.

    Marks that tell ShipBob what we have taken over are none.
    """
    found = await rows(on, _DOCUMENTS, {"name": name, "since": since})
    return {row["kind"]: int(row["n"]) for row in found}


async def money(on: Connection, name: str, *, since: datetime) -> dict[str, Decimal]:
    """Return the amounts that were posted, by currency; signed."""
    found = await rows(on, _MONEY, {"name": name, "since": since})
    return {row["currency"] or "": row["amount"] for row in found}
