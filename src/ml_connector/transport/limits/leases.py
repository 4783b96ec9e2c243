"""Leases that their holders can't give back any more."""

from ml_connector.process_name import is_dead
from ml_connector.storage.database import Database, one, rows


async def free_slots_of_the_dead(database: Database) -> int:
    """Free the slots of processes of this machine that are gone; return how many.

    Slots of processes elsewhere come free when their lease runs out. A call that the other
    system is still working on may then be one too many for a moment, which a 429 corrects.
    """
    held = await database.fetch(
        "select distinct holder from slot where leased_until > now() and holder is not null"
    )
    dead = [row["holder"] for row in held if is_dead(row["holder"])]
    if not dead:
        return 0
    async with database.transaction() as connection:
        freed = await one(
            connection,
            "with freed as (update slot set leased_until = '-infinity', holder = null"
            " where holder = any (%(dead)s) returning 1) select count(*) as slots from freed",
            {"dead": dead},
        )
        await rows(
            connection,
            "update token set lease_holder = null, lease_until = '-infinity'"
            " where lease_holder = any (%(dead)s)",
            {"dead": dead},
        )
    return freed["slots"] if freed else 0
