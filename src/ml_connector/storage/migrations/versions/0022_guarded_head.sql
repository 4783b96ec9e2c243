-- The end of a chain follows the journal's rows; nobody writes it by hand.

create function guard_head() returns trigger language plpgsql as $$
begin
    -- The trigger of the journal's rows is the first level, this one the second.
    if tg_op in ('DELETE', 'TRUNCATE') or pg_trigger_depth() < 2 then
        raise exception 'the end of the journal follows its rows: % is refused', lower(tg_op);
    end if;
    return new;
end;
$$;
create trigger journal_head_follows before insert or update or delete on journal_head
    for each row execute function guard_head();
create trigger journal_head_no_truncate before truncate on journal_head
    for each statement execute function guard_head();
