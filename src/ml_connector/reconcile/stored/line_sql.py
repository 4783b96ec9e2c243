"""The SQL of the CSV: every journal row of the month, as PostgreSQL writes it."""

from typing import Final

from ml_connector.reconcile.stored.document_sql import IN_MONTH, UNIT

VERDICTS: Final = "create temp table month_verdict (external_id text primary key, kinds text)"
"""Of the documents that do not agree."""

# By their code points, which PostgreSQL compares much faster than texts: = + - @ TAB CR LF.
_STARTS: Final = "array[61, 43, 45, 64, 9, 13, 10]"


def _safe(column: str) -> str:
    """Return a column as a text that no spreadsheet takes for a formula."""
    return (
        f"case when ascii({column}) = any ({_STARTS}) then '''' || {column} else {column} end"
        f" as {column.rpartition('.')[2]}"
    )


# The inner select works out once whatever is needed more than once. It writes numbers as texts,
# because PostgreSQL writes an integer much faster than a numeric. Verdicts are looked up in a
# hashed set: a join could change the order, and would have to sort all rows again.
_LINES: Final = f"""
select 'journal' as record, %(sections)s::jsonb ->> (j.flow || ' ' || j.kind) as section,
    case when j.differs then (
        select v.kinds from month_verdict as v where v.external_id = j.external_id
    ) else 'agrees' end as verdict,
    j.number as journal_number, j.source, j.source_line, j.fact_date, j.posting_date, j.sku,
    j.item, j.location, j.lot, j.account, j.detail, j.currency,
    case when j.in_fact then j.written end as shipbob,
    case when j.in_posting then j.written end as journal,
    case when j.in_posting and not j.differs and j.kind = any (%(kinds)s) then j.written end
        as netsuite,
    j.kind as document, j.document_id, j.external_id, null as says, null as remedy,
    null as difference_id, null as decided
from (
    select j.number, j.flow, j.source, {_safe("j.source_line")}, j.fact_date, j.posting_date,
        {_safe("j.sku")}, j.item, j.location, {_safe("j.lot")}, j.account, {_safe("j.detail")},
        nullif({UNIT}, '') as currency, j.external_id,
        split_part(j.target, ' ', 1) as kind, split_part(j.target, ' ', 2) as document_id,
        coalesce(j.quantity::text, j.amount::text, '0') as written,
        j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
        j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting,
        j.external_id in (select v.external_id from month_verdict as v) as differs
    from journal as j
    where j.connection = %(name)s and j.number between %(from)s and %(to)s and {IN_MONTH}
    order by j.number offset 0
) as j
order by j.number
"""  # noqa: S608 - our own constants

HEADING_AND_LINES: Final = f"copy ({_LINES}) to stdout with (format csv, header)"
LINES: Final = f"copy ({_LINES}) to stdout with (format csv)"
