-- A password that somebody else chose holds until its person has signed in with it once.
alter table person add column password_given boolean not null default false;

-- Calls of the API with an Idempotency-Key, and how they were answered.
create table answered_call (
    token text not null references api_token (name) on delete cascade,
    key text not null,
    asked bytea not null,                -- SHA-256 of what was asked
    at timestamptz not null default now(),
    status int,                          -- null: it is being done, or nobody knows
    content_type text not null default '',
    body bytea not null default '',
    primary key (token, key)
);
create index answered_call_at on answered_call (at);
