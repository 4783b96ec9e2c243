-- What a person asked a worker to do, in a browser or by the API: it goes on when they leave.
create table errand (
    id bigint generated always as identity primary key,
    connection text,                   -- null: of the whole installation
    kind text not null,
    arguments json not null,
    person text not null,
    key text,                          -- by which who asks knows it again; null: each is another
    asked_at timestamptz not null default clock_timestamp(),
    began_at timestamptz,
    ended_at timestamptz,
    state text not null default 'waiting'
        check (state in ('waiting', 'running', 'done', 'failed')),
    beginnings integer not null default 0,  -- more than one where a worker ended in the middle
    job_id bigint,                     -- whose turn it is; null when it has ended
    step text not null default '',     -- what is being done
    counted bigint not null default 0, -- how many of it so far
    counted_of bigint,                 -- of how many, where that is known
    answer json,
    failure json,                      -- what, where, next_step, cause
    unique (person, key)
);
create index errand_newest on errand (connection, kind, id desc);

-- What the report shows, whole: a page and a program read it where the files are not at hand.
alter table month_report add column shown json;
