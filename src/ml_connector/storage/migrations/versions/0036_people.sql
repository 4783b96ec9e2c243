-- Who signs in to the console, and who calls the API.

alter table person drop constraint person_role_check;
update person set role = 'finance' where role = 'operator';
alter table person add constraint person_role_check
    check (role in ('viewer', 'warehouse', 'finance', 'admin'));

-- A cookie or a token is known only to who holds it: what is kept is its SHA-256.

create table sign_in (
    hash bytea primary key,
    person text not null references person (name) on delete cascade,
    csrf bytea not null,
    began_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    address text not null,
    browser text not null
);
create index sign_in_person on sign_in (person);

create table api_token (
    name text primary key,
    hash bytea not null unique,
    scope text not null check (scope in ('viewer', 'warehouse', 'finance', 'admin')),
    made_by text not null,
    made_at timestamptz not null default now(),
    expires_at timestamptz,
    used_at timestamptz
);

-- Tries within the present window, of one address, of one name, or of the two together.

create table sign_in_try (
    of text not null,                    -- address, name or both
    who text not null,
    times int not null,
    since timestamptz not null,
    primary key (of, who)
);
create index sign_in_try_since on sign_in_try (since);
