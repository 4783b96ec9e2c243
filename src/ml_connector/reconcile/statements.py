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
    moves boolean, ours boolean
)
"""
"""NetSuite's lines, as they are read."""

MOVEMENT_COLUMNS: Final = (
    *("id", "line", "type", "day", "number", "external_id", "memo", "entity", "created_from"),
    *("order_type", "item", "item_name", "location", "quantity", "amount", "account", "voided"),
    *("posted", "moves", "ours"),
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
    "drop table if exists month_movement, month_live, month_word, month_posted, month_document,"
    " month_found, month_raw, month_line, month_booked, month_verdict"
)

_VALUE: Final = "coalesce(j.quantity::numeric, j.amount, 0)"
_MONEY: Final = "(j.quantity is null and j.amount is not null)"
_UNIT: Final = f"case when {_MONEY} then coalesce(j.currency, '') else '' end"
_PLACE: Final = f"case when {_MONEY} then '' else coalesce(j.location, '') end"

POSTED: Final = f"""
create temp table month_posted as
select j.external_id, j.flow, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.posting_date as day,
    case when {_MONEY} then coalesce(j.account, '') else coalesce(j.item, '') end as what,
    {_PLACE} as place, {_UNIT} as currency, sum({_VALUE}) as value, count(*) as entries
from journal as j
where j.connection = %(name)s and split_part(j.target, ' ', 1) = any (%(kinds)s)
    and (j.posting_date >= %(first)s and j.posting_date < %(after)s or j.external_id in (
        select m.external_id from month_movement as m where m.ours))
group by 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608 - our own constants
"""Our documents of the month, and those that NetSuite dates in it."""

DOCUMENTS: Final = """
create temp table month_document as
select external_id, min(flow) as flow, min(kind) as kind, min(remote_id) as remote_id,
    min(day) as day, max(currency) as currency,
    (%(types)s::json) ->> min(kind) as type
from month_posted group by 1
"""

MISSING: Final = """
select d.external_id, d.kind, d.remote_id from month_document as d
where not exists (select 1 from month_movement as m where m.external_id = d.external_id)
order by 1
"""
"""Documents of ours that the month's lines in NetSuite do not show."""

FOUND: Final = """
create temp table month_found as
select m.external_id, m.id, m.type, m.day,
    case when m.item is null then coalesce(m.account, '') else m.item end as what,
    case when m.item is null then '' else coalesce(m.location, '') end as place,
    sum(coalesce(case when m.item is null then m.amount else m.quantity end, 0)) as value,
    bool_and(m.posted and not m.voided) as counts
from month_movement as m where m.ours and m.moves
group by 1, 2, 3, 4, 5, 6
"""

RAW: Final = """
create temp table month_raw as
select distinct external_id from (
    select p.external_id from month_posted as p
    left join month_found as f using (external_id, what, place)
    where f.external_id is null or f.value <> p.value or f.day <> p.day
        or f.id <> p.remote_id or not f.counts
    union all
    select f.external_id from month_found as f
    left join month_posted as p using (external_id, what, place) where p.external_id is null
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

ENTRIES: Final = """
select j.number, j.flow, j.source, j.source_line, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.external_id, j.fact_date, j.posting_date,
    j.sku, j.item, j.location, j.quantity, j.amount, j.currency, j.account, j.detail
from journal as j
"""

RAW_ENTRIES: Final = f"""
{ENTRIES}
where j.connection = %(name)s and split_part(j.target, ' ', 1) = any (%(kinds)s)
    and j.external_id in (select external_id from month_raw)
order by j.number
"""  # noqa: S608 - our own constants

CUT_OFF: Final = f"""
{ENTRIES}
where j.connection = %(name)s
    and (j.fact_date >= %(first)s and j.fact_date < %(after)s)
        <> (j.posting_date >= %(first)s and j.posting_date < %(after)s)
