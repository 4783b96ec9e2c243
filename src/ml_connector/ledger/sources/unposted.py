"""Lines of invoices that were not posted yet at the end of a day."""

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.ledger.conservation.sums import STAYS_UNDONE, taken_back
from ml_connector.storage.database import Database

_UNPOSTED: Final = f"""
with dated as (
    select s.id as subject_id, i.id as invoice_id from invoice as i
    join subject as s on s.connection = i.connection and s.flow = 'billing'
        and s.key = i.id::text
    where i.connection = %(name)s and (i.day <= %(day)s or i.day is null)
), booked as (
    select coalesce(u.subject_id, p.subject_id) as subject_id, j.source_line as name,
        coalesce(j.currency, '') as currency,
        sum(j.amount) as posted, sum(j.amount) filter (where j.posting_date > %(day)s) as later,
        coalesce(-sum(j.amount) filter (where p.undoes is not null
            and {STAYS_UNDONE.format(subject="u.subject_id")}), 0) as undone
    from journal as j join posting as p on p.id = j.posting_id
    left join posting as u on u.id = p.undoes
    where j.connection = %(name)s and j.flow = 'billing'
    group by 1, 2, 3
), stated as (
    select l.subject_id, l.name, l.currency, l.amount from source_line as l
    where l.subject_id in (select subject_id from dated) and l.amount is not null
), line as (
    select d.invoice_id, name, currency,
        coalesce(l.amount, 0) - coalesce(b.posted, 0) - coalesce(r.amount, 0) as rest,
        coalesce(b.later, 0) as later, coalesce(b.undone, 0) as undone
    from stated as l full join booked as b using (subject_id, name, currency)
    join dated as d using (subject_id)
    left join refusal as r using (subject_id, name, currency)
), refused as (
    select *, rest + later as open, {taken_back("rest", "undone")} as back from line
)
select invoice_id, name, nullif(currency, '') as currency,
    open - {taken_back("open", "back")} as amount
from refused where open - {taken_back("open", "back")} <> 0 order by 1, 2, 3
"""  # noqa: S608 - our own texts


class UnpostedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an invoice's line that was neither posted by a day nor is refused.

    Attributes:
        name: of the source line.
        amount: signed; negative also where more was posted than the line is now.
    """

    invoice_id: int
    name: str
    currency: str | None
    amount: Decimal


async def unposted_at(database: Database, name: str, day: date) -> list[UnpostedLine]:
    """Return what of the invoices dated by a day was on no bill dated by then.

    An invoice without a date counts as dated by then. What is refused, taken back by a person
    among it, is no cost, and left out.
    """
    found = await database.fetch(_UNPOSTED, {"name": name, "day": day})
    return [UnpostedLine(**row) for row in found]
