"""The role that our processes have on the embedded server: it adds to the journal, no more.

The cluster's first role is a superuser, and owns the tables. It makes and migrates them, backs
them up and puts them back; nothing else is done as it. What runs has a role that owns nothing
and may not do everything: neither change nor delete rows of the journal or of people's acts,
nor write the chain's end, nor disable a trigger, nor make its session skip them.

Decision and alternatives: docs/adr/0018-a-role-that-only-adds.md.
"""

from typing import Final

from ml_connector.storage.schema import connect

ROLE: Final = "mlc_app"

_MAKE: Final = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'mlc_app') then
        create role mlc_app login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
    end if;
exception when duplicate_object or unique_violation then
    null;  -- somebody else was quicker
end;
$$
"""
# A month of the journal that is made later stays its owner's alone: rows go by the whole.
_TAKE_BACK: Final = """
do $$
declare
    place regclass;
begin
    for place in
        select c.oid from pg_class as c left join pg_inherits as i on i.inhrelid = c.oid
        where c.oid = any (array[to_regclass('journal'), to_regclass('act')])
            or i.inhparent = to_regclass('journal') and c.relkind = 'r'
    loop
        execute format('revoke update, delete on %s from mlc_app', place);
    end loop;
    for place in
        select oid from pg_class
        where oid = any (array[to_regclass('journal_head'), to_regclass('alembic_version')])
    loop
        execute format('revoke insert, update, delete on %s from mlc_app', place);
    end loop;
end;
$$
"""

STATEMENTS: Final = (
    _MAKE,
    "grant usage on schema public to mlc_app",
    "grant select, insert, update, delete on all tables in schema public to mlc_app",
    "grant usage, select, update on all sequences in schema public to mlc_app",
    "grant execute on all functions in schema public to mlc_app",
    _TAKE_BACK,
)
"""What the owner runs after each change of the schema. Harmless twice."""


def allow(url: str) -> None:
    """Let the role do what running takes.

    Args:
        url: of the owner.
    """
    with connect(url) as connection:
        for statement in STATEMENTS:
            connection.execute(statement.encode())
