"""The role that owns the embedded server's database: it makes, migrates, dumps and restores it.

It is no superuser, so neither a statement of a backup nor a function that runs as its owner can
do more than our tables allow. The cluster's first role is a superuser. It makes the roles and
the database, and hands over what an older release has left with it; nothing else is done as it.

Decision and alternatives: docs/adr/0024-the-owner-is-no-superuser.md.
"""

from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import sql

from ml_connector.storage.connection_string import conninfo

SUPERUSER: Final = "ml_connector"
ROLE: Final = "mlc_owner"
RUNNING: Final = "mlc_app"
REPORT: Final = "mlc_report"

# Its own tables can't stand in for the catalog's, whoever made them.
_OPTIONS: Final = "-c search_path=pg_catalog,pg_temp -c timezone=UTC"

_STRANGE: Final = """
    select format('alter %s %s owner to mlc_owner',
                  case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
                      when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
                  c.oid::regclass) as statement
    from pg_class as c
    where c.relnamespace = to_regnamespace('public')
        and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
        and c.relowner is distinct from to_regrole('mlc_owner')
        -- The sequence of a column follows its table, what an extension made its extension.
        and not exists (select from pg_depend as d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid
                            and (d.deptype = 'e' or c.relkind = 'S' and d.deptype in ('a', 'i')))
    union all
    select format('alter routine %s owner to mlc_owner', p.oid::regprocedure)
    from pg_proc as p
    where p.pronamespace = to_regnamespace('public')
        and p.proowner is distinct from to_regrole('mlc_owner')
        and not exists (select from pg_depend as d
                        where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                            and d.deptype = 'e')
    union all
    select format('alter type %s owner to mlc_owner', t.oid::regtype)
    from pg_type as t left join pg_class as c on c.oid = t.typrelid
    where t.typnamespace = to_regnamespace('public')
        and (t.typtype in ('d', 'e', 'r') or t.typtype = 'c' and c.relkind = 'c')
        and t.typowner is distinct from to_regrole('mlc_owner')
        and not exists (select from pg_depend as d
                        where d.classid = 'pg_type'::regclass and d.objid = t.oid
                            and d.deptype = 'e')
"""

_READY: Final = f"""
    select (select datdba from pg_database where datname = current_database())
            = to_regrole(current_user)
        and pg_has_role(current_user, 'mlc_app', 'usage')
        and pg_has_role(current_user, 'mlc_report', 'usage')
        and has_database_privilege('mlc_report', current_database(), 'temporary')
        and not has_database_privilege('mlc_app', current_database(), 'temporary')
        and not exists ({_STRANGE})
"""  # noqa: S608 - our own constant

_ROLES: Final = """
do $$
declare
    one text;
begin
    foreach one in array array['mlc_owner', 'mlc_app', 'mlc_report'] loop
        if to_regrole(one) is null then
            execute format('create role %I login', one);
        end if;
        execute format('alter role %I nosuperuser nocreatedb nocreaterole noreplication'
                       ' nobypassrls', one);
    end loop;
    -- A backup is tried in a database of its own.
    alter role mlc_owner createdb;
    -- It may end the sessions of the others while it restores.
    grant mlc_app, mlc_report to mlc_owner;
end;
$$
"""

_HAND_OVER: Final = f"""
do $$
declare
    one text;
begin
    for one in {_STRANGE} loop
        execute one;
    end loop;
    if to_regnamespace('public') is not null then
        alter schema public owner to mlc_owner;
        revoke all on schema public from public;
    end if;
    execute format('alter database %I owner to mlc_owner', current_database());
    -- Who may make temporary tables can put one before a table of ours in a search path.
    execute format('revoke temporary on database %I from public, mlc_app', current_database());
    execute format('grant temporary on database %I to mlc_report', current_database());
end;
$$
"""


def is_ready(url: str) -> bool:
    """Whether the role is there and owns the database with all that is in it.

    Args:
        url: of the database, for this role.
    """
    try:
        with _connected(url) as connection:
            row = connection.execute(_READY.encode()).fetchone()
    except (psycopg.OperationalError, psycopg.errors.UndefinedObject):
        return False  # no role, no database; or no server, which whoever makes them will say
    return bool(row and row[0])


def make(superuser_url: Callable[[str], str], database: str) -> None:
    """Make the roles and the database, and hand over to the owner what others own in it.

    Harmless twice. What an older release made is handed over in one transaction, or not at all.

    Args:
        superuser_url: of a database of the cluster by its name, for the superuser.
        database: the name of ours.

    Raises:
        psycopg.OperationalError: the server lets nobody in.
    """
    with _connected(superuser_url("postgres")) as connection:
        connection.execute(_ROLES)
        query = "select from pg_database where datname = %s"
        if connection.execute(query, [database]).rowcount == 0:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("create database {} owner mlc_owner").format(name))
    with _connected(superuser_url(database)) as connection:
        connection.execute(_HAND_OVER.encode())


def _connected(url: str) -> psycopg.Connection:
    told = conninfo(url, name="ml-connector roles", options=_OPTIONS)
    return psycopg.connect(told, autocommit=True)
