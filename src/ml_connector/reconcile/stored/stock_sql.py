"""The SQL of stock that is not where its source says: parameters are those of ``source_sql``."""

from typing import Final

QUARANTINED: Final = """
select j.sku, l.center::text as center, sum(j.quantity)::bigint as quantity
from journal as j join posting as p on p.id = j.posting_id
left join posting as o on o.id = p.undoes
join source_line as l on l.subject_id = coalesce(o.subject_id, p.subject_id)
    and l.name = split_part(j.source_line, ' / ', 1) and l.currency = ''
where j.connection = %(name)s and j.location = %(quarantine)s and j.sku is not null
    and l.center is not null
    and j.fact_date >= %(first)s and j.fact_date < %(after)s
group by 1, 2 having sum(j.quantity) <> 0 order by 1, 2
"""
"""Units of the month that lie at a center, and in NetSuite at the location for what can't be sold,
by the journal."""
