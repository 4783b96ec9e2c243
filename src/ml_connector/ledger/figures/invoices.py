"""ShipBob's invoices as the page of the billing flow lists them."""

from typing import Any, Final

from ml_connector.storage.database import Connection, rows

_LIST: Final = """
with page as (
    select id, type, day, amount, currency, seen_at from invoice
    where connection = %(name)s and (%(after)s::bigint is null or id < %(after)s)
    and (%(number)s::bigint is null or id = %(number)s)
    order by id desc limit %(limit)s
)
select page.*, s.id as subject_id, s.state, s.cause, s.sentence, s.remedy, s.attempt,
    (select c.charged_on from charge as c where c.connection = %(name)s
        and c.invoice_id = page.id order by c.charged_on limit 1) as first_day
from page
left join subject as s on s.connection = %(name)s and s.flow = 'billing'
    and s.key = page.id::text
order by page.id desc
"""

_FEES: Final = """
select coalesce(fee, type, '') as fee, currency, count(*) as charges, sum(amount) as amount
from (select fee, type, currency, amount from charge where connection = %(name)s
    and invoice_id = %(number)s limit 100000) as c
group by 1, 2 order by 4 desc, 1
"""

_OPEN_CHARGES: Final = """
select currency, count(*) as charges, sum(amount) as amount, min(charged_on) as first_day
from (select currency, amount, charged_on from charge
    where connection = %(name)s and invoice_id is null limit 100000) as c
group by 1 order by 1
"""


async def listed(
    on: Connection, name: str, *, limit: int, after: int | None = None, number: int | None = None
) -> list[dict[str, Any]]:
    """Return invoices, the highest number first: with their first charge and how they stand."""
    return await rows(on, _LIST, {"name": name, "limit": limit, "after": after, "number": number})


async def fees(on: Connection, name: str, number: int) -> list[dict[str, Any]]:
    """Return what an invoice charges, by fee and currency, the most first."""
    return await rows(on, _FEES, {"name": name, "number": number})


async def not_invoiced(on: Connection, name: str) -> list[dict[str, Any]]:
    """Return the charges that are on no invoice yet, by currency."""
    return await rows(on, _OPEN_CHARGES, {"name": name})
