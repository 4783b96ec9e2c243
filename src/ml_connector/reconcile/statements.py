"""The SQL of documents: what agrees is summed in the database, and only the rest leaves it.

Parameters are ``name`` (the connection), ``first`` and ``after`` (the month's first day and
the one after its last). The rules are those of ``sources`` and ``documents``, which judge the
rest; a property holds the two together.
"""

from typing import Final

MOVEMENTS: Final = """
create temp table month_movement (
    id text, line int, type text, day date, number text, external_id text, memo text,
    entity text, created_from text, order_type text, item text, item_name text, location text,
    quantity numeric, amount numeric, account text, voided boolean, posted boolean,
    kit boolean, moves boolean, ours boolean
)
"""
"""NetSuite's lines, as they are read."""

MOVEMENT_COLUMNS: Final = (
    *("id", "line", "type", "day", "number", "external_id", "memo", "entity", "created_from"),
    *("order_type", "item", "item_name", "location", "quantity", "amount", "account", "voided"),
    *("posted", "kit", "moves", "ours"),
)

DROP: Final = (
    "drop table if exists month_movement, month_live, month_word, month_posting, month_found,"
    " month_raw, month_raw_entry, month_subject, month_raw_subject, month_line,"
    " month_booked, month_verdict"
)

VALUE: Final = "coalesce(j.quantity::numeric, j.amount, 0)"
MONEY: Final = "(j.quantity is null and j.amount is not null)"
UNIT: Final = f"case when {MONEY} then coalesce(j.currency, '') else '' end"
_PLACE: Final = f"case when {MONEY} then '' else coalesce(j.location, '') end"

# A sum of values, each times the hash of where it belongs, is the same for two sets of lines
# only when they come to the same everywhere, however they are split into lines. It tells in
# one pass what agrees; what does not is then judged line by line.
HASH: Final = "hashtextextended({0}, 0)::numeric"
_MOVED: Final = (
    HASH.format(
        f"case when {MONEY} then coalesce(j.account, '') || '|'"
        " else coalesce(j.item, '') || '|' || coalesce(j.location, '') end"
    )
    + f" * {VALUE}"
)
_BOOKED: Final = (
    HASH.format(f"j.source_line || '|' || coalesce(j.sku, '') || '|' || {UNIT}")
    + " * coalesce(j.quantity::numeric, j.amount, 1)"
)

IN_MONTH: Final = (
    "(j.posting_date >= %(first)s and j.posting_date < %(after)s"
    " or j.fact_date >= %(first)s and j.fact_date < %(after)s)"
)
"""Written like this everywhere: both days have an index, whose month alone is then read."""

_POSTING: Final = f"""
select j.posting_id, min(j.external_id) as external_id,
    split_part(min(j.target), ' ', 1) as kind, split_part(min(j.target), ' ', 2) as remote_id,
    min(j.posting_date) as day, sum({_MOVED}) as moved,
    bool_or(j.quantity is not null or j.amount is not null) as stock,
    coalesce(sum({_BOOKED}) filter (where strpos(j.source_line, ' / ') = 0), 0) as booked
from journal as j
"""  # noqa: S608 - our own constants

POSTINGS: Final = f"""
create temp table month_posting as {_POSTING}
where j.connection = %(name)s and {IN_MONTH}
group by 1
"""
"""The documents that the journal dates in the month, or whose facts lie in it."""

_FOUND: Final = f"""
select m.external_id, m.id, min(m.type) as type, min(m.day) as day,
    bool_and(m.posted and not m.voided) as counts,
    coalesce(sum(case
        when m.item is null then {HASH.format("coalesce(m.account, '') || '|'")} * m.amount
        else {HASH.format("m.item || '|' || coalesce(m.location, '')")} * m.quantity
    end) filter (where m.moves), 0) as moved
from month_movement as m
"""  # noqa: S608 - our own constants

FOUND: Final = f"create temp table month_found as {_FOUND} where m.ours group by 1, 2"

MORE_FOUND: Final = f"""
insert into month_found {_FOUND} where m.ours and m.id = any (%(ids)s) group by 1, 2
"""
"""What was looked up, and not among the month's lines."""

FOREIGN: Final = "create index on month_movement (type) where not ours"
"""What others moved is little beside our own, and is asked for again and again."""

MORE_POSTINGS: Final = f"""
insert into month_posting {_POSTING}
where j.posting_id in (
    select o.id from month_found as f
    join posting as o on o.connection = %(name)s and o.system = 'netsuite'
        and o.external_id = f.external_id
    where not exists (select 1 from month_posting as p where p.external_id = f.external_id))
group by 1
"""  # noqa: S608 - our own constants
"""Those that only NetSuite dates in the month."""

MISSING: Final = """
select p.external_id, p.kind, p.remote_id from month_posting as p
where p.stock and p.kind = any (%(kinds)s) and p.day >= %(first)s and p.day < %(after)s
    and not exists (select 1 from month_found as f where f.external_id = p.external_id)
order by 1
"""
"""Documents of ours that the month's lines in NetSuite do not show."""