order by j.number
"""

RAW_MOVEMENTS: Final = """
select m.id, m.line, m.type, m.day as date, m.number, m.external_id, m.memo, m.entity,
    m.created_from, m.order_type, m.item, m.item_name, m.location, m.quantity, m.amount,
    m.account, m.voided, m.posted
from month_movement as m
where not m.ours or m.external_id in (select external_id from month_raw)
    or not exists (select 1 from month_document as d where d.external_id = m.external_id)
order by m.id, m.line
"""

JOURNAL_ROWS: Final = f"""
select j.flow, split_part(j.target, ' ', 1) as kind,
    case when {_MONEY} then coalesce(j.account, '') else coalesce(j.sku, '') end as what,
    {_PLACE} as place, {_UNIT} as currency,
    coalesce(sum({_VALUE}) filter (where in_fact), 0) as shipbob,
    coalesce(sum({_VALUE}) filter (where in_fact and not in_posting), 0) as later,
    coalesce(sum({_VALUE}) filter (where in_posting and not in_fact), 0) as earlier,
    coalesce(sum({_VALUE}) filter (where in_posting), 0) as journal,
    count(*) filter (where in_posting) as entries
from journal as j
cross join lateral (select
    j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
    j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting) as day
where j.connection = %(name)s and (in_fact or in_posting)
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""  # noqa: S608 - our own constants

NETSUITE_ROWS: Final = """
select coalesce(o.flow, s.flow) as flow, coalesce(o.kind, s.kind) as kind,
    coalesce(o.currency, s.currency) as currency,
    m.type, m.order_type, m.item, m.item_name, m.account,
    case when m.item is null then '' else coalesce(m.location, '') end as place,
    sum(coalesce(case when m.item is null then m.amount else m.quantity end, 0)) as value
from month_movement as m
left join month_document as o on o.external_id = m.external_id
left join month_document as s on not m.ours and s.type = m.type and s.remote_id = m.id
where m.day >= %(first)s and m.day < %(after)s and m.posted and not m.voided and m.moves
group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

SKUS: Final = """
select j.item, min(j.sku) as sku from journal as j
where j.connection = %(name)s and j.item is not null and j.sku is not null
    and (j.posting_date >= %(first)s and j.posting_date < %(after)s
        or j.item in (select m.item from month_movement as m))
group by 1
"""

DOCUMENT_COUNT: Final = """
select count(*) as documents from month_document
where day >= %(first)s and day < %(after)s
"""

# What is stated of a source: by the last run that saw it, or by ShipBob just now.
_STATED: Final = """
select l.flow, s.key, l.subject_id, l.name, l.currency, l.fact_date, l.sku,
    coalesce(l.quantity::numeric, l.amount, 0) as value,
    l.quantity is null and l.amount is not null as money, true as told
from source_line as l join subject as s on s.id = l.subject_id
where l.connection = %(name)s and not exists (
    select 1 from month_live as v where v.flow = l.flow and v.key = s.key)
union all
select v.flow, v.key, s.id, v.name, v.currency, v.fact_date, v.sku,
    coalesce(v.quantity::numeric, v.amount, 0),
    v.quantity is null and v.amount is not null, s.id is not null
from month_live as v
left join subject as s on s.connection = %(name)s and s.flow = v.flow and s.key = v.key
"""

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
    min(j.sku) as first_sku, max(j.sku) as last_sku, min(j.fact_date) as fact_date
from journal as j join posting as p on p.id = j.posting_id
left join posting as u on u.id = p.undoes
where j.connection = %(name)s and coalesce(u.subject_id, p.subject_id) in (
    select subject_id from month_line where subject_id is not null
    union
    select q.subject_id from journal as k join posting as q on q.id = k.posting_id
    where k.connection = %(name)s and k.fact_date >= %(first)s and k.fact_date < %(after)s
        and not exists (select 1 from source_line as l where l.subject_id = q.subject_id))
group by 1, 2, 3
"""  # noqa: S608 - our own constants

