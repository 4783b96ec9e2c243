"""The SQL of month end: what agrees is summed in the database, and only the rest leaves it.

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

LIVE: Final = """
create temp table month_live (
    flow text, key text, name text, currency text, fact_date date, sku text, quantity bigint,
    amount numeric
)
"""
"""Lines of sources as ShipBob shows them now, where we know of no run that saw them so."""

LIVE_COLUMNS: Final = (
    *("flow", "key", "name", "currency", "fact_date", "sku", "quantity", "amount"),
)

WORDS: Final = """
create temp table month_word as
select * from unnest(%(flows)s::text[], %(sources)s::text[]) as w(flow, source)
"""
"""What a flow calls its subjects, such as wro."""

DROP: Final = (
    "drop table if exists month_movement, month_live, month_word, month_posting, month_found,"
    " month_raw, month_raw_entry, month_section, month_subject, month_raw_subject, month_line, month_booked, month_verdict"
)

_VALUE: Final = "coalesce(j.quantity::numeric, j.amount, 0)"
_MONEY: Final = "(j.quantity is null and j.amount is not null)"
_UNIT: Final = f"case when {_MONEY} then coalesce(j.currency, '') else '' end"
_PLACE: Final = f"case when {_MONEY} then '' else coalesce(j.location, '') end"

# A sum of values, each times the hash of where it belongs, is the same for two sets of lines
# only when they come to the same everywhere, however they are split into lines. It tells in
# one pass what agrees; what does not is then judged line by line.
_HASH: Final = "hashtextextended({0}, 0)::numeric"
_MOVED: Final = (
    _HASH.format(
        f"case when {_MONEY} then coalesce(j.account, '') || '|'"
        " else coalesce(j.item, '') || '|' || coalesce(j.location, '') end"
    )
    + f" * {_VALUE}"
)
_BOOKED: Final = (
    _HASH.format(f"j.source_line || '|' || coalesce(j.sku, '') || '|' || {_UNIT}") + f" * {_VALUE}"
)
_SAID: Final = (
    _HASH.format(
        "l.name || '|' || coalesce(l.sku, '') || '|' || case"
        " when l.quantity is null and l.amount is not null then l.currency else '' end"
    )
    + " * coalesce(l.quantity::numeric, l.amount, 0)"
)

_IN_MONTH: Final = (
    "(j.posting_date >= %(first)s and j.posting_date < %(after)s"
    " or j.fact_date >= %(first)s and j.fact_date < %(after)s)"
)
"""Written like this everywhere: both days have an index, whose month alone is then read."""

_POSTING: Final = f"""
select j.posting_id, min(j.external_id) as external_id, min(j.flow) as flow,
    split_part(min(j.target), ' ', 1) as kind, split_part(min(j.target), ' ', 2) as remote_id,
    min(j.posting_date) as day, sum({_MOVED}) as moved,
    bool_or(j.quantity is not null or j.amount is not null) as stock,
    coalesce(sum({_BOOKED}) filter (where strpos(j.source_line, ' / ') = 0), 0) as booked
from journal as j
"""  # noqa: S608 - our own constants

POSTINGS: Final = f"""
create temp table month_posting as {_POSTING}
where j.connection = %(name)s and {_IN_MONTH}
group by 1
"""
"""The documents that the journal dates in the month, or whose facts lie in it."""

_FOUND: Final = f"""
select m.external_id, m.id, min(m.type) as type, min(m.day) as day,
    bool_and(m.posted and not m.voided) as counts,
    coalesce(sum(case
        when m.item is null then {_HASH.format("coalesce(m.account, '') || '|'")} * m.amount
        else {_HASH.format("m.item || '|' || coalesce(m.location, '')")} * m.quantity
    end) filter (where m.moves), 0) as moved
