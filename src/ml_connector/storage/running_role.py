"""What the roles beside the owner may do: the one that runs, and the one that reports.

What runs (``mlc_app``) owns nothing and may not do everything: neither change nor delete rows of
the journal or of people's acts, nor what people decided, nor write the chain's end, nor disable a
trigger, nor make its session skip them. A month end makes temporary tables; it has a role
(``mlc_report``) that reads all, writes nothing and calls no function that runs as its owner. On
the embedded server both are there. On a server of one's own they get the same rights where
somebody has made them.

Decisions and alternatives: docs/adr/0018-a-role-that-only-adds.md and
docs/adr/0024-the-owner-is-no-superuser.md.
"""

from typing import Any, Final

import psycopg

from ml_connector.storage.schema import connect

# A month of the journal that is made later stays its owner's alone: rows go by the whole.
ALLOW: Final = """
do $$
declare
    one text;
    place regclass;
begin
    -- Who owns nothing here has nothing to give.
    if not exists (select from pg_class where oid = to_regclass('public.journal')
                   and pg_has_role(current_user, relowner, 'usage')) then
        return;
    end if;
    for one in
        select p.oid::regprocedure from pg_proc as p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
    loop
        execute format('revoke execute on function %s from public', one);
    end loop;
    for one in
        select name from unnest(array['mlc_app', 'mlc_report']) as name
        where to_regrole(name) <> current_user::regrole
    loop
        execute format('grant usage on schema public to %I', one);
        execute format('grant select on all tables in schema public to %I', one);
    end loop;
    if to_regrole('mlc_app') <> current_user::regrole then
        grant insert, update, delete on all tables in schema public to mlc_app;
        grant usage, select on all sequences in schema public to mlc_app;
        revoke update on all sequences in schema public from mlc_app;
        grant execute on all functions in schema public to mlc_app;
        for place in
            select c.oid from pg_class as c left join pg_inherits as i on i.inhrelid = c.oid
            where c.oid = any (array[to_regclass('public.journal'), to_regclass('public.act')])
                or i.inhparent = to_regclass('public.journal') and c.relkind = 'r'
        loop
            execute format('revoke update, delete on %s from mlc_app', place);
        end loop;
        for place in
            select oid from pg_class
            where oid = any (array[to_regclass('public.journal_head'),
                                   to_regclass('public.generation'),
                                   to_regclass('public.alembic_version')])
        loop
            execute format('revoke insert, update, delete on %s from mlc_app', place);
        end loop;
        if to_regclass('public.decision') is not null then
            revoke update, delete on public.decision from mlc_app;
            grant update (taken_back_at, taken_back_by, taken_back_note, lapsed_at, lapsed_why)
                on public.decision to mlc_app;
        end if;
    end if;
end;
$$
"""


def allow(url: str) -> None:
    """Let the other roles do what they are there for, as far as the server has them.

    The owner does it after each change of the schema. Harmless twice.

    Args:
        url: of the owner.
    """
    with connect(url) as connection:
        allow_on(connection)


def allow_on(connection: psycopg.Connection[Any]) -> None:
    """Do the same within a transaction of the owner."""
    connection.execute(ALLOW.encode())
