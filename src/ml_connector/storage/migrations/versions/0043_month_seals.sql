-- A month that was closed: what its report said then. Old seals are kept.
create table month_seal (
    id bigint primary key generated always as identity,
    connection text not null references connection,
    month text not null,
    report bigint not null references month_report,
    sealed_at timestamptz not null default clock_timestamp(),
    sealed_by text not null,
    figures json not null,             -- of each line of the report, what later ones are held against
    unsealed_at timestamptz,
    unsealed_by text,
    unseal_note text
);
create unique index month_seal_standing on month_seal (connection, month) where unsealed_at is null;

alter table month_report add column version text;
