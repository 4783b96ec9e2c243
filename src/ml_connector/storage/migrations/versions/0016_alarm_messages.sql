-- Messages about alarms, one for each channel, until each has taken its own.

create table alarm_message (
    id bigint generated always as identity primary key,
    connection text not null references connection on delete cascade,
    channel text not null,               -- the secret that holds its address, such as alarms.urls.0
    kind text not null,
    title text not null,
    body text not null,
    made_at timestamptz not null default now(),
    attempts int not null default 0,
    next_at timestamptz,                 -- null: sent, or given up
    sent_at timestamptz,
    error text
);
create index alarm_message_waiting on alarm_message (next_at) where next_at is not null;
create index alarm_message_channel on alarm_message (connection, channel, id);
