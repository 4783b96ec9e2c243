"""The SQL of stock that is not where its source says: parameters are those of ``source_sql``."""

from typing import Final

QUARANTINED: Final = """
select j.sku, at.center, sum(j.quantity)::bigint as quantity
from journal as j join posting as p on p.id = j.posting_id
left join posting as o on o.id = p.undoes
left join source_line as l on l.subject_id = coalesce(o.subject_id, p.subject_id)
    and l.name = split_part(j.source_line, ' / ', 1) and l.currency = ''
cross join lateral (select coalesce(l.center::text,
    (select r.facts ->> 'center_id' from run as r
        where r.subject_id = coalesce(o.subject_id, p.subject_id)
        and r.facts ->> 'center_id' is not null
        order by r.id desc limit 1)) as center) as at
where j.connection = %(name)s and j.location = %(quarantine)s and j.sku is not null
    and at.center is not null
    and j.fact_date >= %(first)s and j.fact_date < %(after)s
group by 1, 2 having sum(j.quantity) <> 0 order by 1, 2
"""
"""Units of the month that lie at a center, and in NetSuite at the location for what can't be sold,
by the journal. Of a return that was taken up again no line says its center: a run before does."""
