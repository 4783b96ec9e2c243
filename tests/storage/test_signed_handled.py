"""A database from before units that leave could be handled keeps its decisions."""

from collections.abc import Iterator

import psycopg
import pytest

from ml_connector.storage.migrate import migrate
from storage.older import older_database

TAKE = (
    "insert into handled_line (decision_id, name, subject_id, item, location, quantity)"
    " values (1, %(name)s, 1, '501', '6', %(quantity)s)"
)


@pytest.fixture
def old_database(server_url: str) -> Iterator[str]:
    with older_database(server_url, "0030") as url:
        yield url


def test_units_that_leave_are_handled_with_a_minus_and_none_at_all_is_no_row(
    old_database: str,
) -> None:
    with psycopg.connect(old_database, autocommit=True) as connection:
        connection.execute(
            "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
        connection.execute(
            "insert into subject (connection, flow, key, state, marked, converged)"
            " values ('acme', 'tracking', '1', 'dead', 1, 0)"
        )
        connection.execute(
            "insert into decision (connection, flow, key, kind, cause, note, person, about)"
            " values ('acme', 'tracking', '1', 'handled', 'over_fulfillment', 'n', 'Kim', '{}')"
        )
        connection.execute(TAKE, {"name": "inventory 1", "quantity": 60})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(TAKE, {"name": "inventory 2", "quantity": -40})

    migrate(old_database)

    with psycopg.connect(old_database, autocommit=True) as connection:
        connection.execute(TAKE, {"name": "inventory 2", "quantity": -40})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(TAKE, {"name": "inventory 3", "quantity": 0})
        found = connection.execute("select name, quantity from handled_line order by name")
        kept = found.fetchall()

    assert kept == [("inventory 1", 60), ("inventory 2", -40)]
