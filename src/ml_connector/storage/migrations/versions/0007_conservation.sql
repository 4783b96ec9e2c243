-- Every line of a source fact, as the last run of its subject saw it.

create table source_line (
    subject_id bigint not null references subject,
    name text not null,                  -- by which journal rows and refusals call it
    currency text not null default '',   -- empty where the line is no money
    connection text not null,
    flow text not null,
    fact_date date not null,
    sku text,
    quantity bigint,
    amount numeric,
    run_id bigint not null,              -- the run that saw it like this
    primary key (subject_id, name, currency)
);
create index source_line_day on source_line (connection, flow, fact_date);

-- What of a line is not posted on purpose, and why.

create table refusal (
    subject_id bigint not null references subject,
    name text not null,
    currency text not null default '',
    quantity bigint,
    amount numeric,
    reason text not null,
    run_id bigint not null,
    primary key (subject_id, name, currency)
);

alter table subject
    add column waits text not null default '',       -- why its lines may wait although it is done
    add column unexplained int not null default 0;   -- lines that nothing accounts for
create index subject_unexplained on subject (connection, flow) where unexplained > 0;

alter table posting add column undoes bigint references posting;  -- a counter-document: of which
create index posting_undoes on posting (undoes) where undoes is not null;

-- What was posted before lines were kept is what its source said.

insert into source_line (subject_id, name, currency, connection, flow, fact_date, sku, quantity,
                         amount, run_id)
select p.subject_id, j.source_line, coalesce(j.currency, ''), j.connection, j.flow,
       max(j.fact_date), max(j.sku), sum(j.quantity), sum(j.amount), max(j.run_id)
from journal as j join posting as p on p.id = j.posting_id
group by 1, 2, 3, 4, 5;

-- The end of each chain: a row that does not continue it is refused.

create table journal_head (
    connection text primary key,
    number bigint not null,
    hash text not null
);
insert into journal_head
select distinct on (connection) connection, number, hash from journal
order by connection, number desc;

create function continue_chain() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    added_to record;
begin
    for added_to in
        select a.connection, min(a.number) as first, max(a.number) as last, count(*) as rows,
            (array_agg(a.previous_hash order by a.number))[1] as previous_hash,
            (array_agg(a.hash order by a.number desc))[1] as hash,
            bool_and(a.before is null or a.before = a.previous_hash) as linked
        from (
            select connection, number, previous_hash, hash,
                lag(hash) over (partition by connection order by number) as before
            from added
        ) as a group by a.connection
    loop
        insert into journal_head values (added_to.connection, 0, repeat('0', 64))
        on conflict do nothing;
        update journal_head as h set number = added_to.last, hash = added_to.hash
        where h.connection = added_to.connection and h.number = added_to.first - 1
            and h.hash = added_to.previous_hash and added_to.linked
            and added_to.rows = added_to.last - added_to.first + 1;
        if not found then
            raise exception 'the journal is a chain: row % of % does not continue it',
                added_to.first, added_to.connection;
        end if;
    end loop;
    return null;
end;
$$;
create trigger journal_continues after insert on journal
    referencing new table as added for each statement execute function continue_chain();
