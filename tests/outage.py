"""A database that goes away: single connections of ours are cut, or its whole server is ended."""

import os
import signal
from pathlib import Path

import psycopg

from ml_connector.storage import postmaster
from waiting import wait_until

_CUT = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and application_name like 'ml-connector%'
"""


def cut(url: str) -> int:
    """End every connection of ours to this database, and wait for that; return how many.

    Those of a test are not ours.
    """
    with psycopg.connect(url, autocommit=True, application_name="test") as connection:
        return connection.execute(_CUT).rowcount


def end_server(data_dir: Path) -> None:
    """Shut the embedded server down at once, as a power cut would, and wait for its end."""
    [file] = data_dir.rglob("postmaster.pid")
    server = postmaster.find(file.parent)
    assert server is not None
    os.kill(server.pid, signal.SIGQUIT)
    wait_until(lambda: not postmaster.is_alive(server.pid))
