"""Leases of tokens whose holders died in the middle of a renewal."""

from ml_connector.process_name import is_dead
from ml_connector.storage.database import Database


async def free_tokens_of_the_dead(database: Database) -> None:
    """Let others renew what processes of this machine that are gone were renewing.

    Leases of processes elsewhere run out.
    """
    held = await database.fetch(
        "select distinct lease_holder as holder from token"
        " where lease_until > now() and lease_holder is not null"
    )
    dead = [row["holder"] for row in held if is_dead(row["holder"])]
    if dead:
        await database.fetch(
            "update token set lease_holder = null, lease_until = '-infinity'"
            " where lease_holder = any (%(dead)s)",
            {"dead": dead},
        )
