"""What the whole ledger comes to, over all its connections."""

from datetime import date
from typing import NamedTuple

from ml_connector.storage.database import Connection, rows
from ml_connector.words import System


class EventTotals(NamedTuple):
    """How many events there are.

    Attributes:
        webhooks: those that a webhook told of.
        unfinished: those of any source that are neither done nor ignored.
    """

    webhooks: int
    unfinished: int


async def events(connection: Connection) -> EventTotals:
    """Return how many events there are."""
    [row] = await rows(
        connection,
        "select count(*) filter (where status not in ('done', 'ignored')) as unfinished,"
        " count(*) filter (where source = 'webhook') as webhooks from event_status",
    )
    return EventTotals(**row)


async def documents(connection: Connection, system: System) -> int:
    """Return how many documents exist in a system by our postings."""
    [row] = await rows(
        connection,
        "select count(*) as n from posting where system = %(system)s"
        " and state in ('done', 'adopted')",
        {"system": system},
    )
    return int(row["n"])


async def units(connection: Connection) -> dict[tuple[str, str], int]:
    """Return the units that the journal has booked, by SKU and location."""
    found = await rows(
        connection,
        "select sku, location, sum(quantity)::bigint as units from journal group by 1, 2",
    )
    return {(row["sku"], row["location"]): row["units"] for row in found}


async def months(connection: Connection) -> list[date]:
    """Return the first day of each month that the journal has documents of."""
    found = await rows(
        connection,
        "select distinct to_char(posting_date, 'YYYY-MM-01')::date as first from journal"
        " order by 1",
    )
    return [row["first"] for row in found]
