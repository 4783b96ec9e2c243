create table alarm (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    kind text not null,                  -- such as certificate; alarms of one kind go in one message
    key text not null,                   -- what exactly it is about, within the kind
    sentence text not null,
    remedy text not null,
    times int not null default 1,        -- how often it was raised
    raised_at timestamptz not null,
    last_raised_at timestamptz not null,
    told_at timestamptz,                 -- when people were last told
    ended_at timestamptz                 -- the trouble is over
);
create unique index alarm_open on alarm (connection, kind, key) where ended_at is null;
