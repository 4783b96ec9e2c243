"""On the embedded server what runs may add to the journal, and never take anything back.

Nor does it become more than it is: every way that is known is tried here. The owner of the
tables is no superuser either, so that what runs as the owner can't do more.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from conftest import administer
from databases import drop_database
from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import DatabaseServer, database_server
from ml_connector.config.settings import Settings
from ml_connector.flows import FLOWS
from ml_connector.reconcile import files
from ml_connector.reconcile.compare.compare import judge
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.stored import stored
from ml_connector.storage import running_role
from ml_connector.storage.owning_role import SUPERUSER

ROW = (
    "insert into journal (connection, number, posted_at, posting_id, run_id, flow, source,"
    " source_line, target, external_id, fact_date, posting_date, quantity, previous_hash, hash)"
    " values ('acme', 1, now(), 1, 1, 'receiving', 'wro 1', 'line 1', 'itemReceipt 1', 'mlc-1',"
    " now(), now(), 5, repeat('0', 64), repeat('1', 64))"
)
# On the first month of the journal, whatever the day.
ON_A_MONTH = (
    "do $$ begin execute format('{}', (select relid::regclass from pg_partition_tree('journal')"
    " where isleaf order by 1 limit 1)); end $$"
)
FORBIDDEN = (
    "update journal set quantity = 6",
    "delete from journal",
    "truncate journal",
    "insert into journal table journal on conflict (id, posted_at) do update set quantity = 6",
    "merge into journal as j using journal as k on k.id = j.id when matched then delete",
    ON_A_MONTH.format("delete from %s"),
    ON_A_MONTH.format("truncate %s"),
    ON_A_MONTH.format("drop table %s"),
    ON_A_MONTH.format("alter table journal detach partition %s"),
    "alter table journal disable trigger all",
    "drop trigger journal_append_only on journal",
    "alter table journal add column note text",
    "drop table journal cascade",
    "drop function refuse_change cascade",
    "set session_replication_role = replica",
    "update journal_head set number = 0",
    "delete from journal_head",
    "insert into journal_head values ('other', 0, '')",
    "truncate journal_head",
    "update act set person = 'x'",
    "delete from act",
    "update decision set note = 'x'",
    "update decision set person = 'x', taken_back_at = null",
    "delete from decision",
    "truncate decision",
    "update alembic_version set version_num = '0001'",
    # To be somebody else.
    "set role ml_connector",
    "set role mlc_owner",
    "set role mlc_report",
    "set role pg_execute_server_program",
    "set session authorization mlc_owner",
    "alter role mlc_app superuser",
    "alter role mlc_app createrole",
    "alter role mlc_owner superuser",
    "alter role mlc_owner set search_path = pg_temp",
    "alter database ml_connector set search_path = pg_temp",
    "alter database ml_connector owner to mlc_app",
    "alter system set archive_command = 'true'",
    "create role other superuser",
    "create database other",
    "grant mlc_owner to mlc_app",
    "grant pg_write_server_files to mlc_app",
    "grant set on parameter session_replication_role to mlc_app",
    "reassign owned by mlc_owner to mlc_app",
    "drop owned by mlc_owner",
    "alter default privileges for role mlc_owner grant all on tables to mlc_app",
    # To reach files and programs.
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/mlc-copied'",
    "copy subject (key) from '/etc/passwd'",
    "copy subject (key) from program 'cat /etc/passwd'",
    "select lo_import('/etc/passwd')",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "load 'plpgsql'",
    # To put something in the way of tables, functions and operators.
    "create temp table journal_head (connection text, number bigint, hash text)",
    "create temp view pg_class as select 1 as relname",
    "create temp sequence journal_ids",
    "create function pg_temp.lower(text) returns text language sql return 'x'",
    "create table pg_temp.journal_head (connection text)",
    "create schema mlc_app",
    "create schema authorization mlc_app",
    "create table public.pg_class (relname text)",
    "create view public.sources as select 1",
    "create type public.record as (a int)",
    "create domain public.whole as int",
    "create sequence public.more",
    "create function public.now() returns timestamptz language sql return null",
    "create procedure public.p() language sql begin atomic end",
    "create operator public.= (leftarg = text, rightarg = text, function = texteq)",
    "create aggregate public.max (text) (sfunc = text_larger, stype = text)",
    "create cast (text as bigint) with inout as implicit",
    'create collation public.c from "C"',
    "create text search dictionary public.d (template = simple)",
    "create table pg_catalog.journal_head (connection text)",
    # To change what is there.
    "create or replace function refuse_change() returns trigger language sql return null",
    "alter function make_months(date, date) owner to mlc_app",
    "alter function make_months(date, date) reset search_path",
    "alter function continue_chain() security invoker",
    "alter table journal owner to mlc_app",
    "alter view event_status owner to mlc_app",
    "create or replace view event_status as select 1",
    "create trigger more before insert on journal for each row execute function refuse_change()",
    "create rule forget as on insert to journal do instead nothing",
    "create policy none on journal using (false)",
    "create index on journal (connection)",
    "create statistics of_journal on connection, number from journal",
    "comment on table journal is 'x'",
    "select setval('journal_ids', 1)",
    "select setval('run_ids', 1)",
    # To bring something along.
    "create extension vector",
    "create language other handler plpgsql_call_handler",
    "create event trigger ends on ddl_command_end execute function refuse_change()",
    "create foreign data wrapper other",
    "create server other foreign data wrapper other",
    "create user mapping for mlc_app server other",
    "create publication other for all tables",
    "create subscription other connection 'dbname=ml_connector' publication other",
    "create tablespace other location '/tmp'",
    "select dblink_connect('user=ml_connector')",
    "select * from dblink('user=ml_connector', 'select 1') as t(a int)",
)
# Things that nobody has: not refused, but not there.
NOT_THERE = (
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
    psycopg.errors.FeatureNotSupported,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)
    setup.initialise(settings)
    with database_server(settings) as running:
        with psycopg.connect(running.url) as connection:
            connection.execute(ROW)
            connection.execute("insert into act (person, what, details) values ('me', 'it', '{}')")
        yield running


def is_refused(connection: psycopg.Connection, statement: str) -> bool:
    try:
        connection.execute(statement.encode())
    except (psycopg.errors.InsufficientPrivilege, *NOT_THERE):
        return True
    return False


def test_what_runs_adds_to_the_journal_and_takes_nothing_back(server: DatabaseServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        done = [one for one in FORBIDDEN if not is_refused(connection, one)]
        kept = connection.execute("select quantity, hash from journal").fetchall()
        head = connection.execute("select connection, number from journal_head").fetchall()
        months = connection.execute("select make_months('2031-01-01', '2031-02-01')").fetchone()
        for statement in ("delete from journal_2031_01", "insert into journal_2031_01 values (1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())

    assert done == []
    assert kept == [(5, "1" * 64)]
    assert head == [("acme", 1)]
    assert months == (6,)


def test_what_runs_makes_decisions_holds_them_and_takes_them_back(server: DatabaseServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            "insert into connection (name, mode, settings) values ('a', 'live', '{}')"
        )
        connection.execute(
            "insert into decision (connection, flow, key, kind, cause, note, person, about)"
            " values ('a', 'receiving', '1', 'handled', 'bug', 'n', 'me', '{}')"
        )
        held = connection.execute("select id from decision for update").fetchall()
        connection.execute(
            "update decision set taken_back_at = now(), taken_back_by = 'me', lapsed_why = 'x'"
        )

    assert len(held) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update journal_head set number = 0",
        "delete from journal_head",
        "insert into journal_head values ('other', 0, '')",
        "truncate journal_head",
    ],
)
def test_not_even_the_owner_writes_the_end_of_a_chain(
    server: DatabaseServer, statement: str
) -> None:
    with (
        psycopg.connect(server.owner_url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="follows its rows"),
    ):
        connection.execute(statement.encode())


def test_to_allow_it_again_changes_nothing(server: DatabaseServer) -> None:
    def privileges() -> list[tuple[object, ...]]:
        with psycopg.connect(server.owner_url) as connection:
            return connection.execute(
                "select relname, relacl::text from pg_class where relacl is not null order by 1"
            ).fetchall()

    before = privileges()
    running_role.allow(server.owner_url)
    after = [one for one in privileges() if "2031" not in str(one[0])]

    assert after == [one for one in before if "2031" not in str(one[0])]


# Whoever can make temporary things puts a view before the catalog, which a function that runs
# as its owner would read: and with it, whatever the view calls.
SHADOWS: tuple[str, ...] = (
    "create function pg_temp.taken() returns text language sql return 1 / 0",
    "create temp view pg_class as select pg_temp.taken() as relname, 2200::oid as relnamespace",
    "create temp view pg_namespace as select pg_temp.taken() as nspname, 0::oid as oid",
    "create temp table journal_head (connection text primary key, number bigint, hash text)",
    "create temp table event (like public.event)",
    "create function pg_temp.to_char(timestamptz, text) returns text language sql return 1 / 0",
)


@pytest.fixture
def armed(server: DatabaseServer) -> Iterator[psycopg.Connection]:
    """A session of the running role as it would be where temporary tables are allowed to it."""
    grant = "{} temporary on database ml_connector {} mlc_app"
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute(grant.format("grant", "to").encode())
        with psycopg.connect(server.url, autocommit=True) as connection:
            for statement in SHADOWS:
                connection.execute(statement.encode())
            connection.execute("set search_path = pg_temp, pg_catalog, public")
            yield connection
        owner.execute(grant.format("revoke", "from").encode())


def test_what_a_session_puts_before_the_tables_no_definer_sees(armed: psycopg.Connection) -> None:
    made = armed.execute("select public.make_months('2032-01-01', '2032-01-02')").fetchone()
    forged = (
        ROW.replace("into journal", "into public.journal")
        .replace("'acme', 1", "'acme', 7")
        .replace("repeat('0', 64)", "repeat('9', 64)")
    )
    armed.execute("insert into journal_head values ('acme', 6, repeat('9', 64))")
    with pytest.raises(psycopg.errors.RaiseException, match="does not continue it"):
        armed.execute(forged.encode())
    head = armed.execute("select number from public.journal_head").fetchall()

    assert made == (3,)
    assert head == [(1,)]


def test_every_function_that_runs_as_its_owner_has_a_path_of_its_own(
    server: DatabaseServer,
) -> None:
    with psycopg.connect(server.owner_url) as connection:
        found = connection.execute(
            "select p.oid::regprocedure::text, p.proowner::regrole::text, r.rolsuper,"
            " array(select one from unnest(p.proconfig) as one where one like 'search_path=%'),"
            " has_function_privilege('public', p.oid, 'execute'),"
            " has_function_privilege('mlc_report', p.oid, 'execute')"
            " from pg_proc as p join pg_roles as r on r.oid = p.proowner"
            " where p.prosecdef order by 1"
        ).fetchall()

    assert [one[0] for one in found] == ["continue_chain()", "make_months(date,date)"]
    assert {one[1:3] for one in found} == {("mlc_owner", False)}
    assert {tuple(one[3]) for one in found} == {("search_path=pg_catalog, public, pg_temp",)}
    assert {one[4:] for one in found} == {(False, False)}


def test_only_the_first_role_is_a_superuser_and_it_owns_nothing(server: DatabaseServer) -> None:
    with psycopg.connect(server.owner_url) as connection:
        roles = connection.execute(
            "select rolname, rolsuper, rolcreatedb, rolcreaterole from pg_roles"
            " where rolcanlogin order by 1"
        ).fetchall()
        owners = connection.execute(OWNERS).fetchall()

    assert roles == [
        (SUPERUSER, True, True, True),
        ("mlc_app", False, False, False),
        ("mlc_owner", False, True, False),
        ("mlc_report", False, False, False),
    ]
    assert owners == [("mlc_owner",)]


OWNERS = """
    select datdba::regrole::text from pg_database where datname = current_database()
    union select nspowner::regrole::text from pg_namespace where nspname = 'public'
    union select relowner::regrole::text from pg_class
    where relnamespace = 'public'::regnamespace
    union select proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace
    union select typowner::regrole::text from pg_type where typnamespace = 'public'::regnamespace
