"""The SQL of documents: what agrees is summed in the database, and only the rest leaves it.

Parameters are ``name`` (the connection), ``first`` and ``after`` (the month's first day and
the one after its last), ``kinds`` of document and NetSuite's ``types`` of them. The rules are
those of ``compare/sources.py`` and ``compare/documents.py``, which judge the rest; a property
test holds the two together.
"""

from typing import Final

from ml_connector.words import ExternalIdPrefix

MOVEMENTS: Final = """
create temp table month_movement (
    id text, line int, type text, day date, number text, external_id text, memo text,
    entity text, created_from text, order_type text, item text, item_name text, location text,
    quantity numeric, amount numeric, account text, currency text, voided boolean, posted boolean,
    kit boolean, moves boolean, ours boolean
)
"""
"""NetSuite's lines, as they are read."""

MOVEMENT_COLUMNS: Final = (
    *("id", "line", "type", "day", "number", "external_id", "memo", "entity", "created_from"),
    *("order_type", "item", "item_name", "location", "quantity", "amount", "account"),
    *("currency", "voided", "posted", "kit", "moves", "ours"),
)

VALUE: Final = "coalesce(j.quantity::numeric, j.amount, 0)"
MONEY: Final = "(j.quantity is null and j.amount is not null)"
UNIT: Final = f"case when {MONEY} then coalesce(j.currency, '') else '' end"


def hashed(*texts: str) -> str:
    """Return the hash of some texts, none of them null, as a number of 64 bits in SQL.

    Each value is multiplied by the hash of the place it belongs to, and the products are added
    up. Two sets of lines have the same sum only when they agree in every place, however they
    are split into lines. One pass tells what agrees; the rest is judged line by line.
    """
    seed = "0"
    for text in texts:
        seed = f"hashtextextended({text}, {seed})"
    return seed


_MONEY_PLACE: Final = hashed("'money'", "coalesce({0}.account, '')")
_STOCK_PLACE: Final = hashed("coalesce({0}.item, '')", "coalesce({0}.location, '')")
_MOVED: Final = (
    f"(case when {MONEY} then {_MONEY_PLACE.format('j')} else {_STOCK_PLACE.format('j')} end)"
    f"::numeric * {VALUE}"
)

IN_MONTH: Final = (
    "(j.posting_date >= %(first)s and j.posting_date < %(after)s"
    " or j.fact_date >= %(first)s and j.fact_date < %(after)s)"
)
"""Always written like this: both days have an index, of which only the month is then read."""

_POSTING: Final = f"""
select j.posting_id, min(j.external_id) as external_id,
    split_part(min(j.target), ' ', 1) as kind, split_part(min(j.target), ' ', 2) as remote_id,
    min(j.posting_date) as day, sum({_MOVED}) as moved,
    max(case when {MONEY} then nullif(j.currency, '') end) as currency,
    bool_or(j.quantity is not null or j.amount is not null) as stock
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
    max(nullif(m.currency, '')) as currency,
    coalesce(sum(case
        when m.item is null then ({_MONEY_PLACE.format("m")})::numeric * m.amount
        else ({_STOCK_PLACE.format("m")})::numeric * m.quantity
    end) filter (where m.moves), 0) as moved
from month_movement as m
"""  # noqa: S608 - our own constants

FOUND: Final = f"create temp table month_found as {_FOUND} where m.ours group by 1, 2"

MORE_FOUND: Final = f"""
insert into month_found {_FOUND} where m.ours and m.id = any (%(ids)s) group by 1, 2
"""
"""Documents that were looked up, and are not among the month's lines."""

FOREIGN: Final = "create index on month_movement (type) where not ours"
"""Others' lines are few beside our own, and are asked for again and again."""

_DIFFERS: Final = """
p.external_id is null
    or p.stock and p.kind = any (%(kinds)s) and (f.external_id is null or f.moved <> p.moved
        or f.day <> p.day or f.id <> p.remote_id or not f.counts
        or f.currency <> p.currency or f.type <> (%(types)s::jsonb) ->> p.kind)
    and (p.day >= %(first)s and p.day < %(after)s or f.external_id is not null)
"""
"""Whether a document of ours differs between the journal (p) and NetSuite (f)."""

