"""The SQL of sources: how much of their lines is posted, waiting, refused or unexplained.

Parameters and rules are those of ``document_sql``.
"""

from typing import Final

from ml_connector.ledger.conservation.sums import IS_OPEN, MAY_WAIT, STAYS_UNDONE, taken_back
from ml_connector.ledger.sources.stock import STOCK_CENTER
from ml_connector.reconcile.stored.document_sql import IN_MONTH, UNIT, VALUE, hashed

LIVE: Final = """
create temp table month_live (
    flow text, key text, name text, currency text, fact_date date, sku text, quantity bigint,
    amount numeric, center integer
)
"""
"""Lines of sources as ShipBob shows them now, where no run has seen them in this state."""

LIVE_COLUMNS: Final = (
    *("flow", "key", "name", "currency", "fact_date", "sku", "quantity", "amount"),
    "center",
)

WORDS: Final = """
create temp table month_word as
select * from unnest(%(flows)s::text[], %(sources)s::text[]) as w(flow, source)
"""
"""The word of each flow for its subjects, such as wro."""

_STATED_UNIT: Final = (
    "case when l.quantity is null and l.amount is not null then l.currency else '' end"
)

# News, such as of a parcel, counts as one in both sums: news told twice makes them differ, and is
# then judged line by line.
_SAID_OF: Final = hashed(_STATED_UNIT, "coalesce(l.sku, '')", "l.name")
_SAID: Final = f"({_SAID_OF})::numeric * coalesce(l.quantity::numeric, l.amount, 1)"
_BOOKED_OF: Final = hashed(UNIT, "coalesce(j.sku, '')", "j.source_line")
_BOOKED: Final = f"({_BOOKED_OF})::numeric * coalesce(j.quantity::numeric, j.amount, 1)"

# The lines of a source: by the last run that saw it, or by ShipBob just now.
_STATED: Final = """
select l.flow, s.key, l.subject_id, l.name, l.currency, l.fact_date, l.sku,
    coalesce(l.quantity::numeric, l.amount, 0) as value,
    l.quantity is null and l.amount is not null as money,
    l.quantity is not null or l.amount is not null as moves, true as told, l.center
from source_line as l join subject as s on s.id = l.subject_id
where l.subject_id in (select subject_id from month_raw_subject) and not exists (
    select 1 from month_live as v where v.flow = l.flow and v.key = s.key)
union all
select v.flow, v.key, s.id, v.name, v.currency, v.fact_date, v.sku,
    coalesce(v.quantity::numeric, v.amount, 0),
    v.quantity is null and v.amount is not null,
    v.quantity is not null or v.amount is not null, s.id is not null, v.center
from month_live as v
left join subject as s on s.connection = %(name)s and s.flow = v.flow and s.key = v.key
"""

SAID: Final = f"""
create temp table month_said as
select l.subject_id, l.flow, {_STATED_UNIT} as currency, count(*) as lines,
    coalesce(sum(l.quantity), 0) + coalesce(sum(l.amount) filter (where l.quantity is null), 0)
        as value,
    sum({_SAID}) as said
from source_line as l
where l.connection = %(name)s and l.fact_date >= %(first)s and l.fact_date < %(after)s
group by 1, 2, 3
"""  # noqa: S608 - our own constants
"""The sums of the source lines whose latest state lies in the month."""

BOOKED_BY: Final = f"""
create temp table month_booked_by as
select j.posting_id,
    coalesce(sum({_BOOKED}) filter (where strpos(j.source_line, ' / ') = 0), 0) as booked,
    bool_or(j.posting_date < %(first)s or j.posting_date >= %(after)s) as elsewhere
from journal as j where j.connection = %(name)s and {IN_MONTH}
group by 1
"""  # noqa: S608 - our own constants
"""The sums of each document that the journal dates in the month, or whose facts lie in it."""