from month_movement as m
"""  # noqa: S608 - our own constants

FOUND: Final = f"create temp table month_found as {_FOUND} where m.ours group by 1, 2"

MORE_FOUND: Final = f"""
insert into month_found {_FOUND} where m.ours and m.id = any (%(ids)s) group by 1, 2
"""  # noqa: S608 - our own constants
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
    select p.external_id from month_posting as p
    left join month_found as f on f.external_id = p.external_id
    where p.stock and p.kind = any (%(kinds)s) and (f.external_id is null or f.moved <> p.moved
        or f.day <> p.day or f.id <> p.remote_id or not f.counts
        or f.type <> (%(types)s::jsonb) ->> p.kind)
        and (p.day >= %(first)s and p.day < %(after)s or f.external_id is not null)
    union all
    select f.external_id from month_found as f
    left join month_posting as p on p.external_id = f.external_id where p.external_id is null
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
where j.connection = %(name)s and {_IN_MONTH}
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
        {_MONEY} as money,
        j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
        j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting,
        coalesce(sum(j.quantity), sum(j.amount), 0) as value, count(*) as entries
    from journal as j where j.connection = %(name)s and {_IN_MONTH}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
), suspect as (
    select j.flow, j.kind, j.account, j.sku, j.location, j.currency, {_MONEY} as money,
        coalesce(sum(j.quantity), sum(j.amount), 0) as value
    from month_raw_entry as j
    where j.posting_date >= %(first)s and j.posting_date < %(after)s
    group by 1, 2, 3, 4, 5, 6, 7
), placed as (
    select flow, kind, account, sku, location, currency, money, in_fact, in_posting, entries,
        value, case when in_posting then value else 0 end as agreed from summed
    union all
    select flow, kind, account, sku, location, currency, money, false, false, 0, 0, -value
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
    coalesce(sum(entries) filter (where in_posting), 0)::bigint as entries
from placed group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""  # noqa: S608 - our own constants

SKUS: Final = f"""
select j.item, min(j.sku) as sku from journal as j
where j.connection = %(name)s and {_IN_MONTH} and j.sku is not null and j.item = any (%(items)s)
group by 1
"""  # noqa: S608 - our own constants

DOCUMENT_COUNT: Final = """
select count(*) as documents from month_posting
where stock and kind = any (%(kinds)s) and day >= %(first)s and day < %(after)s
"""

# What is stated of a source: by the last run that saw it, or by ShipBob just now.
_STATED: Final = """
select l.flow, s.key, l.subject_id, l.name, l.currency, l.fact_date, l.sku,
    coalesce(l.quantity::numeric, l.amount, 0) as value,
    l.quantity is null and l.amount is not null as money,
    l.quantity is not null or l.amount is not null as moves, true as told
from source_line as l join subject as s on s.id = l.subject_id
where l.subject_id in (select subject_id from month_raw_subject) and not exists (
    select 1 from month_live as v where v.flow = l.flow and v.key = s.key)
union all
select v.flow, v.key, s.id, v.name, v.currency, v.fact_date, v.sku,
    coalesce(v.quantity::numeric, v.amount, 0),
    v.quantity is null and v.amount is not null,
    v.quantity is not null or v.amount is not null, s.id is not null
from month_live as v
left join subject as s on s.connection = %(name)s and s.flow = v.flow and s.key = v.key
"""

SUBJECTS: Final = """
create temp table month_subject as
select distinct l.subject_id from source_line as l
where l.connection = %(name)s and l.fact_date >= %(first)s and l.fact_date < %(after)s
"""
"""The sources with a line whose latest state lies in the month."""

RAW_SUBJECTS: Final = f"""
create temp table month_raw_subject as
with told as (
    select l.subject_id, {_SAID} as value, true as stated, false as undone
    from source_line as l where l.subject_id in (select subject_id from month_subject)
    union all
    select p.subject_id, -b.booked, false, p.undoes is not null
    from month_posting as b join posting as p on p.id = b.posting_id
)
select t.subject_id from told as t group by 1
having bool_or(t.stated) and sum(t.value) <> 0 or bool_or(t.undone)
    or not bool_or(t.stated) and not exists (
        select 1 from source_line as l where l.subject_id = t.subject_id)
union
select l.subject_id from source_line as l join month_subject as s using (subject_id)
where l.quantity is null and l.amount is null and not exists (
    select 1 from posting as p join journal as j on j.posting_id = p.id
    where p.subject_id = l.subject_id and j.source_line = l.name)
union
select r.subject_id from refusal as r join month_subject as s using (subject_id)
union
select u.subject_id from posting as p join posting as u on u.id = p.undoes
where p.connection = %(name)s
union
select s.id from month_live as v
join subject as s on s.connection = %(name)s and s.flow = v.flow and s.key = v.key
"""  # noqa: S608 - our own constants
"""The sources whose lines are not simply posted."""

EQUATIONS_AGREED: Final = """
select l.flow, case when l.quantity is null and l.amount is not null then l.currency else '' end
        as currency,
    count(*) as lines, sum(coalesce(l.quantity::numeric, l.amount, 0)) as source
from source_line as l
where l.connection = %(name)s and l.fact_date >= %(first)s and l.fact_date < %(after)s
    and not exists (select 1 from month_raw_subject as r where r.subject_id = l.subject_id)
group by 1, 2 order by 1, 2
"""
"""Line conservation of what is simply posted."""

LINES: Final = f"""
create temp table month_line as
select stated.*, coalesce(r.quantity::numeric, r.amount, 0) as refused,
    coalesce(r.reason, '') as reason
from ({_STATED}) as stated
left join refusal as r on r.subject_id = stated.subject_id and r.name = stated.name
    and r.currency = stated.currency
