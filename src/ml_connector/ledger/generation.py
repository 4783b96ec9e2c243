"""Generations: a restore begins another life of the database, in which no number comes again.

A restore takes the database back to numbers that were given since: of subjects, runs, postings,
jobs, and of the epochs by which a run owns its subject. A worker that was in the middle of a run
when that happened would find its numbers again and take them for its own, and settle a document
of somebody else. So the numbers of the new generation begin beyond all that were given, and what
a worker has from a former generation fits nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg import sql

from ml_connector.storage.database import Connection, one

_SPAN: Final = 1_000_000
"""Numbers begin at a multiple of it: at least so many beyond those that are known."""

_EPOCH_BITS: Final = 20
"""So many epochs, in bits, fit into a second of a generation's number."""

_IDS: Final = """
    select sequencename, coalesce(last_value, 0), max_value from pg_sequences
    where schemaname = 'public'
"""


@dataclass(frozen=True, kw_only=True)
class GivenNumbers:
    """What a database has given out.

    Attributes:
        generation: of the database; None where it keeps none.
        ids: the last id of each sequence.
    """

    generation: int | None
    ids: Mapping[str, int]


async def current(connection: Connection) -> int:
    """Return the number of the generation that a transaction works in."""
    row = await one(connection, "select number from generation")
    assert row is not None  # noqa: S101 - the migration that makes the table fills it
    return int(row["number"])


def given_numbers(connection: psycopg.Connection[Any]) -> GivenNumbers:
    """Return what a database has given out; nothing where there are no tables."""
    there = connection.execute("select to_regclass('public.generation') is not null").fetchone()
    number = None
    if there and there[0]:
        row = connection.execute("select number from public.generation").fetchone()
        number = int(row[0]) if row else None
    found = connection.execute(_IDS).fetchall()
    return GivenNumbers(generation=number, ids={name: int(last) for name, last, _ in found})


def begin_generation(
    connection: psycopg.Connection[Any],
    *,
    replaced: GivenNumbers,
    restored: int | None,
    since: datetime | None,
    now: datetime,
) -> None:
    """Begin a generation, in the transaction that puts the tables back.

    Args:
        connection: of their owner; the schema is this build's.
        replaced: what the database before has given out.
        restored: the generation that the backup is of.
        since: when the backup was made; None: nobody knows.
        now: aware.
    """
    connection.execute(
        "update generation set number = greatest(number + 1, %s + 1, %s)",
        [replaced.generation or 0, int(now.timestamp())],
    )
    # A run owns its subject by id and epoch. New subjects have new ids.
    connection.execute(
        "update subject set epoch = (select number from generation) << %s", [_EPOCH_BITS]
    )
    unknown = 0
    if replaced.generation != restored:
        # Another database than the one of the backup: what that has given since, nobody says.
        unknown = _started_hours(since, now)
    for name, last, largest in connection.execute(_IDS).fetchall():
        known = max(int(last), replaced.ids.get(name, 0))
        first = (known // _SPAN + 2 + unknown) * _SPAN
        if first < largest:
            connection.execute(
                sql.SQL("select setval({}, %s, false)").format(
                    sql.Literal(sql.Identifier("public", name).as_string())
                ),
                [first],
            )


def _started_hours(since: datetime | None, now: datetime) -> int:
    """Return the hours in which numbers may have been given, by less than a million each."""
    if since is None:
        return 0
    return max(0, (now - since) // timedelta(hours=1) + 1)
