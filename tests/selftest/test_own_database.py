"""A run on somebody else's server leaves no database there, also when that was restarted."""

from pathlib import Path

import psycopg

from ml_connector.config.settings import Settings
from ml_connector.selftest.chaos.own_database import own_database

OF_A_RUN = "select datname from pg_database where datname like 'chaos%'"


def test_a_restart_of_the_server_under_a_run_leaves_no_database(
    server_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"{server_url}")
    with psycopg.connect(server_url, autocommit=True) as server:
        before = set(server.execute(OF_A_RUN))
        with own_database(settings, tmp_path) as own:
            during = set(server.execute(OF_A_RUN)) - before
            server.execute(  # as its restart does to all sessions
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and usename = current_user"
                " and application_name = 'ml-connector schema'"
            )
        after = set(server.execute(OF_A_RUN))

    assert own.database_url is not None
    assert [own.database_url.rsplit("/", 1)[1].partition("?")[0]] == [name for (name,) in during]
    assert after == before
