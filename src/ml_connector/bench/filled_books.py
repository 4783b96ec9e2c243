"""Books of any size, as years of work would leave them, made by the database itself."""

from typing import Final

from ml_connector.storage.database import Connection, rows

SUBJECTS_OF_EVENTS: Final = 10
"""So many events tell of each subject."""

_OPEN_EVERY: Final = 100
_AWAITED: Final = 7
"""What is stopped waits for so many things."""

_CONNECTION: Final = """
insert into connection (name, mode, settings) values (%(name)s, 'live', json_build_object(
    'name', %(name)s::text, 'start_date', '2020-01-01',
    'netsuite', json_build_object('account_id', '1234567_SB1'),
    'shipbob', json_build_object('api_url', 'https://sandbox-api.shipbob.com'),
    'limits', json_build_object(), 'schedule', json_build_object('timezone', 'UTC'),
    'billing', json_build_object()))
"""

_MONTHS: Final = "select make_months((now() - interval '1 month')::date, now()::date)"

# One of a hundred is open, in each of the four states that there are for that.
_SUBJECTS: Final = """
insert into subject (connection, flow, key, within, marked, converged, state, attempt, cause,
    sentence, waiting_for, created_at, changed_at)
select %(name)s, case when i %% 20 < 14 then 'tracking' when i %% 20 < 17 then 'receiving'
        when i %% 20 < 19 then 'returns' else 'billing' end,
    (500000 + i)::text, (i / 2)::text, 10, case when i %% %(open)s = 7 then 9 else 10 end,
    case when i %% %(open)s = 7 then (array['parked', 'dead', 'retrying', 'received'])
        [1 + (i / %(open)s) %% 4] else 'done' end, i %% 4,
    case when i %% %(open)s = 7 then 'sku_missing_in_netsuite' end,
    case when i %% %(open)s = 7 then 'SKU-' || i || ' is no item in NetSuite' end,
    case when i %% %(open)s = 7 then array['sku:SKU-' || (i / %(open)s / 4) %% %(awaited)s]
        else '{}' end,
    now() - interval '30 days' * (1 - i / %(subjects)s::float8),
    now() - interval '30 days' * (1 - i / %(subjects)s::float8)
from generate_series(1, %(subjects)s) as i
"""

# Of what is not done, five lines each, of which nothing is posted.
_SOURCE_LINES: Final = """
insert into source_line (connection, subject_id, name, flow, fact_date, sku, quantity, run_id)
select connection, id, 'line ' || n, flow, changed_at::date, 'SKU-' || n, 10, 1
from subject, generate_series(1, 5) as n where connection = %(name)s and state <> 'done'
"""

_EVENTS: Final = """
insert into event (connection, source, delivery_id, topic, flow, subject_id, mark, status,
    headers, body, sent_at, received_at)
select %(name)s, case when i %% 10 = 0 then 'sweep' else 'webhook' end, 'msg_' || i,
    'order.shipped', s.flow, s.id, 1 + i %% 10, 'received', '{}', convert_to('{}', 'UTF8'),
    now() - interval '30 days' * (1 - i / %(events)s::float8),
    now() - interval '30 days' * (1 - i / %(events)s::float8)
from generate_series(1, %(events)s) as i join subject as s on s.connection = %(name)s
    and s.id = (select min(id) from subject where connection = %(name)s) + (i - 1) / %(each)s
"""

_RUNS: Final = """
insert into run (connection, subject_id, epoch, mark, worker, mode, rules, started_at,
    finished_at, outcome, facts, decision)
select connection, id, n, 5 * n, 'bench', 'live', 'bench',
    changed_at - interval '1 minute' * (2 - n),
    changed_at - interval '1 minute' * (2 - n) + interval '1 second', 'done',
    json_build_object('order_id', id, 'shipment_id', key::bigint, 'order_number', '#' || id,
        'shipments', json_build_array(json_build_object('id', key::bigint, 'status', 'Completed')),
        'more', repeat(md5(id::text), 30)),
    json_build_object('note', '')
from subject, generate_series(1, 2) as n where connection = %(name)s
"""

