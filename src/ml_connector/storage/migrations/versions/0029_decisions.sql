-- Decisions of people. A row is an act: only that it was taken back, or does not hold, is added.
create table decision (
    id bigint generated always as identity primary key,
    connection text not null references connection,
    flow text not null,
    key text not null,                   -- of the subject, or what tells a difference from others
    kind text not null check (kind in ('handled', 'separate', 'belongs', 'adjust', 'correct',
                                       'accept', 'not-ours', 'map', 'again')),
    cause text not null,                 -- that it answers
    document text not null default '',   -- number of the document that it names
    document_id text not null default '',-- NetSuite's internal id of that document, or of an order
    document_type text not null default '',
    value text not null default '',
    note text not null,
    person text not null,
    made_at timestamptz not null default now(),
    about json not null,                 -- what was decided about, as it was read then
    taken_back_at timestamptz,
    taken_back_by text,
    taken_back_note text,
    lapsed_at timestamptz,
    lapsed_why text
);
create index decision_subject on decision (connection, flow, key);
create index decision_document on decision (connection, document_id)
    where taken_back_at is null and document_id <> '';
create unique index decision_once on decision (connection, flow, key, kind, document_id, value)
    where taken_back_at is null;

-- Units of a source line that a document somebody else posted accounts for, by a decision.
create table handled_line (
    decision_id bigint not null references decision,
    name text not null,                  -- of the source line
    subject_id bigint not null references subject,
    item text not null,
    location text not null,
    quantity bigint not null check (quantity > 0),
    primary key (decision_id, name, item, location)
);
create index handled_line_subject on handled_line (subject_id, name);
