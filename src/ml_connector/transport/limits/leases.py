"""Leases of places under a limit that their holders can't give back any more."""

from ml_connector.process_name import is_dead
from ml_connector.storage.database import Database


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
    freed = await database.fetch(
        "with freed as (update slot set leased_until = '-infinity', holder = null"
        " where holder = any (%(dead)s) returning 1) select count(*) as slots from freed",
        {"dead": dead},
    )
    return int(freed[0]["slots"])
