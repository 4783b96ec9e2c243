-- Connections, secrets, tokens, limits.

create table connection (
    name text primary key check (name ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    mode text not null check (mode in ('live', 'dry-run')),
    paused boolean not null default false,
    removed_at timestamptz,              -- a removed connection keeps its books
    settings json not null,              -- the connection file without its secrets
    created_at timestamptz not null default now(),
    applied_at timestamptz not null default now()
);

create table secret (
    connection text not null references connection on delete cascade,
    field text not null,                 -- such as netsuite.private_key
    key_id text not null,                -- the master key that wraps the data key
    wrapped_key bytea not null,
    ciphertext bytea not null,
    updated_at timestamptz not null default now(),
    primary key (connection, field)
);

create table token (
    connection text not null references connection on delete cascade,
    system text not null check (system in ('netsuite', 'shipbob')),
    key_id text,
    wrapped_key bytea,
    ciphertext bytea,                    -- access token and, for ShipBob, the refresh tokens
    obtained_at timestamptz,
    expires_at timestamptz,
    version bigint not null default 0,   -- compare-and-set: raised by every renewal
    lease_holder text,
    lease_until timestamptz not null default '-infinity',
    problem json,                        -- why the last renewal failed; null when it did not
    primary key (connection, system)
);

create table slot (
    limit_key text not null,             -- such as netsuite:TSTDRV1234567
    number int not null,
    holder text,
    leased_until timestamptz not null default '-infinity',
    primary key (limit_key, number)
);

create table limit_state (
    limit_key text primary key,
    ceiling int,                         -- adapted in-flight limit; null: as configured
    lowered_at timestamptz,
    next_at timestamptz not null default '-infinity',      -- theoretical arrival time (GCRA)
    blocked_until timestamptz not null default '-infinity',
    remaining int                        -- what the system last said is left
);

create table turn (
    connection text not null references connection on delete cascade,
    what text not null,                  -- such as sweep
    taken_at timestamptz not null,
    primary key (connection, what)
);

-- Subjects: one real thing at the source each.

create table subject (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    flow text not null,
    key text not null,
    marked bigint not null default 0,    -- raised by every event about it
    converged bigint not null default 0, -- the mark that the last finished run had seen
    state text not null default 'received'
        check (state in ('received', 'working', 'retrying', 'done', 'parked', 'dead')),
    attempt int not null default 0,
    due_at timestamptz,
    cause text,
    sentence text,
    remedy text,
    waiting_for text[] not null default '{}',
    epoch bigint not null default 0,     -- raised by every run: an older run may write no more
    job_id bigint,                       -- the job that will run or runs it
    worker text,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    unique (connection, flow, key)
);
create index subject_open on subject (connection, state) where state <> 'done';
create index subject_waiting on subject using gin (waiting_for) where waiting_for <> '{}';

-- The inbox: what anybody ever told us, kept for ever.

create table event (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    source text not null,
    delivery_id text not null,           -- webhook-id; for our own sources made from the fact
    topic text not null,
    flow text,
    subject_id bigint references subject,
    mark bigint,                         -- subject.marked as this event left it
    status text not null check (status in ('received', 'ignored', 'dead')),
    cause text,
    sentence text,
    remedy text,
    headers json not null,
    body bytea not null,
    sent_at timestamptz,                 -- what the sender's timestamp says
    received_at timestamptz not null default now(),
    unique (connection, delivery_id)
);
create index event_subject on event (subject_id);
create index event_received on event (connection, received_at);

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

-- Runs: what a converge saw and decided.

create table run (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    subject_id bigint not null references subject,
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
    remedy text
);
create index run_subject on run (subject_id, id);

-- Postings: every write that should exist exactly once in another system.

create table posting (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    subject_id bigint not null references subject,
    run_id bigint not null references run,
    system text not null check (system in ('netsuite', 'shipbob')),
    kind text not null,                  -- such as itemReceipt
    external_id text not null,
    state text not null check (
        state in ('prepared', 'sending', 'done', 'adopted', 'alarm', 'noted')
    ),
    document json not null,              -- the full request and the journal lines it makes
    document_hash text not null,
    remote_id text,
    answer json,
    attempts int not null default 0,
    sending_at timestamptz,
    send_by timestamptz,                 -- a call not begun by then must not begin at all
    over_at timestamptz,                 -- by then the call must have ended at the other side
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    unique (connection, system, external_id)
);
create index posting_subject on posting (subject_id);
create index posting_open on posting (connection, state) where state in ('prepared', 'sending', 'alarm');

-- The journal: append-only, chained by hashes.

create table journal (
    id bigint generated always as identity primary key,
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
    unique (connection, number)
);
create index journal_posting on journal (posting_id);
create index journal_source on journal (connection, flow, source);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only: % is refused', lower(tg_op);
end;
$$;
create trigger journal_append_only before update or delete on journal
    for each row execute function refuse_change();
create trigger journal_no_truncate before truncate on journal
    for each statement execute function refuse_change();

-- People and what they did.

create table person (
    name text primary key,
    role text not null check (role in ('viewer', 'operator', 'admin')),
    password_hash text not null,
    created_at timestamptz not null default now()
);

create table act (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    person text not null,
    what text not null,                  -- such as connection.apply
    connection text,
    details json not null
);
