-- Functions that run as their owner find their tables by a path of their own, whatever the
-- session has: temporary tables come last, and nobody else can call them.

alter function continue_chain() set search_path = pg_catalog, public, pg_temp;

-- As before, but for the names, which say where each thing is.
create or replace function make_months(first date, last date) returns int
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' as $$
declare
    kind text;
    month date;
    name text;
    made int := 0;
begin
    foreach kind in array array['event', 'run', 'journal'] loop
        for month in
            select generate_series(date_trunc('month', first::timestamp),
                                   date_trunc('month', last::timestamp), interval '1 month')::date
        loop
            name := kind || to_char(month, '_YYYY_MM');
            continue when exists (select 1 from pg_class where relname = name
                                  and relnamespace = 'public'::regnamespace);
            -- Somebody else may be making it: wait, and look at what is there by then.
            perform pg_advisory_xact_lock(hashtextextended('make months', 0));
            continue when exists (select 1 from pg_class where relname = name
                                  and relnamespace = 'public'::regnamespace);
            -- Made apart and then attached: writers of other months need not wait.
            execute format('create table public.%I'
                           ' (like public.%I including defaults including constraints)',
                           name, kind);
            execute format('alter table public.%I attach partition public.%I'
                           ' for values from (%L) to (%L)',
                           kind, name, month::timestamptz, (month + interval '1 month')::timestamptz);
            if kind = 'journal' then
                execute format('create trigger journal_no_truncate before truncate on public.%I'
                               ' for each statement execute function public.refuse_change()', name);
                execute format('create trigger journal_continues after insert on public.%I'
                               ' referencing new table as added'
                               ' for each statement execute function public.continue_chain()', name);
            end if;
            made := made + 1;
        end loop;
    end loop;
    return made;
end;
$$;

revoke execute on function continue_chain(), make_months(date, date) from public;