RAW_SUBJECTS: Final = f"""
create temp table month_raw_subject as
with told as (
    select s.subject_id, s.said as value, true as stated, false as undone from month_said as s
    union all
    select p.subject_id, -b.booked, false, p.undoes is not null
    from month_booked_by as b join posting as p on p.id = b.posting_id
)
select t.subject_id from told as t group by 1
having bool_or(t.stated) and sum(t.value) <> 0 or bool_or(t.undone)
    or not bool_or(t.stated) and not exists (
        select 1 from source_line as l where l.subject_id = t.subject_id)
union
select p.subject_id from month_said as s join posting as p on p.subject_id = s.subject_id
where not exists (select 1 from month_booked_by as b where b.posting_id = p.id)
    and exists (select 1 from journal as j where j.posting_id = p.id)
union
select p.subject_id from month_booked_by as b join posting as p on p.id = b.posting_id
where b.elsewhere
    and exists (select 1 from journal as j where j.posting_id = b.posting_id and not {IN_MONTH})
union
select r.subject_id from refusal as r join month_said as s using (subject_id)
union
select u.subject_id from posting as p join posting as u on u.id = p.undoes
where p.connection = %(name)s
union
select s.id from month_live as v
join subject as s on s.connection = %(name)s and s.flow = v.flow and s.key = v.key
"""  # noqa: S608 - our own constants
"""The sources that are judged line by line: all but those posted in full within the month."""

EQUATIONS_AGREED: Final = """
select s.flow, s.currency, sum(s.lines)::bigint as lines, sum(s.value) as source
from month_said as s
where not exists (select 1 from month_raw_subject as r where r.subject_id = s.subject_id)
group by 1, 2 order by 1, 2
"""
"""Line conservation of the sources that are posted in full."""

LINES: Final = f"""
create temp table month_line as
select stated.*, coalesce(r.quantity::numeric, r.amount, 0) as refused,
    coalesce((select sum(h.quantity) from handled_line as h where stated.currency = ''
        and h.subject_id = stated.subject_id and h.name = stated.name), 0) as handled,
    coalesce(r.reason, '') as reason
from ({_STATED}) as stated
left join refusal as r on r.subject_id = stated.subject_id and r.name = stated.name
    and r.currency = stated.currency
where stated.fact_date >= %(first)s and stated.fact_date < %(after)s
"""  # noqa: S608 - our own constants
"""The lines whose latest state lies in the month."""

# A counter-document belongs to the subject of the document that it undoes. What was undone
# counts as refused by a person.
BOOKED: Final = f"""
create temp table month_booked as
select coalesce(u.subject_id, p.subject_id) as subject_id, j.source_line as name,
    {UNIT} as currency, sum({VALUE}) as posted,
    coalesce(-sum({VALUE}) filter (where p.undoes is not null
        and {STAYS_UNDONE.format(subject="u.subject_id")}), 0) as undone,
    coalesce(bool_or(p.undoes is not null and {IS_OPEN.format(subject="u.subject_id")}), false)
        as is_open,
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

# A line that was posted, but that its source does not show any more, counts as 0 there, less
# what is known to have been taken out again, which counts as refused. Its day
# is the latest of its source's lines; without lines, the first day that was posted. Its center is
# that of its source, where ShipBob still stands by that.
VANISHED: Final = """
insert into month_line (flow, key, subject_id, name, currency, fact_date, value, money, moves,
    told, refused, handled, reason, center)
select s.flow, s.key, b.subject_id, b.name, b.currency, day.latest, 0, b.currency <> '', true,
    true, coalesce(r.quantity::numeric, r.amount, 0), 0, coalesce(r.reason, ''), case
        when s.flow = 'returns' and b.name not like '%% dispose' and s.cause = 'quantity_went_down'
            then (select (f.facts ->> 'center_id')::bigint from run as f
                where f.subject_id = s.id and f.facts is not null order by f.id desc limit 1)
    end
from month_booked as b join subject as s on s.id = b.subject_id
left join refusal as r on r.subject_id = b.subject_id and r.name = b.name
    and r.currency = b.currency
cross join lateral (select coalesce(
    (select max(v.fact_date) from month_live as v where v.flow = s.flow and v.key = s.key),
    (select max(l.fact_date) from source_line as l where l.subject_id = s.id),
    b.fact_date) as latest) as day
where b.moves and strpos(b.name, ' / ') = 0 and day.latest >= %(first)s and day.latest < %(after)s
    and not exists (select 1 from month_line as l where l.subject_id = b.subject_id
        and l.name = b.name and l.currency = b.currency)
