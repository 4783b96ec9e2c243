"""The one HTTP client under both systems' clients."""

import copy
import random
import time
from importlib.metadata import version
from typing import Final, Self

import psycopg
import stamina
import structlog
from stamina.instrumentation import PrometheusOnRetryHook, RetryDetails, set_on_retry_hooks

from ml_connector.errors import AlreadyExists, ConnectorError, Retryable
from ml_connector.storage.database import DatabaseAway
from ml_connector.transport import elapsed
from ml_connector.transport.call import Answer, Call, Classify, present_priority
from ml_connector.transport.http.budget import CallBudget
from ml_connector.transport.http.holds import Holds, Reach, looks_anew
from ml_connector.transport.http.meter import Meter, Unmetered
from ml_connector.transport.http.wire import SYSTEM_NAMES, NetworkFailure, Timeouts, Wire
from ml_connector.transport.limits.limits import Limits
from ml_connector.words import Cause

USER_AGENT: Final = f"ml-connector/{version('ml-connector')}"

_ATTEMPTS: Final = 3
_MOST_WAIT_SECONDS: Final = 5.0
_FIRST_WAIT_SECONDS: Final = 0.5

# A lease that ends with the call would free the slot while the last bytes arrive.
_LEASE_MARGIN_SECONDS: Final = 5.0

