-- Events, runs and the journal by month (UTC). Rows that exist move with their ids.

drop view event_status;
drop trigger journal_continues on journal;
alter table posting drop constraint posting_run_id_fkey;

-- What makes a delivery unique must hold over all months, for ever.

create table delivery (
    connection text not null,
    delivery_id text not null,           -- webhook-id; for our own sources made from the fact
    event_id bigint not null,
    primary key (connection, delivery_id)
);
insert into delivery select connection, delivery_id, id from event;

create sequence event_ids;
create table event_by_month (
    id bigint not null default nextval('event_ids'),
    connection text not null,
    source text not null,
    delivery_id text not null,
    topic text not null,
    flow text,
    subject_id bigint,
    mark bigint,                         -- subject.marked as this event left it
    status text not null check (status in ('received', 'ignored', 'dead')),
    cause text,
    sentence text,
    remedy text,
    headers json not null,
    body bytea not null,
    sent_at timestamptz,                 -- what the sender's timestamp says
    received_at timestamptz not null default now(),
    body_deleted_at timestamptz,         -- a person or the policy took headers and body away
    primary key (id, received_at)
) partition by range (received_at);
alter sequence event_ids owned by event_by_month.id;

create sequence run_ids;
create table run_by_month (
    id bigint not null default nextval('run_ids'),
    connection text not null,
    subject_id bigint not null,
    epoch bigint not null,
    mark bigint not null,
    worker text not null,
    mode text not null,
    rules text not null,                 -- version of the rules that decided
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    outcome text,
    facts json,
    decision json,
    cause text,
    sentence text,
    remedy text,
    primary key (id, started_at)
) partition by range (started_at);
alter sequence run_ids owned by run_by_month.id;

create sequence journal_ids;
create table journal_by_month (
    id bigint not null default nextval('journal_ids'),
    connection text not null,
    number bigint not null,              -- 1, 2, 3 ... within the connection, without gaps
    posted_at timestamptz not null,
    posting_id bigint not null,
    run_id bigint not null,
    flow text not null,
    source text not null,                -- such as "wro 90311"
    source_line text not null,           -- which line of it
    target text not null,                -- such as "itemReceipt 5002"
    external_id text not null,
    fact_date date not null,
    posting_date date not null,
    sku text,
    item text,
    location text,
    lot text,
    quantity bigint,
    amount numeric,
    currency text,
    previous_hash text not null,
    hash text not null,
    account text,
    detail text,
    primary key (id, posted_at),
    unique (connection, number, posted_at)
) partition by range (posted_at);
alter sequence journal_ids owned by journal_by_month.id;

-- A month's partitions, where they are missing. Safe to call at once, often and by anybody.

create function make_months(first date, last date) returns int
language plpgsql security definer set search_path from current set timezone = 'UTC' as $$
declare
    kind text;
    month date;
    name text;
    made int := 0;
begin
    foreach kind in array array['event', 'run', 'journal'] loop
        for month in
            select generate_series(date_trunc('month', first::timestamp),
                                   date_trunc('month', last::timestamp), interval '1 month')::date
        loop
            name := kind || to_char(month, '_YYYY_MM');
            continue when exists (select 1 from pg_class where relname = name
                                  and relnamespace = current_schema()::regnamespace);
            -- Somebody else may be making it: wait, and look at what is there by then.
            perform pg_advisory_xact_lock(hashtextextended('make months', 0));
            continue when exists (select 1 from pg_class where relname = name
                                  and relnamespace = current_schema()::regnamespace);
            -- Made apart and then attached: writers of other months need not wait.
            execute format('create table %I (like %I including defaults including constraints)',
                           name, kind);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                           kind, name, month::timestamptz, (month + interval '1 month')::timestamptz);
            if kind = 'journal' then
                execute format('create trigger journal_no_truncate before truncate on %I'
                               ' for each statement execute function refuse_change()', name);
                execute format('create trigger journal_continues after insert on %I'
                               ' referencing new table as added'
                               ' for each statement execute function continue_chain()', name);
            end if;
            made := made + 1;
        end loop;
    end loop;
    return made;
end;
$$;

alter table event rename to event_before;
alter table run rename to run_before;
alter table journal rename to journal_before;
alter table event_by_month rename to event;
alter table run_by_month rename to run;
alter table journal_by_month rename to journal;

