"""Leases of places under a limit that their holders can't give back any more."""

from ml_connector.process_name import is_dead
from ml_connector.storage.database import Database
from ml_connector.transport.limits.grants import COUNT_ON


async def free_slots_of_the_dead(database: Database) -> int:
    """Free the slots of processes of this machine that are gone; return how many.

    Slots of processes elsewhere come free when their lease runs out. A call that the other
    system is still working on may then be one too many for a moment, which a 429 corrects.
    Turns of a minute whose calls may have been under way count for a minute from now on.
    """
    held = await database.fetch(
        "select holder from slot where leased_until > now() and holder is not null"
        " union select holder from minute_turn where holder <> '' and turns > 0"
    )
    dead = [row["holder"] for row in held if is_dead(row["holder"])]
    if not dead:
        return 0
    freed = await database.fetch(_FREE, {"dead": dead})
    await database.fetch(_END_TURNS, {"dead": dead})
    return int(freed[0]["slots"])


_FREE = """
    with freed as (
        update slot set leased_until = '-infinity', holder = null
        where holder = any (%(dead)s) returning 1
    )
    select count(*) as slots from freed
"""

_END_TURNS = f"""
    with over as (
        delete from minute_turn where holder = any (%(dead)s) returning limit_key, turns
    )
    {COUNT_ON}
"""  # noqa: S608 - put together from constants of ours