# ShipBob's 429 without a time in it.
_BLOCK_SECONDS: Final = 10.0

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Transport:
    """Sends calls under their limits. One per process; use as an async context manager.

    Args:
        limits: the limits that calls name; must be configured before the first call.
        holds: which connections may make no call just now.
        meter: is told of every attempt.
        user_agent: how we name ourselves.
        timeouts: seconds that calls may take.

    Raises:
        ValueError: a slot's lease would run out during the longest call.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        holds: Holds,
        meter: Meter | None = None,
        user_agent: str = USER_AGENT,
        timeouts: Timeouts | None = None,
    ) -> None:
        timeouts = timeouts or Timeouts()
        if limits.lease_seconds < timeouts.longest + _LEASE_MARGIN_SECONDS:
            raise ValueError(
                f"a lease of {limits.lease_seconds:g} s is too short for calls "
                f"of {timeouts.longest:g} s"
            )
        self._limits = limits
        self._holds = holds
        self._reach = Reach.NOTHING
        self._budget: CallBudget | None = None
        self._meter: Meter = meter or Unmetered()
        self._wire = Wire(timeouts=timeouts, user_agent=user_agent)

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.__aexit__()
        await self._limits.aclose()

    def reaching(self, reach: Reach) -> "Transport":
        """Return the same transport, with which some calls of a held connection go out."""
        other = copy.copy(self)
        other._reach = reach  # noqa: SLF001 - its own class
        return other

    def within(self, budget: CallBudget) -> "Transport":
        """Return the same transport, with which no more calls go out than a budget allows."""
        other = copy.copy(self)
        other._budget = budget  # noqa: SLF001 - its own class
        return other

    async def send(self, call: Call, classify: Classify) -> Answer:
        """Send one call and return its answer, once ``classify`` finds nothing wrong with it.

        It goes in the order of its priority, or of that of the work that it is for
        (``working_at``), if that comes later. The wait for the limit does not count as time of
        the call. A repeatable call that
        fails in passing is sent up to three times, as long as the waits between come to 5
        seconds at most. Any other call is sent once; only when not one byte of it had left
        is it tried again.

        Raises:
            ConnectorError: what ``classify`` made of the answer.
            Retryable: no whole answer came, or ``send_by`` had passed before the turn came;
                ``outcome_unknown`` says whether the call may have been carried out. Or the
                connection is held (``connection_held``): nothing was sent.
            NeedsHuman: the address leads to a place that must not be called.
            LookupError: the call names a limit that was never configured.
            DatabaseAway: the limit can't be asked for; nothing was sent.
            EnoughCalls: the budget is spent; nothing was sent.
        """
        tries = _Tries(call)
        async for attempt in stamina.retry_context(
            on=tries.wait_before_next, attempts=_ATTEMPTS, timeout=None
        ):
            with attempt:
                return await self._attempt(call, classify, tries)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, call: Call, classify: Classify, tries: "_Tries") -> Answer:
        async with self._limits.pass_(call.limit, max(call.priority, present_priority())):
            if call.send_by is not None and elapsed.seconds() > call.send_by:
                tries.may_repeat = False
                raise Retryable(
                    f"The call to {SYSTEM_NAMES[call.system]} waited too long for its turn "
                    f"and was not sent ({call.operation})",
                    cause=Cause.RATE_LIMITED,
                )
            if not self._reach.covers(call):
                held = await self._holds.refusal(call.connection, fresh=looks_anew(call))
                if held is not None:
                    tries.may_repeat = False
                    raise held
            tries.take_from(self._budget)
            answer, failure = await self._metered(call, classify, tries)
        # After the pass: the limit's own bookkeeping must not take up its time.
        await self._heed(call, answer, failure)
        if failure is not None:
            raise failure
        return answer

    async def _metered(
        self, call: Call, classify: Classify, tries: "_Tries"
    ) -> tuple[Answer, ConnectorError | None]:
        outcome = "cancelled"
        began = time.monotonic()
        self._meter.call_began(call)
        try:
            answer = await self._wire.exchange(call)
            failure = classify(answer)
            outcome = _outcome(failure)
        except NetworkFailure as error:
            tries.may_repeat = error.repeatable and (call.repeatable or error.before_sending)
            outcome = _outcome(error.failure)
            raise error.failure from error
        except Exception:
            outcome = Cause.BUG.value
            raise
        else:
            tries.may_repeat = call.repeatable
            return answer, failure
        finally:
            self._meter.call_ended(call, outcome, time.monotonic() - began)

    async def _heed(self, call: Call, answer: Answer, failure: ConnectorError | None) -> None:
        """Adapt the limit to what the other system said about it."""
        if not call.limit:
            return
        try:
            if isinstance(failure, Retryable) and failure.cause is Cause.RATE_LIMITED:
                if call.system == "netsuite":
                    await self._limits.lower(call.limit)
                else:
                    seconds = failure.retry_after_seconds
                    await self._limits.block(
                        call.limit, _BLOCK_SECONDS if seconds is None else seconds
                    )
            remaining = _calls_left(answer)
            if remaining is not None and remaining.isascii() and remaining.isdigit():
                await self._limits.note_remaining(call.limit, min(int(remaining[:9]), 1_000_000))
        except (DatabaseAway, psycopg.Error) as error:
            # The answer may be that of a write: it must not be lost over a note.
            _log.warning("limit_not_adapted", limit=call.limit, reason=type(error).__name__)


class _Tries:
    """Whether and when a call is sent again."""

    def __init__(self, call: Call) -> None:
        self.may_repeat = call.repeatable
        self._waits = 0
        self._waited_seconds = 0.0

    def take_from(self, budget: CallBudget | None) -> None:
        """Count an attempt; one that is not allowed is not tried again."""
        if budget is None:
            return
        may_repeat, self.may_repeat = self.may_repeat, False
        budget.take()
        self.may_repeat = may_repeat

    def wait_before_next(self, error: Exception) -> bool | float:
        """Return the seconds before the next attempt, or False when there is none."""
        if not self.may_repeat or not isinstance(error, Retryable):
            return False
        wait = error.retry_after_seconds
        if wait is None:
            longest = _FIRST_WAIT_SECONDS * 4.0**self._waits
            wait = random.uniform(0, longest)  # noqa: S311 - jitter, not a secret
        if self._waited_seconds + wait > _MOST_WAIT_SECONDS:
            return False
        self._waits += 1
        self._waited_seconds += wait
        return max(0.0, wait)


def _tell_of_repetition(details: RetryDetails) -> None:
    """Log in our words that a call is made again; the library's own line names its machinery."""
    _log.info(
        "call_repeated", reason=str(details.caused_by), after_seconds=round(details.wait_for, 1)
    )


set_on_retry_hooks([PrometheusOnRetryHook, _tell_of_repetition])


def _calls_left(answer: Answer) -> str | None:
    """Return what ShipBob says is left; its pages disagree about the name (SB-007)."""
    return answer.header("x-remaining-calls") or answer.header("x-ratelimit-remaining")


def _outcome(failure: ConnectorError | None) -> str:
    if failure is None:
        return "ok"
    if isinstance(failure, AlreadyExists):
        return "already_exists"
    return failure.cause.value
