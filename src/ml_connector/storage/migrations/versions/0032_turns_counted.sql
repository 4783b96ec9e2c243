create table minute_turn (
    limit_key text not null,
    holder text not null,              -- the process that has them; '' for those that are over
    second bigint not null,            -- of the epoch, in which they were taken, or were over
    turns int not null,
    counts_until timestamptz not null,
    primary key (limit_key, holder, second)
) with (fillfactor = 50);

-- How many turns count now. Holds the limit, so that what is counted stays true until the
-- transaction ends; a statement alone would count as of its beginning, before it got hold.

create function counted_turns(key text, longest interval) returns bigint
language plpgsql as $$
begin
    perform from limit_state where limit_key = key for update;
    delete from minute_turn where limit_key = key
        and (turns <= 0 or counts_until <= clock_timestamp()
            or counts_until > clock_timestamp() + longest);
    return (select coalesce(sum(turns), 0) from minute_turn where limit_key = key);
end;
$$;
