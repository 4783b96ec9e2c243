"""On the embedded server what runs may add to the journal, and never take anything back."""

from collections.abc import Iterator

import psycopg
import pytest

from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import DatabaseServer, database_server
from ml_connector.config.settings import Settings
from ml_connector.storage import running_role

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
    "update alembic_version set version_num = '0001'",
    "set role ml_connector",
    "alter role mlc_app superuser",
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


def test_what_runs_adds_to_the_journal_and_takes_nothing_back(server: DatabaseServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        kept = connection.execute("select quantity, hash from journal").fetchall()
        head = connection.execute("select connection, number from journal_head").fetchall()
        months = connection.execute("select make_months('2031-01-01', '2031-02-01')").fetchone()
        for statement in ("delete from journal_2031_01", "insert into journal_2031_01 values (1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())

    assert kept == [(5, "1" * 64)]
    assert head == [("acme", 1)]
    assert months == (6,)


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