select make_months(
    (least(
        now(),
        (select min(received_at) from event_before),
        (select min(started_at) from run_before),
        (select min(posted_at) from journal_before)
    ) - interval '1 month')::date,
    (greatest(
        now(),
        (select max(received_at) from event_before),
        (select max(started_at) from run_before),
        (select max(posted_at) from journal_before)
    ) + interval '3 months')::date
);

insert into event (id, connection, source, delivery_id, topic, flow, subject_id, mark, status,
                   cause, sentence, remedy, headers, body, sent_at, received_at)
select id, connection, source, delivery_id, topic, flow, subject_id, mark, status, cause,
       sentence, remedy, headers, body, sent_at, received_at
from event_before order by id;
insert into run (id, connection, subject_id, epoch, mark, worker, mode, rules, started_at,
                 finished_at, outcome, facts, decision, cause, sentence, remedy)
select id, connection, subject_id, epoch, mark, worker, mode, rules, started_at, finished_at,
       outcome, facts, decision, cause, sentence, remedy
from run_before order by id;

-- The chain is copied as it is; it is checked again when rows continue it.
do $$
declare
    part regclass;
begin
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'journal'::regclass
    loop
        execute format('alter table %s disable trigger journal_continues', part);
    end loop;
end;
$$;
insert into journal (id, connection, number, posted_at, posting_id, run_id, flow, source,
                     source_line, target, external_id, fact_date, posting_date, sku, item,
                     location, lot, quantity, amount, currency, previous_hash, hash, account,
                     detail)
select id, connection, number, posted_at, posting_id, run_id, flow, source, source_line, target,
       external_id, fact_date, posting_date, sku, item, location, lot, quantity, amount, currency,
       previous_hash, hash, account, detail
from journal_before order by id;
do $$
declare
    part regclass;
begin
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'journal'::regclass
    loop
        execute format('alter table %s enable trigger journal_continues', part);
    end loop;
    if (select count(*) from event) <> (select count(*) from event_before)
        or (select count(*) from run) <> (select count(*) from run_before)
        or (select count(*) from journal) <> (select count(*) from journal_before)
    then
        raise exception 'not all rows have moved';
    end if;
end;
$$;
select setval('event_ids', greatest(1, (select max(id) from event)),
              exists (select 1 from event));
select setval('run_ids', greatest(1, (select max(id) from run)), exists (select 1 from run));
select setval('journal_ids', greatest(1, (select max(id) from journal)),
              exists (select 1 from journal));

drop table event_before;
drop table run_before;
drop table journal_before;
-- Names that are freed only now.
alter index event_by_month_pkey rename to event_pkey;
alter index run_by_month_pkey rename to run_pkey;
alter index journal_by_month_pkey rename to journal_pkey;
alter index journal_by_month_connection_number_posted_at_key rename to journal_number;

create index event_subject on event (subject_id);
create index event_received on event (connection, received_at);
create index run_subject on run (subject_id, id);
create index journal_posting on journal (posting_id);
create index journal_source on journal (connection, flow, source);
create index journal_posting_day on journal using brin (posting_date);
create index journal_fact_day on journal using brin (fact_date);
create index posting_remote on posting (remote_id) where remote_id is not null;

create trigger journal_append_only before update or delete on journal
    for each row execute function refuse_change();
create trigger journal_no_truncate before truncate on journal
    for each statement execute function refuse_change();
create trigger journal_continues after insert on journal
    referencing new table as added for each statement execute function continue_chain();

create view event_status as
select
    e.id, e.connection, e.source, e.delivery_id, e.topic, e.flow, e.subject_id, e.mark,
    e.sent_at, e.received_at,
    s.key as subject,
    case
        when e.subject_id is null then e.status
        when s.converged >= e.mark then 'done'
        else s.state
    end as status,
    case
        when e.subject_id is null then e.cause
        when s.converged >= e.mark then null
        else s.cause
    end as cause,
    case
        when e.subject_id is null then e.sentence
        when s.converged >= e.mark then null
        else s.sentence
    end as sentence,
    case
        when e.subject_id is null then e.remedy
        when s.converged >= e.mark then null
        else s.remedy
    end as remedy
from event as e left join subject as s on s.id = e.subject_id;

-- What people did stays as well.

create function refuse_act_change() returns trigger language plpgsql as $$
begin
    raise exception 'acts of people are append-only: % is refused', lower(tg_op);
end;
$$;
create trigger act_append_only before update or delete on act
    for each row execute function refuse_act_change();
create trigger act_no_truncate before truncate on act
    for each statement execute function refuse_act_change();
