"""What is known of the stored secrets and tokens without opening them."""

from typing import Any, Final

import psycopg

from ml_connector.storage.database import Connection, rows

_KEY_IDS: Final = """
    select distinct key_id from (
        select key_id from secret union all
        select key_id from draft_secret union all
        select key_id from token where key_id is not null
    ) as sealed order by key_id
"""


_SEALED_OTHERWISE: Final = """
    select connection || '/' || field as name from secret where key_id <> %(key_id)s union all
    select 'draft ' || connection || '/' || field from draft_secret
    where key_id <> %(key_id)s union all
    select connection || '/token.' || system from token where key_id <> %(key_id)s
"""


async def sealed_otherwise(on: Connection, key_id: str) -> set[str]:
    """Return the secrets and tokens that are sealed with another master key than this one."""
    return {row["name"] for row in await rows(on, _SEALED_OTHERWISE, {"key_id": key_id})}


async def key_ids(on: Connection) -> list[str]:
    """Return the ids of the master keys that secrets and tokens are sealed with."""
    return [row["key_id"] for row in await rows(on, _KEY_IDS)]


def key_ids_offline(on: psycopg.Connection[Any]) -> list[str]:
    """Return the same, through a plain connection outside the pool."""
    return [str(row[0]) for row in on.execute(_KEY_IDS).fetchall()]


def key_ids_of_secrets(on: psycopg.Connection) -> list[str]:
    """Return the ids of the master keys that secrets are sealed with."""
    return [
        str(row[0])
        for row in on.execute("select distinct key_id from secret order by key_id").fetchall()
    ]


async def access_tokens(on: Connection) -> list[dict[str, Any]]:
    """Return, for each connection and system, the seconds until its token runs out.

    ``left`` is None when that is not known; ``broken``: it can't be renewed without a person;
    ``obtained_at``: when the last one was obtained, None where none was.
    """
    return await rows(
        on,
        "select connection, system, obtained_at, problem is not null as broken,"
        " extract(epoch from expires_at - now())::float8 as left from token",
    )
