-- made: written down, perhaps uploaded; uploaded: NetSuite named it; current: signs in;
-- replaced: no longer used, still valid; revoked: out of use at NetSuite as well.
create table certificate (
    id bigint generated always as identity primary key,
    connection text not null references connection on delete cascade,
    certificate_id text,                 -- as NetSuite calls it; null before it is uploaded
    key_print text,                      -- SHA-256 of the public key; null: not known
    pem text,
    valid_until timestamptz,             -- null: not known
    state text not null
        check (state in ('made', 'uploaded', 'current', 'replaced', 'revoked')),
    known_before text[] not null default '{}', -- what NetSuite knew before this was uploaded
    role text,
    entity text,
    revoke_after timestamptz,            -- when the last token of a replaced one has run out
    made_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    unique (connection, certificate_id)
);
create unique index certificate_current on certificate (connection) where state = 'current';
create unique index certificate_next on certificate (connection)
    where state in ('made', 'uploaded');