SUSPECT: Final = f"""
create temp table month_suspect as
select coalesce(p.external_id, f.external_id) as external_id, p.kind, p.remote_id,
    p.external_id is null as unposted, f.external_id is null as unfound
from month_posting as p full join month_found as f on f.external_id = p.external_id
where {_DIFFERS}
"""  # noqa: S608 - our own constants
"""The documents that differ before anything was looked up."""

# An item fulfilment that was deleted and made again by hand is known by what was written on it.
# It was ours, or one of others that was picked and that we have shipped.
_REMADE: Final = """
select distinct on (p.external_id) p.external_id, u.remote_id
from {of} as s
join posting as p on p.connection = %(name)s and p.system = 'netsuite'
    and p.external_id = s.external_id and p.kind in ('itemFulfillment', 'fulfillmentUpdate')
join posting as u on u.subject_id = p.subject_id and u.system = 'netsuite'
    and u.kind = 'fulfillmentUpdate' and u.id > p.id and u.state in ('done', 'adopted')
    and u.remote_id <> p.remote_id
order by p.external_id, u.id desc
"""

MISSING: Final = f"""
select external_id, kind, remote_id from month_suspect where unfound
union all
select r.external_id, 'itemFulfillment', r.remote_id
from ({_REMADE.format(of="(select * from month_suspect where unfound)")}) as r
order by external_id
"""  # noqa: S608 - our own constants
"""Documents of ours that the month's lines in NetSuite do not show, and what replaces them."""

REMADE: Final = _REMADE.format(of="month_raw")
"""Which documents stand in place of those of ours that were deleted and made again by hand."""

BESIDE_OURS: Final = """
select distinct x.id from month_movement as o join month_movement as x
    on not x.ours and x.type = o.type and x.created_from = o.created_from
where o.ours and o.type = 'ItemShip'
"""
"""Item fulfilments of others from orders that we have fulfilled from as well."""

KNOWN: Final = """
select distinct remote_id from posting where connection = %(name)s and system = 'netsuite'
    and kind = 'fulfillmentUpdate' and state in ('done', 'adopted') and remote_id = any (%(ids)s)
union
select document_id from decision where connection = %(name)s and document_id = any (%(ids)s)
    and (kind = 'handled' or kind = 'separate' and lapsed_why is null)
    and taken_back_at is null
"""
"""Those of them of which it is known whose they are: by what was written on them, or decided."""

IN_PART: Final = """
select distinct x.id from month_movement as o
join month_movement as x on not x.ours and x.type = o.type and x.created_from = o.created_from
join posting as p on p.connection = %(name)s and p.system = 'netsuite'
    and p.external_id = o.external_id
join subject as s on s.id = p.subject_id and s.state = 'done' and s.waits = ''
cross join lateral (select r.decision from run as r where r.subject_id = s.id
    and r.decision is not null order by r.id desc limit 1) as last
cross join lateral json_array_elements(last.decision -> 'rests_on') as d
where o.ours and last.decision -> 'rests_on' is not null and d ->> 'id' = x.id
"""
"""Documents of others that are no copies, but of a source in part.

Those beside ours on which the last run of the subject rests.
"""

TAKEN: Final = """
select p.remote_id as id, min(j.source) as source from posting as p
join journal as j on j.posting_id = p.id
where p.connection = %(name)s and p.kind = 'acceptedBill'
group by 1 having sum(j.amount) <> 0
"""
"""Bills of others that people took as an invoice's."""

NOT_NEEDED: Final = """
select p.external_id from month_raw as m
join posting as p on p.connection = %(name)s and p.system = 'netsuite'
    and p.external_id = m.external_id
join subject as s on s.id = p.subject_id and s.state = 'done' and s.waits = ''
cross join lateral (select r.decision from run as r where r.subject_id = s.id
    and r.decision is not null order by r.id desc limit 1) as last
where (last.decision -> 'gone')::jsonb ? p.remote_id
"""
"""Documents of ours that the last run saw deleted, and that its subject does without."""

CORRECTED: Final = """
select distinct one ->> 'record' as record, one -> 'units' as units
from month_raw as m
join posting as p on p.connection = %(name)s and p.system = 'netsuite'
    and p.external_id = m.external_id
join subject as s on s.id = p.subject_id and s.state = 'done' and s.waits = ''
cross join lateral (select r.decision from run as r where r.subject_id = s.id
    and r.decision is not null order by r.id desc limit 1) as last
cross join lateral jsonb_array_elements((last.decision -> 'corrected')::jsonb) as one
"""
"""Records of which the last run saw that they were corrected to what the source says now."""

