"""Intake: arrivals become inbox rows, marked subjects and jobs, in one transaction.

Whatever arrives comes through here: webhooks, sweeps, wake-ups and what people ask for.
"""

from collections.abc import Sequence
from typing import Final

from ml_connector.engine.work.lanes import BULK, LIVE, Lanes
from ml_connector.ledger.inbox import inbox
from ml_connector.ledger.inbox.inbox import Arrival, TakenIn
from ml_connector.storage.database import Connection, Database
from ml_connector.storage.group import GroupCommit

# Arrivals in one commit. Their senders are all answered together: nothing that they do then
# holds up the next commit.
_MOST: Final = 256

# While one commit is under way, the next is prepared and sent beside it: the database works on
# one while the senders of the other are answered.
_AT_ONCE: Final = 2


async def take_in(
    connection: Connection, lanes: Lanes, arrivals: Sequence[Arrival]
) -> list[TakenIn]:
    """Store arrivals, mark their subjects and see that each has a job; answers in their order.

    All or nothing; nothing is on disk before the transaction of ``connection`` commits.
    """
    if not arrivals:
        return []
    bulk = all(arrival.source == "sweep" for arrival in arrivals)
    return await inbox.take_in(
        connection, arrivals, task=lanes.task, priority=BULK if bulk else LIVE
    )


class Intake:
    """Takes single arrivals in, those that come at about the same time in one commit."""

    def __init__(self, database: Database, lanes: Lanes) -> None:
        self._lanes = lanes
        self._commits: GroupCommit[Arrival, TakenIn] = GroupCommit(
            database,
            self._take_in,
            most=_MOST,
            at_once=_AT_ONCE,
            answers_at_a_time=_MOST,
            repeatable=True,  # a delivery that is stored already is found to be there
            one_statement=True,
        )

    async def accept(self, arrival: Arrival) -> TakenIn:
        """Take one arrival in; return after the commit that holds it.

        Raises:
            DatabaseAway: nothing was stored.
        """
        return await self._commits(arrival)

    async def _take_in(self, connection: Connection, arrivals: Sequence[Arrival]) -> list[TakenIn]:
        return await take_in(connection, self._lanes, arrivals)
