alter table webhook_refusal
    add column sample bytea;           -- the beginning of the newest body that is no JSON
