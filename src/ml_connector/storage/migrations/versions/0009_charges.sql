-- What ShipBob charged, kept for ever: ShipBob itself forgets the lines after seven days.

create table invoice (
    connection text not null references connection,
    id bigint not null,
    type text,
    day date,
    amount numeric not null,
    currency text,
    seen_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    primary key (connection, id)
);
create index invoice_day on invoice (connection, day);

create table charge (
    connection text not null references connection,
    transaction_id text not null,
    type text,
    fee text,
    amount numeric not null,
    currency text,
    tax numeric not null,                -- all taxes of the charge together
    taxes json not null,                 -- [{tax_type, tax_rate, tax_amount}]
    charged_on date,
    reference_type text,
    reference_id text,
    center text,                         -- the fulfillment center's name
    invoice_id bigint,                   -- null until it is on an invoice
    details json not null,
    raw json not null,                   -- as ShipBob last gave it
    earlier jsonb not null default '[]', -- as it was before its money changed, oldest first
    seen_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    primary key (connection, transaction_id)
);
create index charge_invoice on charge (connection, invoice_id);
create index charge_day on charge (connection, charged_on);

-- When the charges of a connection were last pulled, and from which day on.
create table charge_pull (
    connection text primary key references connection,
    pulled_at timestamptz not null,
    since date not null
);

create function refuse_forgetting() returns trigger language plpgsql as $$
begin
    raise exception 'charges are kept for ever: % is refused', lower(tg_op);
end;
$$;
create trigger charge_kept before delete on charge
    for each row execute function refuse_forgetting();
create trigger charge_not_truncated before truncate on charge
    for each statement execute function refuse_forgetting();
