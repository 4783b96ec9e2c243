-- Charges may be forgotten by ShipBob before it says which invoice they are on: their invoice
-- type tells where they belong.

alter table charge add column invoice_type text;
alter table charge add column assigned boolean not null default false; -- to an invoice, by us
update charge set invoice_type = raw ->> 'invoice_type';
create index charge_open on charge (connection, charged_on) where invoice_id is null;
