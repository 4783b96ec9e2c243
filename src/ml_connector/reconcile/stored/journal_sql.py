"""The SQL of the journal's part of the report: its sums, and its rows between two months.

Parameters are those of ``document_sql``.
"""

from typing import Final

from ml_connector.reconcile.stored.document_sql import ENTRIES, IN_MONTH, MONEY, UNIT, VALUE
from ml_connector.words import DocumentKind

UNDONE: Final = """
select v.id from posting as u cross join lateral (values (u.id), (u.undoes)) as v(id)
where u.connection = %(name)s and u.undoes is not null
"""
"""Documents that were taken back, and those that took them back."""

# Grouped by the columns as they are, so that only the few sums need further work.
SUMMED: Final = f"""
create temp table month_summed as
select j.flow, split_part(j.target, ' ', 1) as kind, j.account, j.sku, j.item, j.location,
    j.currency, {MONEY} as money, j.posting_id in ({UNDONE}) as undone,
    j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
    j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting,
    coalesce(sum(j.quantity), sum(j.amount), 0) as value, count(*) as entries,
    min(j.number) as lowest, max(j.number) as highest
from journal as j where j.connection = %(name)s and {IN_MONTH}
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""  # noqa: S608 - our own constants

ROWS: Final = """
select flow, kind, coalesce(case when money then account else sku end, '') as what,
    case when money then '' else coalesce(location, '') end as place,
    case when money then coalesce(currency, '') else '' end as currency,
    coalesce(sum(value) filter (where in_fact and not undone), 0) as shipbob,
    coalesce(sum(value) filter (where in_fact and undone), 0) as undone,
    coalesce(sum(value) filter (where in_fact and not in_posting), 0) as later,
    coalesce(sum(value) filter (where in_posting and not in_fact), 0) as earlier,
    coalesce(sum(value) filter (where in_posting), 0) as journal,
    coalesce(sum(entries) filter (where in_posting), 0)::bigint as entries
from month_summed group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""

ACCEPTED: Final = f"""
select j.flow, split_part(j.target, ' ', 1) as kind, s.key,
    coalesce(case when {MONEY} then j.account else j.sku end, '') as what,
    case when {MONEY} then '' else coalesce(j.location, '') end as place,
    {UNIT} as currency, {VALUE} as value,
    (select d.about -> 'difference' ->> 'section' from decision as d
     where d.connection = s.connection and d.flow = s.flow and d.key = s.key
     order by d.id desc limit 1) as section
from journal as j join posting as p on p.id = j.posting_id join subject as s on s.id = p.subject_id
where j.connection = %(name)s and {IN_MONTH} and j.number between %(lowest)s and %(highest)s
    and split_part(j.target, ' ', 1) = '{DocumentKind.ACCEPTED_DIFFERENCE}'
order by j.number
"""  # noqa: S608 - our own constants
"""The differences that people took as they are, with the part of the report of each."""

NUMBERS: Final = """
select coalesce(min(lowest), 0) as lowest, coalesce(max(highest), 0) as highest,
    coalesce(min(lowest) filter (where in_fact <> in_posting), 0) as cut_off_lowest,
    coalesce(max(highest) filter (where in_fact <> in_posting), 0) as cut_off_highest
from month_summed
"""
"""The lowest and highest number of the month's rows, and of those between two months."""

CUT_OFF: Final = f"""
{ENTRIES}
where j.connection = %(name)s and {IN_MONTH} and j.number between %(lowest)s and %(highest)s
    and (j.fact_date >= %(first)s and j.fact_date < %(after)s)
        <> (j.posting_date >= %(first)s and j.posting_date < %(after)s)
order by j.number
"""

SKUS: Final = """
select item, min(sku) as sku from month_summed
where sku is not null and item = any (%(items)s)
group by 1
"""
