"""Running checks side by side within a time, each with its result and remedy."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml_connector.app.connections.checks import Check, outcome_of
from ml_connector.errors import ConnectorError, Retryable, UserError
from ml_connector.shipbob.session import UnexpectedAnswer
from ml_connector.words import System

SECONDS: Final = 118.0
"""A ping ends within two minutes: a check that has no answer by then says so. A query over linked
documents was seen to take 33 s (netsuite.md section 16.11)."""

Tell = Callable[[Check], None]
"""Is told of each check when it ends."""

_AT_ONCE: Final = 4


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One thing to check, before it is checked.

    Attributes:
        name: of the check, when it fails as a whole.
        ask: returns what was found: a sentence, which means ``ok``, or checks of its own.
        needed: the connection can't work without it.
        remedy: used in place of the failure's own when something is forbidden or missing.
        only_when_forbidden: a failure counts as needed only when it is a clear refusal.
        stops: the keys under ``[flows]`` of the flows that a clear refusal stops.
    """

    name: str
    ask: Callable[[], Awaitable[str | Sequence[Check]]]
    needed: bool = True
    remedy: str = ""
    only_when_forbidden: bool = False
    stops: frozenset[str] = frozenset()


def tell_nobody(check: Check) -> None:
    """Tell nobody."""


async def run(
    system: System, probes: Sequence[Probe], *, until: float, tell: Tell = tell_nobody
) -> list[Check]:
    """Run probes side by side; return their checks in order.

    Args:
        system: of the checks.
        probes: what to check.
        until: the time, of the event loop's clock, by which all must be done.
        tell: of each check when it ends.
    """
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(probe: Probe) -> list[Check]:
        async with places:
            found = await run_one(system, probe, until=until)
        for check in found:
            tell(check)
        return found

    return [
        check
        for checks in await asyncio.gather(*(one(probe) for probe in probes))
        for check in checks
    ]


async def run_one(system: System, probe: Probe, *, until: float) -> list[Check]:
    """Run one probe; whatever happens to it becomes a check."""
    check = Check(system=system, name=probe.name, outcome="ok", found="", needed=probe.needed)
    try:
        async with asyncio.timeout_at(until):
            found = await probe.ask()
    except TimeoutError:
        return [
            replace(
                check,
                outcome="failed",
                found="no answer in time",
                remedy="Run ping again; when it goes on, see whether the system is slow today.",
                needed=probe.needed and not probe.only_when_forbidden,
            )
        ]
    except UnexpectedAnswer as error:
        return [_fault(check, str(error))]
    except (ConnectorError, UserError) as error:
        outcome = outcome_of(error)
        own = _remedy(error)
        clear = outcome in {"forbidden", "missing"}
        return [
            replace(
                check,
                outcome=outcome,
                found=f"{error}{stopped(probe.stops) if clear else ''}",
                remedy=(probe.remedy if clear and probe.remedy else own),
                needed=probe.needed and (clear or not probe.only_when_forbidden),
            )
        ]
    except Exception as error:  # noqa: BLE001 - one check must not cost the others
        return [_fault(check, type(error).__name__)]
    if isinstance(found, str):
        return [replace(check, found=found)]
    return list(found)


def _fault(check: Check, known: str) -> Check:
    return replace(
        check,
        outcome="failed",
        found=f"a fault of this software: {known}",
        remedy="Report it with the text above.",
        needed=False,
    )


def stopped(flows: Iterable[str]) -> str:
    """Return what is said of the flows that a refusal stops; nothing for none. Pure."""
    named = ", ".join(sorted(flow.replace("_", "-") for flow in flows))
    return f"; this stops {named}" if named else ""


def is_needed(flows: frozenset[str], off: frozenset[str]) -> bool:
    """Return whether one of these flows is on; of none: whether it is needed whatever is on.

    Args:
        flows: keys under ``[flows]``.
        off: those of the flows that are off.
    """
    return not flows or bool(flows - off)


def _remedy(error: ConnectorError | UserError) -> str:
    match error:
        case Retryable():
            return error.remedy_of_a_command
        case ConnectorError():
            return error.remedy
        case UserError():
            return error.next_step
