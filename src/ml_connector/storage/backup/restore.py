"""The database put back from a backup: all of it in one transaction, or nothing.

The schema ``public`` stays, whoever owns it: what is ours in it is dropped, and the backup's
tables come in its place. A schema that is dropped must be made again by whoever may, and its
entry in a backup says something else for each owner that it has had.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg

from ml_connector.errors import UserError
from ml_connector.storage.backup.archive import Archive
from ml_connector.storage.backup.one_transaction import OneTransaction
from ml_connector.storage.connection_string import conninfo, printable_url
from ml_connector.storage.schema import MIGRATIONS, connect

T = TypeVar("T")

_CREATED: Final = re.compile(r"create (?:table|view)(?: if not exists)? (\w+)", re.IGNORECASE)
_LIBRARIES: Final = ("procrastinate_", "alembic_version")
_ATTEMPTS: Final = 3

# However long a table takes.
_SESSION: Final = "-c timezone=UTC -c statement_timeout=0 -c client_min_messages=warning"

# Those that we may end. It waits for the end of each.
_END_OTHERS: Final = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and application_name like 'ml-connector%' and pg_has_role(usesysid, 'usage')
"""

_TABLES: Final = """
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and not exists (select from pg_depend as d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid
                            and d.deptype = 'e')
"""

# Named before the first is dropped: with each one, others go.
_DROP: Final = """
do $$
declare
    one text;
    all_of_them text[];
begin
    if to_regnamespace('public') is null then
        create schema public;
    end if;
    select array_agg(what order by place, what) into all_of_them from (
        select case when c.relkind = 'S' then 2 else 1 end as place,
            format('drop %s if exists public.%I cascade',
                   case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
                       when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
                   c.relname) as what,
            'pg_class'::regclass as class, c.oid, c.relowner as owner
        from pg_class as c
        where c.relnamespace = to_regnamespace('public')
            and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
        union all
        select 3, format('drop routine if exists public.%I(%s) cascade', p.proname,
                         pg_get_function_identity_arguments(p.oid)),
            'pg_proc'::regclass, p.oid, p.proowner
        from pg_proc as p where p.pronamespace = to_regnamespace('public')
        union all
        select 4, format('drop type if exists public.%I cascade', t.typname),
            'pg_type'::regclass, t.oid, t.typowner
        from pg_type as t left join pg_class as c on c.oid = t.typrelid
        where t.typnamespace = to_regnamespace('public')
            and (t.typtype in ('d', 'e', 'r') or t.typtype = 'c' and c.relkind = 'c')
    ) as ours
    where pg_has_role(ours.owner, 'usage')
        and not exists (select from pg_depend as d
                        where d.classid = ours.class and d.objid = ours.oid and d.deptype = 'e');
    foreach one in array coalesce(all_of_them, '{}') loop
        execute one;
    end loop;
end;
$$
"""


def put_back(url: str, archive: Archive, then: Callable[[psycopg.Connection[Any]], T]) -> T:
    """Replace the database by a backup's contents, at this build's schema.

    Other users of the database are disconnected, and connect again.

    Args:
        url: of the owner of the tables.
        archive: a backup that was checked.
        then: what more is done in the same transaction, with what is there then.

    Returns:
        What ``then`` has returned.

    Raises:
        UserError: the backup is damaged, the database has tables of others, or PostgreSQL
            refuses; it quotes PostgreSQL. Nothing was changed.
    """
    where = str(archive.file.path)
    refuse_tables_of_others(url, where=where)
    for attempt in range(1, _ATTEMPTS + 1):
        with connect(url) as connection:
            connection.execute(_END_OTHERS)
        try:
            return _in_one_transaction(url, archive, then)
        except psycopg.errors.DeadlockDetected as error:
            # With somebody who came in between, and is gone now.
            if attempt == _ATTEMPTS:
                raise _refused(error, where) from error
        except psycopg.Error as error:
            raise _refused(error, where) from error
    raise AssertionError("the last attempt returns or raises")


def _in_one_transaction(
    url: str, archive: Archive, then: Callable[[psycopg.Connection[Any]], T]
) -> T:
    # Alembic takes a second to load and is needed nowhere else here.
    from ml_connector.storage.migrate import migrate_within  # noqa: PLC0415 - see above

    connection = OneTransaction.connect(conninfo(url, name="ml-connector", options=_SESSION))
    try:
        connection.execute(_DROP)
        archive.make_schema(connection, "pre-data")
        archive.put_rows_back(connection)
        archive.make_schema(connection, "post-data")
        # A dump leaves an empty path behind.
        connection.execute("set search_path = public")
        migrate_within(connection)
        done = then(connection)
        # Who has come in since waits for our tables, and has prepared for those that are gone.
        connection.execute(_END_OTHERS)
        connection.commit_it()
    finally:
        connection.close_it()
    return done


def refuse_tables_of_others(url: str, *, where: str) -> None:
    """Refuse when the database has tables that are not ours, before anything is dropped.

    Raises:
        UserError: it has.
    """
    ours = {
        name
        for path in sorted((MIGRATIONS / "versions").iterdir())
        if path.suffix in {".py", ".sql"}
        for name in _CREATED.findall(path.read_text("utf-8"))
    }
    strange = [
        name
        for name in _tables(url)
        if name not in ours
        and not name.startswith(_LIBRARIES)
        and not any(name.startswith(f"{one}_") for one in ours)
    ]
    if strange:
        raise UserError(
            f"The database has tables of something else: {', '.join(sorted(strange)[:5])}",
            where=where,
            next_step="Restore into a database of its own (MLC_DATABASE_URL): everything in it"
            " is replaced.",
        )


def refuse_superuser(url: str, *, where: str) -> None:
    """Refuse to run what nobody has signed as a role that may do everything.

    Raises:
        UserError: the role of the URL is a superuser.
    """
    with connect(url) as connection:
        row = connection.execute(
            "select rolsuper from pg_roles where rolname = current_user"
        ).fetchone()
    if row and row[0]:
        raise UserError(
            "A backup that nobody has signed is not restored by a superuser: whatever it says"
            " would be done, on the machine of the server too",
            where=f"{printable_url(url)}, for {where}",
            next_step="Set MLC_DATABASE_URL to a role that owns its database and is no superuser"
            " (docs/how-to/own-postgresql.md), and run it again.",
        )


def _tables(url: str) -> list[str]:
    with connect(url) as connection:
        return [str(row[0]) for row in connection.execute(_TABLES).fetchall()]


def _refused(error: psycopg.Error, where: str) -> UserError:
    said = str(error).strip().splitlines()
    return UserError(
        "The backup could not be restored, and nothing was changed:"
        f" {said[0] if said else type(error).__name__}",
        where=where,
        next_step="Correct what PostgreSQL names and run it again.",
    )