RAW: Final = """
create temp table month_raw as
select distinct external_id from (
    select coalesce(p.external_id, f.external_id) as external_id from month_posting as p
    full join month_found as f on f.external_id = p.external_id
    where p.external_id is null
        or p.stock and p.kind = any (%(kinds)s) and (f.external_id is null or f.moved <> p.moved
            or f.day <> p.day or f.id <> p.remote_id or not f.counts
            or f.type <> (%(types)s::jsonb) ->> p.kind)
        and (p.day >= %(first)s and p.day < %(after)s or f.external_id is not null)
    union all
    select o.external_id from month_movement as o join month_movement as x
        on not x.ours and x.type = o.type and x.created_from = o.created_from
    where o.ours
    union all
    select o.external_id from month_movement as o join month_movement as x
        on not x.ours and x.type = o.type and x.entity = o.entity and x.number = o.number
    where o.ours and o.type in ('VendBill', 'VendCred')
    union all
    select unnest(%(tagged)s::text[])
) as suspect
"""
"""The documents that do not simply agree, and those that others may have copied."""

_ENTRIES: Final = """
select j.number, j.flow, j.source, j.source_line, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.external_id, j.fact_date, j.posting_date,
    j.sku, j.item, j.location, j.quantity, j.amount, j.currency, j.account, j.detail
from journal as j
"""

RAW_ENTRY: Final = f"""
create temp table month_raw_entry as {_ENTRIES}
where split_part(j.target, ' ', 1) = any (%(kinds)s) and j.posting_id in (
    select p.posting_id from month_posting as p join month_raw as r using (external_id)
    union
    select o.id from month_raw as r join posting as o on o.connection = %(name)s
        and o.system = 'netsuite' and o.external_id = r.external_id)
"""  # noqa: S608 - our own constants
"""The journal rows of the documents that do not simply agree, of whatever month."""

RAW_ENTRIES: Final = "select * from month_raw_entry order by number"

CUT_OFF: Final = f"""
{_ENTRIES}
where j.connection = %(name)s and {IN_MONTH}
    and (j.fact_date >= %(first)s and j.fact_date < %(after)s)
        <> (j.posting_date >= %(first)s and j.posting_date < %(after)s)
order by j.number
"""

RAW_MOVEMENTS: Final = """
select m.id, m.line, m.type, m.day as date, m.number, m.external_id, m.memo, m.entity,
    m.created_from, m.order_type, m.item, m.item_name, m.location, m.quantity, m.amount,
    m.account, m.voided, m.posted, m.kit
from month_movement as m
where not m.ours or m.external_id in (select external_id from month_raw)
order by m.id, m.line
"""

# What agrees stands in NetSuite as the journal says; the rest is counted line by line. Summed
# by the columns as they are, so that only the few sums have to be put into their places.
JOURNAL_ROWS: Final = f"""
with summed as (
    select j.flow, split_part(j.target, ' ', 1) as kind, j.account, j.sku, j.location, j.currency,
        {MONEY} as money,
        j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
        j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting,
        coalesce(sum(j.quantity), sum(j.amount), 0) as value, count(*) as entries,
        min(j.number) as lowest, max(j.number) as highest
    from journal as j where j.connection = %(name)s and {IN_MONTH}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
), suspect as (
    select j.flow, j.kind, j.account, j.sku, j.location, j.currency, {MONEY} as money,
        coalesce(sum(j.quantity), sum(j.amount), 0) as value
    from month_raw_entry as j
    where j.posting_date >= %(first)s and j.posting_date < %(after)s
    group by 1, 2, 3, 4, 5, 6, 7
), placed as (
    select flow, kind, account, sku, location, currency, money, in_fact, in_posting, entries,
        lowest, highest, value, case when in_posting then value else 0 end as agreed from summed
    union all
    select flow, kind, account, sku, location, currency, money, false, false, 0,
        null, null, 0, -value
    from suspect
)
select flow, kind, coalesce(case when money then account else sku end, '') as what,
    case when money then '' else coalesce(location, '') end as place,
    case when money then coalesce(currency, '') else '' end as currency,
    coalesce(sum(value) filter (where in_fact), 0) as shipbob,
    coalesce(sum(value) filter (where in_fact and not in_posting), 0) as later,
    coalesce(sum(value) filter (where in_posting and not in_fact), 0) as earlier,
    coalesce(sum(value) filter (where in_posting), 0) as journal,
    sum(agreed) as netsuite,
    coalesce(sum(entries) filter (where in_posting), 0)::bigint as entries,
    min(lowest) as lowest, max(highest) as highest
from placed group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""  # noqa: S608 - our own constants

SKUS: Final = f"""
select j.item, min(j.sku) as sku from journal as j
where j.connection = %(name)s and {IN_MONTH} and j.sku is not null and j.item = any (%(items)s)
group by 1
"""  # noqa: S608 - our own constants

DOCUMENT_COUNT: Final = """
select count(*) as documents from month_posting
where stock and kind = any (%(kinds)s) and day >= %(first)s and day < %(after)s
"""
