"""What a run of chaos does and when, drawn from its seed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final, Literal

from ml_connector.sim.faults import Fault
from ml_connector.sim.stories.retail_catalogue import STYLES
from ml_connector.sim.stories.retail_plan import Wish, plan_month
from ml_connector.sim.stories.retailer import SMALL

Victim = Literal["worker_in_call", "worker", "other_worker", "web", "supervisor", "all"]
"""Who is killed. ``worker_in_call``: the worker for whom NetSuite has just booked something and
who does not know it yet."""

DAYS: Final = 14
"""Of the month's plan: enough for goods that nobody ordered and for things that come back."""

_ANY_DAY: Final = date(2026, 11, 2)
_EVENTS_A_PUSH: Final = 50
_KILLS_A_RESTART: Final = 10
_VICTIMS: Final[Sequence[Victim]] = (
    "worker_in_call",
    "worker_in_call",
    "worker",
    "other_worker",
    "web",
    "supervisor",
    "all",
)


@dataclass(frozen=True, kw_only=True)
class Kill:
    """A kill -9, or an end of the database.

    Attributes:
        before: the number of the event that comes next.
        victim: None where it is the database that ends.
    """

    before: int
    victim: Victim | None


@dataclass(frozen=True, kw_only=True)
class ChaosPlan:
    """What a run does.

    Attributes:
        shipments: sales orders of the retailer's month.
        pushes: the numbers of the events before which a purchase order is entered that the
            service announces.
        docks: likewise, before which the goods of one such order come in.
        kills: in the order of their events.
        events: of the month, with the pushes and docks.
        slow_clock: from which event to which ShipBob's clock goes slowly, and falls behind.
        jump: before which event it jumps ahead.
    """

    shipments: int
    pushes: tuple[int, ...]
    docks: tuple[int, ...]
    kills: tuple[Kill, ...]
    events: int
    jump: int
    slow_clock: tuple[int, int]


def chaos_plan(events: int, kills: int, *, seed: int) -> ChaosPlan:
    """Plan a run.

    Args:
        events: at least so many; the month is the smallest that has them.
        kills: of processes; the database is ended besides, once for each ten of them.
        seed: of all that is drawn.
    """
    random = Random(seed)  # noqa: S311 - repeatable play, not secrecy
    pushes = max(1, events // _EVENTS_A_PUSH)
    shipments, told = _month(events - 2 * pushes, seed)
    middle = max(1, told // 2)
    victims = [random.choice(_VICTIMS) for _ in range(kills)]
    if kills:
        victims[0] = "worker_in_call"
    drawn = [Kill(before=random.randrange(told), victim=one) for one in victims]
    drawn += [
        Kill(before=random.randrange(told), victim=None)
        for _ in range(max(1, kills // _KILLS_A_RESTART) if kills else 0)
    ]
    return ChaosPlan(
        shipments=shipments,
        pushes=tuple(sorted(random.randrange(middle) for _ in range(pushes))),
        docks=tuple(sorted(random.randrange(middle, told) for _ in range(pushes))),
        kills=tuple(sorted(drawn, key=lambda one: one.before)),
        events=told + 2 * pushes,
        jump=told // 3,
        slow_clock=(told // 2, told * 3 // 4),
    )


def _month(events: int, seed: int) -> tuple[int, int]:
    """Return the fewest sales orders whose month has so many events, and how many it has."""

    def counted(shipments: int) -> int:
        styles = 2 if shipments <= SMALL else len(STYLES)
        wish = Wish(first_day=_ANY_DAY, days=DAYS, shipments=shipments, seed=seed, styles=styles)
        return len(plan_month(wish).events)

    low, high = 1, max(2, events)
    while low < high:
        half = (low + high) // 2
        if counted(half) >= events:
            high = half
        else:
            low = half + 1
    return low, counted(low)


def faults() -> tuple[Fault, ...]:
    """Return what goes wrong with calls to both systems all the while."""
    return (
        Fault(kind="latency", probability=0.05, seconds=0.02, seconds_max=0.5),
        Fault(kind="error_after_commit", probability=0.01),
        Fault(kind="cut_after_commit", probability=0.01),
        Fault(kind="gateway_timeout", probability=0.005),
        Fault(kind="truncated", probability=0.005),
        Fault(kind="error_before_commit", probability=0.005),
        Fault(kind="cut_before_commit", probability=0.005),
        Fault(kind="bad_gateway", probability=0.005),
        Fault(kind="unavailable", probability=0.005),
        Fault(kind="rate_limited", probability=0.005),
    )
