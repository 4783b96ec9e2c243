"""What the journal holds of decisions about the differences of a month."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.storage.database import Connection, rows
from ml_connector.words import DocumentKind


class BookedMove(msgspec.Struct, frozen=True, kw_only=True):
    """What is booked at one place and on one day since people took a difference as it is.

    Attributes:
        key: id of the difference.
        value: units or money that the journal gained, less what was taken back.
        section: key of the part of the report that it was shown in.
        name: of the document, as journal rows have it.
    """

    key: str
    value: Decimal
    day: date
    section: str = ""
    name: str = ""
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    account: str | None = None
    currency: str | None = None


_BOOKED: Final = f"""
select s.key, j.posting_date as day, j.sku, j.item, j.location, j.account, j.currency,
    sum(coalesce(j.quantity::numeric, j.amount, 0)) as value,
    coalesce((select d.about -> 'difference' ->> 'section' from decision as d
        where d.connection = s.connection and d.flow = s.flow and d.key = s.key
        order by d.id desc limit 1), '') as section,
    split_part(max(j.source_line), ' / ', 1) as name
from subject as s
join posting as p on p.subject_id = s.id and p.kind = '{DocumentKind.ACCEPTED_DIFFERENCE}'
join journal as j on j.posting_id = p.id
where s.connection = %(connection)s and s.flow = %(flow)s
    and (starts_with(s.key, %(month)s) or s.key = any (%(keys)s)
        or to_char(j.posting_date, 'YYYY-MM-') = %(month)s)
group by s.connection, s.flow, s.key, 2, 3, 4, 5, 6, 7
having sum(coalesce(j.quantity::numeric, j.amount, 0)) <> 0
order by s.key, 2, 3, 4, 5, 6, 7
"""  # noqa: S608 - our own constant


async def of_month(
    connection: Connection,
    connection_name: str,
    flow: str,
    month: str,
    keys: Collection[str] = (),
) -> list[BookedMove]:
    """Return what is booked of a month's differences, and of others with a date in it.

    Args:
        connection: for reading.
        connection_name: whose differences.
        flow: that books such decisions.
        month: such as ``2026-11``.
        keys: ids of further differences.
    """
    found = await rows(
        connection,
        _BOOKED,
        {
            "connection": connection_name,
            "flow": flow,
            "month": f"{month}-",
            "keys": sorted(keys),
        },
    )
    return [msgspec.convert(row, BookedMove) for row in found]
