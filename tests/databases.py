"""Dropping the databases that tests make."""

import psycopg
from psycopg import sql

_END_CLIENTS = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = %s and backend_type = 'client backend'
"""


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever still has a session in it.

    Not ``with (force)``: that would have to end the server's own processes as well, such as a
    vacuum, which only a superuser may. Without it the server sees to them itself.
    """
    named = sql.Identifier(name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} allow_connections false").format(named))
        connection.execute(_END_CLIENTS, [name])
        connection.execute(sql.SQL("drop database {}").format(named))