"""

_TAKEN_BACK: Final = taken_back(
    "(l.value - coalesce(b.posted, 0) - l.refused)",
    "coalesce(b.undone, 0)",
    "coalesce(b.is_open, false)",
)

_STATES: Final = f"""
from month_line as l
left join month_booked as b on b.subject_id = l.subject_id and b.name = l.name
    and b.currency = l.currency
left join subject as s on s.id = l.subject_id
cross join lateral (select {_TAKEN_BACK} as undone) as u
cross join lateral (select
    coalesce(b.posted, 0) as posted, l.refused + u.undone as refused,
    l.value - coalesce(b.posted, 0) - l.refused - u.undone as rest,
    l.told and {MAY_WAIT} as waits,
    not l.moves and b.name is null and l.reason = '' as untold
) as sums
"""

_BY_PERSON: Final = """(
    exists (select 1 from decision as d where d.connection = %(name)s and d.flow = l.flow
        and d.key = l.key and d.taken_back_at is null and d.lapsed_why is null)
    or exists (select 1 from posting as o join posting as c on c.undoes = o.id
        where o.subject_id = l.subject_id))"""

STATES: Final = f"""
select l.flow, coalesce(w.source, l.flow) || ' ' || l.key as source, l.name, l.currency,
    l.fact_date, l.sku, l.value, l.money, l.moves, l.told, b.name is not null as spoken_of,
    sums.posted, sums.refused, l.handled,
    concat_ws('; ', nullif(l.reason, ''),
        case when u.undone <> 0 then 'Undone by a counter-document' end) as reason,
    b.first_sku, b.last_sku, sums.waits, s.state, s.cause,
    coalesce(nullif(s.waits, ''), s.sentence) as sentence, s.remedy,
    l.subject_id, {_BY_PERSON} as by_person
{_STATES} left join month_word as w on w.flow = l.flow
where sums.rest <> 0 or sums.refused <> 0 or sums.untold
    or l.reason <> '' or b.first_sku <> l.sku or b.last_sku <> l.sku
order by l.flow, 2, l.name, l.currency
"""
"""The lines that are not posted in full."""

OPEN_STOCK: Final = f"""
select coalesce(w.source, l.flow) || ' ' || l.key as source, l.name, l.fact_date,
    coalesce(l.sku, b.first_sku) as sku, ({STOCK_CENTER})::text as center,
    sums.rest::bigint as rest,
    (sums.refused - l.handled)::bigint as refused, l.handled::bigint as handled, l.reason,
    coalesce(nullif(s.waits, ''), s.sentence, '') as sentence,
    {_BY_PERSON} as by_person
{_STATES} left join month_word as w on w.flow = l.flow
where l.moves and not l.money and (sums.rest <> 0 or sums.refused <> 0 or l.handled <> 0)
order by l.flow, 1, l.name
"""
"""The units of the month that are not posted."""

HANDLED: Final = """
select d.id, d.flow, d.key, d.about, coalesce(w.source, d.flow) as word
from decision as d left join month_word as w on w.flow = d.flow
where d.id in (select h.decision_id from handled_line as h
    join month_line as l on l.subject_id = h.subject_id and l.name = h.name and l.currency = '')
order by d.id
"""
"""The decisions by which documents of others account for lines of the month."""

SEPARATE: Final = """
select d.document_id as id, d.id as decision, coalesce(w.source, d.flow) as word, d.key
from decision as d left join month_word as w on w.flow = d.flow
where d.connection = %(name)s and d.kind = 'separate' and d.taken_back_at is null
    and d.lapsed_why is null and d.document_id <> ''
order by d.id
"""
"""Documents of others that are another matter by decision, and of which sources they are none."""

RESTING: Final = """
select s.flow, s.key, coalesce(w.source, s.flow) as word, d.value as document
from (select distinct subject_id from month_line) as l
join run as r on r.subject_id = l.subject_id and r.decision -> 'rests_on' is not null
join subject as s on s.id = r.subject_id
left join month_word as w on w.flow = s.flow
cross join lateral json_array_elements(r.decision -> 'rests_on') as d
where not exists (select 1 from run as n where n.subject_id = r.subject_id and n.id > r.id
    and n.decision is not null)
