"""The role of our processes on the embedded server, which can only add to the journal.

The cluster's first role is a superuser and owns the tables. It is used only to make, migrate, back
up and restore them. Everything else runs with a role that owns nothing. It can't change or delete
rows of the journal or of people's acts, write the chain's end, disable a trigger, or make its
session skip triggers.

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
# A partition of the journal that is made later belongs to its owner alone; rows are added
# through the whole table.
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
"""Statements that the owner runs after each change of the schema. Repeating is harmless."""


def allow(url: str) -> None:
    """Give the role the privileges that our processes need.

    Args:
        url: of the owner.
    """
    with connect(url) as connection:
        for statement in STATEMENTS:
            connection.execute(statement.encode())
