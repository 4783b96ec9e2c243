-- Webhook subscriptions that we made at ShipBob; their secrets are in the table secret.

create table webhook_subscription (
    connection text not null references connection on delete cascade,
    id text not null,                    -- ShipBob's
    topic_group text not null,
    topics text[] not null,
    url text not null,
    made_at timestamptz not null default now(),
    retired_at timestamptz,              -- gone at ShipBob; its secret is accepted for a while
    primary key (connection, id)
);

-- Topics that ShipBob refused, so that it is not asked again every few minutes.

create table webhook_topics_refused (
    connection text not null references connection on delete cascade,
    topic_group text not null,
    topics text[] not null,
    sentence text not null,
    refused_at timestamptz not null default now(),
    primary key (connection, topic_group)
);

-- When subscriptions were last compared, and what came of it.

create table webhook_look (
    connection text primary key references connection on delete cascade,
    looked_at timestamptz not null,
    groups json not null
);

-- Deliveries that were refused: one row for each reason.

create table webhook_refusal (
    connection text not null references connection on delete cascade,
    reason text not null,
    times bigint not null default 1,
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    topic text not null,
    clock_offset_seconds double precision,
    primary key (connection, reason)
);

-- Since when bodies are wanted as samples.

create table webhook_capture (
    connection text primary key references connection on delete cascade,
    since timestamptz not null
);

-- Consents: a link or a start on this machine, the way through ShipBob, the end.

create table consent (
    id bigint generated always as identity primary key,
    connection text not null references connection on delete cascade,
    person text not null,
    ticket_hash text unique,             -- of the one-time link; null: begun on this machine
    ticket_until timestamptz,
    scopes text[] not null,
    channel_name text not null,
    made_at timestamptz not null default now(),
    state_hash text unique,              -- null until the browser was sent to ShipBob
    state_until timestamptz,
    redirect_uri text,
    key_id text,
    wrapped_key bytea,
    ciphertext bytea,                    -- verifier and nonce; gone once they were used
    ended_at timestamptz,
    outcome text
);
create index consent_connection on consent (connection, id);

create table shipbob_grant (
    connection text primary key references connection on delete cascade,
    granted_at timestamptz not null,
    person text not null,
    scopes text[] not null,
    account text                         -- who consented, as ShipBob names the user
);

-- Fingerprints of refresh tokens that were configured once: a spent one is never shown again.

create table refresh_token_seen (
    connection text not null references connection on delete cascade,
    fingerprint text not null,
    seen_at timestamptz not null default now(),
    primary key (connection, fingerprint)
);