_POSTINGS: Final = """
insert into posting (connection, subject_id, run_id, system, kind, external_id, state, document,
    document_hash, remote_id, created_at, settled_at)
select connection, id, 1, 'netsuite', case flow when 'tracking' then 'itemFulfillment'
        when 'billing' then 'vendorBill' else 'itemReceipt' end, 'mlc-' || id || '-' || n, 'done',
    json_build_object('title', 'A document of ' || key, 'lines', json_build_array()), 'h',
    (id * 2 + n)::text, changed_at - interval '1 second', changed_at
from subject, generate_series(1, 2) as n where connection = %(name)s
"""

# The chain is one of numbers: the database sees that each row continues it.
_JOURNAL: Final = """
insert into journal (connection, number, posted_at, posting_id, run_id, flow, source,
    source_line, target, external_id, fact_date, posting_date, sku, item, location, quantity,
    amount, currency, previous_hash, hash)
select %(name)s, i, now() - interval '30 days' * (1 - i / %(rows)s::float8), p.id, 1, s.flow,
    s.flow || ' ' || s.key, 'inventory ' || i %% 5, p.kind || ' ' || p.remote_id, p.external_id,
    now()::date, now()::date, 'SKU-' || i %% 2000, (i %% 2000)::text, '6',
    case when s.flow <> 'billing' then 1 end, case when s.flow = 'billing' then 1.25 end,
    case when s.flow = 'billing' then 'USD' end, lpad((i - 1)::text, 64, '0'),
    lpad(i::text, 64, '0')
from generate_series(1, %(rows)s) as i join posting as p on p.connection = %(name)s
    and p.id = (select min(id) from posting where connection = %(name)s)
        + (i - 1)::bigint * 2 * %(subjects)s / %(rows)s
join subject as s on s.id = p.subject_id order by i
"""

_ACTS: Final = """
insert into act (at, person, what, connection, details)
select now() - interval '1 minute' * (10000 - i), 'dana', 'connection.pause', %(name)s,
    '{"before": {"paused": false}, "after": {"paused": true}}'
from generate_series(1, 10000) as i
"""

_INVOICES: Final = """
with made as (insert into invoice (connection, id, type, day, amount, currency)
    select connection, key::bigint, 'Fulfillment', changed_at::date, 12.50, 'USD' from subject
    where connection = %(name)s and flow = 'billing' returning id)
insert into charge (connection, transaction_id, type, fee, amount, currency, tax, taxes,
    charged_on, invoice_id, details, raw)
select %(name)s, id || '-' || n, 'Charge', 'Per Pick Fee', 1.25, 'USD', 0, '[]', now()::date, id,
    '{}', '{}' from made, generate_series(1, 10) as n
"""

_FILLING: Final = (
    _CONNECTION,
    _MONTHS,
    _SUBJECTS,
    _SOURCE_LINES,
    _EVENTS,
    _RUNS,
    _POSTINGS,
    _JOURNAL,
    _ACTS,
    _INVOICES,
)


async def fill_books(connection: Connection, name: str, *, events: int) -> None:
    """Write so many events of the last 30 days, and as many rows of the journal.

    There is a subject for each ten events, with two runs and two documents.

    Args:
        connection: with a transaction open.
        name: of the connection; a new one.
        events: a multiple of ten.
    """
    await rows(connection, "set local statement_timeout = '600s'")
    size = {
        "name": name,
        "events": events,
        "rows": events,
        "subjects": events // SUBJECTS_OF_EVENTS,
        "each": SUBJECTS_OF_EVENTS,
        "open": _OPEN_EVERY,
        "awaited": _AWAITED,
    }
    for statement in _FILLING:
        await rows(connection, statement, size)
