alter table consent add column channel_name text not null default '';
alter table shipbob_grant add column channel_id bigint;  -- the channel that this consent made
