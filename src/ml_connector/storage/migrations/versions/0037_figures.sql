-- The subjects of a flow, the newest first.
create index subject_flow on subject (connection, flow, id);

-- How many documents were posted lately, by kind; and how much money.
create index posting_settled on posting (connection, settled_at) include (kind)
    where state in ('done', 'adopted');
create index journal_money on journal (connection, posted_at) include (currency, amount)
    where amount is not null;

-- What was posted of a SKU, the newest first.
create index journal_sku on journal (connection, sku, number) where sku is not null;

-- What people did with a connection, the newest first.
create index act_connection on act (connection, id);

-- Until when the charges of an invoice can be claimed: the first of them.
create index charge_invoice_day on charge (connection, invoice_id, charged_on);
drop index charge_invoice;  -- the same without the day
