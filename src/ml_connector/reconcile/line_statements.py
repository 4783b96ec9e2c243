"""The SQL of the CSV: every journal row of the month, as PostgreSQL writes it."""

from typing import Final

from ml_connector.reconcile.statements import IN_MONTH, UNIT

VERDICTS: Final = "create temp table month_verdict (external_id text, kinds text)"

_STARTS: Final = "array['=', '+', '-', '@', E'\\t', E'\\r', E'\\n']"


def _safe(column: str) -> str:
    """Return a column as a text that no spreadsheet takes for a formula."""
    return (
        f"case when left({column}, 1) = any ({_STARTS}) then '''' || {column} else {column} end"
        f" as {column.rpartition('.')[2]}"
    )


SECTION: Final = """
create temp table month_section as
select * from unnest(%(flows)s::text[], %(kinds)s::text[], %(sections)s::text[],
    %(compared)s::boolean[]) as s(flow, kind, section, compared)
"""
"""Where the journal's rows belong: by flow and kind of document."""

# Numbers are written as texts: PostgreSQL writes an integer much faster than a numeric.
_WRITTEN: Final = "coalesce(j.quantity::text, j.amount::text, '0')"

LINES_CSV: Final = f"""
copy (
    select 'journal' as record, s.section, coalesce(v.kinds, 'agrees') as verdict,
        j.number as journal_number,
        j.source, {_safe("j.source_line")}, j.fact_date, j.posting_date,
        {_safe("j.sku")}, j.item, j.location, {_safe("j.lot")},
        j.account, {_safe("j.detail")},
        nullif({UNIT}, '') as currency,
        case when j.fact_date >= %(first)s and j.fact_date < %(after)s
            then {_WRITTEN} end as shipbob,
        case when j.posting_date >= %(first)s and j.posting_date < %(after)s
            then {_WRITTEN} end as journal,
        case when j.posting_date >= %(first)s and j.posting_date < %(after)s and v.kinds is null
            and s.compared then {_WRITTEN} end as netsuite,
        s.kind as document, split_part(j.target, ' ', 2) as document_id,
        j.external_id, null as says, null as remedy
    from journal as j
    left join month_section as s on s.flow = j.flow and s.kind = split_part(j.target, ' ', 1)
    left join month_verdict as v on v.external_id = j.external_id
    where j.connection = %(name)s and {IN_MONTH}
    order by j.number
) to stdout with (format csv, header)
"""  # noqa: S608 - our own constants
