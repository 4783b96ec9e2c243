-- The numbers by which people look for a subject: of its orders, parcels, documents and SKUs.
create table subject_number (
    connection text not null,
    number text collate "C" not null,    -- in small letters, without outer spaces
    kind text not null,                  -- order, tracking, sku, document, shipment, wro
    subject_id bigint not null references subject,
    primary key (connection, number, subject_id)
);

-- Whose it is to see to a subject that is stopped.
create table assignment (
    subject_id bigint primary key references subject,
    person text not null,                -- to whom
    note text not null default '',
    given_by text not null,
    given_at timestamptz not null default now()
);
create index assignment_person on assignment (person);

-- Lists of events, the newest first, of one flow; and of those that concern no subject.
create index event_flow on event (connection, flow, received_at);
create index event_of_none on event (connection, received_at) where subject_id is null;
