-- A connection that somebody sets up step by step; applying it makes it a connection.
create table connection_draft (
    name text primary key,
    answers json not null,             -- as a connection file, without secrets
    person text not null,              -- who changed it last
    begun_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp()
);

-- Its secrets, sealed as those of connections are (table secret).
create table draft_secret (
    connection text not null references connection_draft on delete cascade,
    field text not null,
    key_id text not null,
    wrapped_key bytea not null,
    ciphertext bytea not null,
    updated_at timestamptz not null default now(),
    primary key (connection, field)
);