"""


def test_who_reports_reads_everything_and_writes_nothing(server: DatabaseServer) -> None:
    with psycopg.connect(server.report_url, autocommit=True) as connection:
        tables = connection.execute(
            "select c.oid::regclass::text, has_table_privilege(c.oid, 'select'),"
            " has_table_privilege(c.oid, 'insert, update, delete, truncate, trigger')"
            " from pg_class as c where c.relnamespace = 'public'::regnamespace"
            " and c.relkind in ('r', 'p', 'v')"
        ).fetchall()
        for statement in (
            "insert into turn values ('acme', 'x', now())",
            "select nextval('run_ids')",
            "select make_months('2033-01-01', '2033-01-02')",
            "set role mlc_app",
            "create table public.t (a int)",
            "create schema s",
            "copy (select 1) to program 'true'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())

    # What was made after the last start of the rights is read by whoever made it.
    readable = {name for name, reads, _ in tables if reads}
    assert {"journal", "posting", "source_line", "subject", "event_status"} <= readable
    assert [name for name, _, writes in tables if writes] == []


async def test_a_month_end_needs_no_more_than_its_role(
    server: DatabaseServer, tmp_path: Path
) -> None:
    month = Month.of(datetime.now(UTC).date())
    async with stored.opened(server.report_url, "acme", month, FLOWS) as books:
        head, _ = await books.freeze()
        report = judge(month, await books.gather({}), connection="acme", head=head)
        written = await files.write(books, report, month, tmp_path / "report")

    assert head.number == 1
    assert [path.suffix for path in written] == [".html", ".xlsx", ".csv"]


def test_on_a_server_of_ones_own_a_role_that_runs_gets_the_same_rights(
    server_url: str, tmp_path: Path
) -> None:
    name = f"own_{uuid.uuid4().hex[:12]}"
    url = make_url(server_url).set(database=name)
    running = url.set(username="mlc_app").render_as_string(hide_password=False)
    with psycopg.connect(server_url) as connection:
        if connection.execute("select to_regrole('mlc_app')::text").fetchone() != ("mlc_app",):
            pytest.skip("the server of the tests has no such role")
    administer(server_url, sql.SQL("create database {}").format(sql.Identifier(name)))
    for each in (url.render_as_string(hide_password=False), running):
        setup.initialise(Settings(data_dir=tmp_path / "data", database_url=each))
    with psycopg.connect(running, autocommit=True) as connection:
        connection.execute(ROW)
        taken = [one for one in FORBIDDEN if " journal" in one and " temp " not in one]
        done = [one for one in taken if not is_refused(connection, one)]
        kept = connection.execute("select quantity from journal").fetchall()
    drop_database(server_url, name)

    assert len(taken) > 15
    assert done == []
    assert kept == [(5,)]


def test_what_an_older_release_left_with_the_superuser_is_handed_over(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=None)
    setup.initialise(settings)
    with database_server(settings) as server:
        superuser = psycopg.conninfo.make_conninfo(server.owner_url, user=SUPERUSER)
        with psycopg.connect(server.url) as connection:
            connection.execute(ROW)
        with psycopg.connect(superuser, autocommit=True) as connection:
            # As it was before: one superuser that owns everything, one role that runs.
            connection.execute(f"reassign owned by mlc_owner to {SUPERUSER}")
            connection.execute("drop owned by mlc_owner, mlc_report")
            connection.execute("drop role mlc_owner, mlc_report")
            connection.execute("grant temporary on database ml_connector to public")
            before = connection.execute(OWNERS).fetchall()
    with database_server(settings) as server, psycopg.connect(server.owner_url) as connection:
        after = connection.execute(OWNERS).fetchall()
    setup.initialise(settings)
    with database_server(settings) as server, psycopg.connect(server.url) as connection:
        kept = connection.execute("select number, quantity from journal").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create temp table t ()")

    assert before == [(SUPERUSER,)]
    assert after == [("mlc_owner",)]
    assert kept == [(1, 5)]