# A line that was posted and that its source does not show any more counts as none there; it
# is of the day of its source, or of the first that was posted when the source has no lines.
VANISHED: Final = """
insert into month_line (flow, key, subject_id, name, currency, fact_date, value, money, told,
    refused, reason)
select s.flow, s.key, b.subject_id, b.name, b.currency, day.latest, 0, b.currency <> '', true,
    0, ''
from month_booked as b join subject as s on s.id = b.subject_id
cross join lateral (select coalesce(
    (select max(v.fact_date) from month_live as v where v.flow = s.flow and v.key = s.key),
    (select max(l.fact_date) from source_line as l where l.subject_id = s.id),
    b.fact_date) as latest) as day
where strpos(b.name, ' / ') = 0 and day.latest >= %(first)s and day.latest < %(after)s
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
    l.told and (s.waits <> '' or s.state <> 'done' or s.converged < s.marked) as waits
) as sums
"""

STATES: Final = f"""
select l.flow, coalesce(w.source, l.flow) || ' ' || l.key as source, l.name, l.currency,
    l.fact_date, l.sku, l.value, l.money, l.told, sums.posted, sums.refused,
    concat_ws('; ', nullif(l.reason, ''),
        case when b.undone <> 0 then 'Undone by a counter-document' end) as reason,
    b.first_sku, b.last_sku, sums.waits, s.state, s.cause,
    coalesce(nullif(s.waits, ''), s.sentence) as sentence, s.remedy,
    l.subject_id
{_STATES} left join month_word as w on w.flow = l.flow
where sums.rest <> 0 or sums.refused <> 0 or b.first_sku <> l.sku or b.last_sku <> l.sku
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
    count(*) filter (where rest = 0 and sums.refused = 0) as posted_lines,
    sum(sums.posted) as posted,
    count(*) filter (where rest <> 0 and sums.waits) as waiting_lines,
    coalesce(sum(rest) filter (where sums.waits), 0) as waiting,
    count(*) filter (where rest = 0 and sums.refused <> 0) as refused_lines,
    sum(sums.refused) as refused,
    count(*) filter (where rest <> 0 and sums.waits is not true) as unexplained_lines,
    coalesce(sum(rest) filter (where sums.waits is not true), 0) as unexplained
{_STATES} group by 1, 2 order by 1, 2
"""

VERDICTS: Final = "create temp table month_verdict (external_id text, kinds text)"

_SAFE: Final = "case when {0} ~ '^[=+@\\t\\r\\n-]' then '''' || {0} else {0} end"


def _safe(column: str) -> str:
    return f"{_SAFE.format(column)} as {column.rpartition('.')[2]}"


LINES_CSV: Final = f"""
copy (
    select 'journal' as record, (%(sections)s::json) ->> (j.flow || ' '
            || split_part(j.target, ' ', 1)) as section,
        coalesce(v.kinds, 'agrees') as verdict, j.number as journal_number,
        {_safe("j.source")}, {_safe("j.source_line")}, j.fact_date, j.posting_date,
        {_safe("j.sku")}, {_safe("j.item")}, {_safe("j.location")}, {_safe("j.lot")},
        {_safe("j.account")}, {_safe("j.detail")},
        {_UNIT} as currency,
        case when day.in_fact then {_VALUE} end as shipbob,
        case when day.in_posting then {_VALUE} end as journal,
        case when day.in_posting and v.kinds is null and d.external_id is not null
            then {_VALUE} end as netsuite,
        split_part(j.target, ' ', 1) as document, split_part(j.target, ' ', 2) as document_id,
        {_safe("j.external_id")}, null as says, null as remedy
    from journal as j
    cross join lateral (select
        j.fact_date >= %(first)s and j.fact_date < %(after)s as in_fact,
        j.posting_date >= %(first)s and j.posting_date < %(after)s as in_posting) as day
    left join month_verdict as v on v.external_id = j.external_id
    left join month_document as d on d.external_id = j.external_id
    where j.connection = %(name)s and (day.in_fact or day.in_posting)
    order by j.number
) to stdout with (format csv, header)
"""  # noqa: S608 - our own constants