# Lines that are looked up belong to a suspect document, or make theirs one. So all that follows
# is about these few.
LOOKED_UP: Final = """
insert into month_suspect
select f.external_id, null, null, true, false from month_found as f where f.id = any (%(ids)s)
"""

MORE_POSTINGS: Final = f"""
insert into month_posting {_POSTING}
where j.posting_id in (
    select o.id from month_suspect as s
    join posting as o on o.connection = %(name)s and o.system = 'netsuite'
        and o.external_id = s.external_id
    where s.unposted
        and not exists (select 1 from month_posting as p where p.external_id = s.external_id))
group by 1
"""  # noqa: S608 - our own constants
"""Documents that only NetSuite dates in the month."""

RAW: Final = f"""
create temp table month_raw as
select distinct external_id from (
    select coalesce(p.external_id, f.external_id) as external_id
    from (
        select * from month_posting where external_id in (select external_id from month_suspect)
    ) as p
    full join (
        select * from month_found where external_id in (select external_id from month_suspect)
    ) as f on f.external_id = p.external_id
    where {_DIFFERS}
    union all
    select o.external_id from month_movement as o join month_movement as x
        on not x.ours and x.type = o.type and x.created_from = o.created_from
    where o.ours
    union all
    select o.external_id from month_movement as o join month_movement as x
        on not x.ours and x.type = o.type and x.number = o.number
    where o.ours and o.type in ('VendBill', 'VendCred')
    union all
    select a.external_id from month_movement as x
    join posting as o on o.connection = %(name)s and o.system = 'netsuite'
        and o.external_id in ('{ExternalIdPrefix.VENDOR_BILL}' || x.number,
            '{ExternalIdPrefix.VENDOR_CREDIT}' || x.number)
    join posting as a on a.subject_id = o.subject_id
        or a.undoes in (select u.id from posting as u where u.subject_id = o.subject_id)
    where not x.ours and x.type in ('VendBill', 'VendCred') and a.state in ('done', 'adopted')
    union all
    select unnest(%(tagged)s::text[])
) as suspect
"""  # noqa: S608 - our own constants
"""The documents that differ, and those that others may have copied.

Of an invoice of which others have a bill, all documents: whether any of it still stands.
"""

ENTRIES: Final = """
select j.number, j.flow, j.source, j.source_line, split_part(j.target, ' ', 1) as kind,
    split_part(j.target, ' ', 2) as remote_id, j.external_id, j.fact_date, j.posting_date,
    j.sku, j.item, j.location, j.quantity, j.amount, j.currency, j.account, j.detail
from journal as j
"""

RAW_ENTRY: Final = f"""
create temp table month_raw_entry as {ENTRIES}
where split_part(j.target, ' ', 1) = any (%(kinds)s) and j.posting_id in (
    select p.posting_id from month_posting as p join month_raw as r using (external_id)
    union
    select o.id from month_raw as r join posting as o on o.connection = %(name)s
        and o.system = 'netsuite' and o.external_id = r.external_id)
"""  # noqa: S608 - our own constants
"""The journal rows of the documents that differ, of any month."""

RAW_ENTRIES: Final = "select * from month_raw_entry order by number"

RAW_MOVEMENTS: Final = """
select m.id, m.line, m.type, m.day as date, m.number, m.external_id, m.memo, m.entity,
    m.created_from, m.order_type, m.item, m.item_name, m.location, m.quantity, m.amount,
    m.account, m.currency, m.voided, m.posted, m.kit
from month_movement as m
where not m.ours or m.external_id in (select external_id from month_raw)
order by m.id, m.line
"""

RAW_ROWS: Final = f"""
select j.flow, j.kind, coalesce(case when {MONEY} then j.account else j.sku end, '') as what,
    case when {MONEY} then '' else coalesce(j.location, '') end as place, {UNIT} as currency,
    sum({VALUE}) as value
from month_raw_entry as j
where j.posting_date >= %(first)s and j.posting_date < %(after)s
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""  # noqa: S608 - our own constants
"""The part of the journal's sums that is counted line by line instead."""

DOCUMENT_COUNT: Final = """
select count(*) as documents from month_posting
where stock and kind = any (%(kinds)s) and day >= %(first)s and day < %(after)s
"""