order by r.id, d.value ->> 'id'
"""
"""The documents of others because of which lines of the month's sources are refused."""

STOPPED: Final = """
select s.flow, coalesce(w.source, s.flow) || ' ' || s.key as source, day.latest as day, s.cause,
    coalesce(s.sentence, '') as sentence, coalesce(s.remedy, '') as remedy
from subject as s left join month_word as w on w.flow = s.flow
cross join lateral (select coalesce(
    (select max(l.fact_date) from source_line as l where l.subject_id = s.id),
    (select max(j.fact_date) from posting as p join journal as j on j.posting_id = p.id
        where p.subject_id = s.id),
    s.created_at::date) as latest) as day
where s.connection = %(name)s and s.state in ('parked', 'dead') and s.cause = any (%(doubts)s)
    and day.latest >= %(first)s and day.latest < %(after)s
order by s.flow, 2
"""
"""The sources that stopped since what is posted of them may be wrong."""

ACCEPTED: Final = """
select d.id as decision, s.flow, coalesce(w.source, s.flow) || ' ' || s.key as source,
    day.latest as day, d.value as sentence, d.note, d.person, d.made_at, booked.amount,
    booked.currency
from decision as d
join subject as s on s.connection = d.connection and s.flow = d.flow and s.key = d.key
left join month_word as w on w.flow = s.flow
cross join lateral (select coalesce(
    (select max(l.fact_date) from source_line as l where l.subject_id = s.id),
    (select max(j.fact_date) from posting as p join journal as j on j.posting_id = p.id
        where p.subject_id = s.id),
    d.made_at::date) as latest) as day
cross join lateral (select r.decision ->> 'note' as note from run as r where r.subject_id = s.id
    and r.decision is not null order by r.id desc limit 1) as last
cross join lateral (select
    sum(j.amount) filter (where p.kind = 'acceptedDifference') as amount,
    coalesce(sum(j.amount) filter (where p.kind = 'acceptedBill'), 0) as bill,
    max(j.currency) as currency
    from posting as p join journal as j on j.posting_id = p.id
    where p.subject_id = s.id and p.kind in ('acceptedBill', 'acceptedDifference')) as booked
where d.connection = %(name)s and d.kind = 'accept' and d.flow = any (%(sources)s)
    and d.taken_back_at is null and d.lapsed_why is null and s.state = 'done'
    and (strpos(coalesce(last.note, ''), %(taken)s) > 0 or booked.bill <> 0)
    and day.latest >= %(first)s and day.latest < %(after)s
order by d.id
"""
"""The sources of the month that people took as they are, and that are so by their last run."""

DOCUMENTS_OF: Final = """
select p.subject_id, j.source_line as name, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.external_id, min(j.posting_date) as posting_date
from journal as j join posting as p on p.id = j.posting_id
where j.connection = %(name)s and p.subject_id = any (%(subjects)s)
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""
"""By which documents the lines of these subjects were posted."""

EQUATIONS: Final = f"""
select l.flow, l.currency, never.words as never, count(*) as lines, sum(l.value) as source,
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
{_STATES} cross join lateral (select coalesce((select w.words
    from unnest(%(never)s::text[]) as w(words) where strpos(l.reason, w.words) > 0 limit 1), '')
    as words) as never
group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 - our own constants

IN_TRANSIT: Final = """
select s.flow, s.key, u.value::text as units, sum(j.quantity)::bigint as booked,
    min(j.posting_date) as since
from subject as s
cross join lateral (select r.decision from run as r where r.subject_id = s.id
    and r.decision is not null order by r.id desc limit 1) as last
cross join lateral json_array_elements(last.decision -> 'in_transit') with ordinality as u
join posting as p on p.subject_id = s.id
join journal as j on j.posting_id = p.id and j.location = u.value ->> 'location'
    and j.source_line = u.value ->> 'source_line' and j.posting_date < %(after)s
where s.connection = %(name)s and s.flow = any (%(moving)s)
    and last.decision -> 'in_transit' is not null
group by s.id, u.ordinality, u.value::text
order by s.id, u.ordinality
"""
"""Units that the last run of a subject left at another location than where they go, with how many
of them were booked there up to the end of the month, and since when. Flows that move none are not
looked through."""
