drop table consent;  -- nothing ever wrote into it

create table consent_link (
    id bigint generated always as identity primary key,
    connection text not null references connection on delete cascade,
    person text not null,
    ticket_hash text not null unique,
    until timestamptz not null,
    scopes text[] not null,
    channel_name text not null,
    redirect_uri text not null,
    made_at timestamptz not null default now(),
    used_at timestamptz                  -- consent was given with it
);

create table consent (
    id bigint generated always as identity primary key,
    connection text not null references connection on delete cascade,
    link_id bigint references consent_link on delete cascade,  -- null: begun on this machine
    person text not null,
    state_hash text not null unique,
    until timestamptz not null,
    scopes text[] not null,
    redirect_uri text not null,
    begun_at timestamptz not null default now(),
    taken_at timestamptz,                -- ShipBob came back: a state is good once
    outcome text
);