where stated.fact_date >= %(first)s and stated.fact_date < %(after)s
"""  # noqa: S608 - our own constants
"""The lines whose latest state lies in the month."""

# A counter-document belongs to the subject of what it undoes; what was undone counts as
# refused, by a person.
BOOKED: Final = f"""
create temp table month_booked as
select coalesce(u.subject_id, p.subject_id) as subject_id, j.source_line as name,
    {_UNIT} as currency, sum({_VALUE}) as posted,
    coalesce(-sum({_VALUE}) filter (where p.undoes is not null), 0) as undone,
    min(j.sku) as first_sku, max(j.sku) as last_sku, min(j.fact_date) as fact_date,
    bool_or(j.quantity is not null or j.amount is not null) as moves
from journal as j join posting as p on p.id = j.posting_id
left join posting as u on u.id = p.undoes
where j.posting_id in (
    select o.id from posting as o join month_raw_subject as r on r.subject_id = o.subject_id
    union
    select c.id from posting as o join month_raw_subject as r on r.subject_id = o.subject_id
    join posting as c on c.undoes = o.id)
group by 1, 2, 3
"""  # noqa: S608 - our own constants

# A line that was posted and that its source does not show any more counts as none there; it
# is of the day of its source, or of the first that was posted when the source has no lines.
VANISHED: Final = """
insert into month_line (flow, key, subject_id, name, currency, fact_date, value, money, moves,
    told, refused, reason)
select s.flow, s.key, b.subject_id, b.name, b.currency, day.latest, 0, b.currency <> '', true,
    true, 0, ''
from month_booked as b join subject as s on s.id = b.subject_id
cross join lateral (select coalesce(
    (select max(v.fact_date) from month_live as v where v.flow = s.flow and v.key = s.key),
    (select max(l.fact_date) from source_line as l where l.subject_id = s.id),
    b.fact_date) as latest) as day
where b.moves and strpos(b.name, ' / ') = 0 and day.latest >= %(first)s and day.latest < %(after)s
    and not exists (select 1 from month_line as l where l.subject_id = b.subject_id
        and l.name = b.name and l.currency = b.currency)
"""

_STATES: Final = """
from month_line as l
left join month_booked as b on b.subject_id = l.subject_id and b.name = l.name
    and b.currency = l.currency
left join subject as s on s.id = l.subject_id
cross join lateral (select
    coalesce(b.posted, 0) as posted, l.refused + coalesce(b.undone, 0) as refused,
    l.value - coalesce(b.posted, 0) - l.refused - coalesce(b.undone, 0) as rest,
    l.told and (s.waits <> '' or s.state <> 'done' or s.converged < s.marked) as waits,
    not l.moves and b.name is null and l.reason = '' as untold
) as sums
"""

STATES: Final = f"""
select l.flow, coalesce(w.source, l.flow) || ' ' || l.key as source, l.name, l.currency,
    l.fact_date, l.sku, l.value, l.money, l.moves, l.told, b.name is not null as spoken_of,
    sums.posted, sums.refused,
    concat_ws('; ', nullif(l.reason, ''),
        case when b.undone <> 0 then 'Undone by a counter-document' end) as reason,
    b.first_sku, b.last_sku, sums.waits, s.state, s.cause,
    coalesce(nullif(s.waits, ''), s.sentence) as sentence, s.remedy,
    l.subject_id
{_STATES} left join month_word as w on w.flow = l.flow
where sums.rest <> 0 or sums.refused <> 0 or sums.untold
    or l.reason <> '' or b.first_sku <> l.sku or b.last_sku <> l.sku
order by l.flow, 2, l.name, l.currency
"""
"""The lines that are not simply posted."""

DOCUMENTS_OF: Final = """
select p.subject_id, j.source_line as name, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.external_id, min(j.posting_date) as posting_date
from journal as j join posting as p on p.id = j.posting_id
where j.connection = %(name)s and p.subject_id = any (%(subjects)s)
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""
"""By which documents the lines of these subjects were posted."""

EQUATIONS: Final = f"""
select l.flow, l.currency, count(*) as lines, sum(l.value) as source,
    count(*) filter (where not (rest <> 0 or untold) and not (sums.refused <> 0 or l.reason <> ''))
        as posted_lines,
    sum(sums.posted) as posted,
    count(*) filter (where (rest <> 0 or untold) and sums.waits) as waiting_lines,
    coalesce(sum(rest) filter (where sums.waits), 0) as waiting,
    count(*) filter (where not (rest <> 0 or untold) and (sums.refused <> 0 or l.reason <> ''))
        as refused_lines,
    sum(sums.refused) as refused,
    count(*) filter (where (rest <> 0 or untold) and sums.waits is not true) as unexplained_lines,
    coalesce(sum(rest) filter (where sums.waits is not true), 0) as unexplained
{_STATES} group by 1, 2 order by 1, 2
"""

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
        {_UNIT} as currency,
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
    where j.connection = %(name)s and {_IN_MONTH}
    order by j.number
) to stdout with (format csv, header)
"""  # noqa: S608 - our own constants
