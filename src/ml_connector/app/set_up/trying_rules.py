"""What each policy would have done to recent facts, before a connection is applied. Read only.

At most 200 facts are read with at most 60 calls: those of the last 30 days that ShipBob and
NetSuite list first. Each is planned as each choice of each policy would have it, which costs no
call. Only counts are kept.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.comparing_plans import (
    FlowTried,
    PlannedFact,
    RulesTried,
    count_tried,
)
from ml_connector.app.set_up.opening import OpenedDraft, open_draft
from ml_connector.app.set_up.sentences import POLICIES, SOURCES
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.reads.reads import Reads
from ml_connector.transport.http.budget import CallBudget, EnoughCalls
from ml_connector.transport.spoiled import SpoiledRow, gathering

MOST_CALLS: Final = 60
LOOK_BACK: Final = timedelta(days=30)


class _Share(NamedTuple):
    """What a flow may take.

    Attributes:
        facts: at most.
        calls: of all flows up to this one; what one leaves over is the next one's.
        at_once: facts that are read together: so that some are whole when the calls are spent.
    """

    facts: int
    calls: int
    at_once: int


_SHARES: Final = {
    "receiving": _Share(60, 20, 30),
    "tracking": _Share(80, 38, 40),
    "purchase-orders": _Share(30, 48, 3),
    "returns": _Share(30, MOST_CALLS, 2),
}

MOST_FACTS: Final = sum(one.facts for one in _SHARES.values())

Tells = Callable[[str], None]


async def try_rules(
    installation: Installation, name: str, tells: Tells, *, now: datetime | None = None
) -> RulesTried:
    """Plan recent facts as each choice of each policy would have it.

    Args:
        installation: where.
        name: of the draft.
        tells: is told what is being read.
        now: the time; None: by the clock.

    Raises:
        UserError: there is no such draft, or a value of it can't be used.
        NeedsHuman: its secrets can't be opened, or its credentials can't be used.
    """
    budget = CallBudget(MOST_CALLS)
    opened = await open_draft(installation.within(budget), name)
    return await try_with(opened, budget, tells, now=now or datetime.now(UTC))


async def try_with(
    opened: OpenedDraft, budget: CallBudget, tells: Tells, *, now: datetime
) -> RulesTried:
    """Return the same of settings that are opened already.

    Args:
        opened: whose calls the budget counts.
        budget: of calls.
        tells: is told what is being read.
        now: the time.

    Raises:
        NeedsHuman: the credentials can't be used.
    """
    start = opened.settings.start_date or first_day(opened.settings, now)
    settings = opened.settings.model_copy(update={"start_date": start})
    await opened.netsuite()[1].token()
    within: dict[int, int] = {}
    reads = opened.reads(_reading(settings), within)
    flows: list[FlowTried] = []
    facts: list[PlannedFact] = []
    for key, share in _SHARES.items():
        flow = FLOWS[key]
        tells(f"Reading {SOURCES[key][1]}")
        budget.most = share.calls
        looked, seen = await _read(flow, reads, now - LOOK_BACK, share, within)
        flows.append(looked)
        facts += [PlannedFact(flow, one) for one in seen]
    return count_tried(facts, settings, flows, calls=budget.spent)


def first_day(settings: ConnectionSettings, now: datetime) -> date:
    """Return the start date that is proposed: the first day of this month. Pure."""
    return now.astimezone(settings.schedule.zone).date().replace(day=1)


def _reading(settings: ConnectionSettings) -> ConnectionSettings:
    """Return the settings with which most is read, whatever is chosen."""
    policies = settings.policies.model_copy(
        update={"unmatched_shipment": "adjust", "fulfillment": "create"}
    )
    return settings.model_copy(update={"policies": policies, "start_date": None})


async def _read(
    flow: Flow, reads: Reads, since: datetime, share: _Share, within: dict[int, int]
) -> tuple[FlowTried, list[Any]]:
    """Read the facts of a flow, as many as it may; what fails is counted."""
    keys: list[str] = []
    failure: ConnectorError | None = None
    spoiled: list[SpoiledRow] = []
    try:
        with gathering(spoiled):
            async for seen in flow.sweep(reads, since, ()):
                keys.append(seen.key)
                if seen.within is not None:
                    within[int(seen.key)] = int(seen.within)
                if len(keys) >= share.facts:
                    break
    except ConnectorError as error:
        failure = error
    facts: list[Any] = []
    unread = len(spoiled)
    for some in _portions(keys, share.at_once):
        answers = await asyncio.gather(
            *(flow.facts_beside((), key, reads) for key in some), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, ConnectorError):
                unread += 1
                failure = failure or answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                facts.append(answer)
        if isinstance(failure, EnoughCalls):
            break
    unread = max(unread, len(keys) - len(facts))
    said = "" if failure is None or isinstance(failure, EnoughCalls) else str(failure)
    return FlowTried(flow=flow.name, facts=len(facts), not_read=unread, failure=said), facts


def _portions(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


__all__ = ["MOST_CALLS", "MOST_FACTS", "POLICIES", "first_day", "try_rules"]
