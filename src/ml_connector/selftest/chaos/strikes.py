"""The kills of a run, each when its event has come."""

import time
from collections.abc import Sequence
from random import Random
from typing import Final

from ml_connector.selftest.chaos.happening import CONNECTION
from ml_connector.selftest.chaos.plan import Kill
from ml_connector.selftest.chaos.service import KilledService, Rows, wait_until
from ml_connector.sim.netsuite import NetSuiteSim

RECOVERY_SECONDS: Final = 90.0

_CALL_SECONDS: Final = 5.0
"""So long a call is waited for before one event; so long NetSuite's answer may be in doubt."""
_HANG_SECONDS: Final = 20.0
_EVENTS_PUT_OFF: Final = 10
"""A kill in a call waits for the calls of so many events more."""
_LAST_CALL_SECONDS: Final = 120.0
"""When all events are played, a call is waited for so long."""
_SENDING: Final = (
    "select distinct split_part(subject.worker, ':', 2)::int as pid from posting"
    " join subject on subject.id = posting.subject_id"
    " where posting.connection = %(name)s and posting.system = 'netsuite'"
    " and posting.state = 'sending' and subject.state = 'working'"
    " and subject.worker is not null"
)


class Strikes:
    """Strikes at the service.

    Args:
        netsuite: whose calls are broken off.
        service: that is struck.
        rows: asks the installation's database.
        kills: that are planned, in the order of their events.
        seed: of the moments.

    Attributes:
        kills: of processes so far.
        restarts: of the database so far.
        replaced: kills that struck somebody else than was planned, and whom.
    """

    def __init__(
        self,
        netsuite: NetSuiteSim,
        service: KilledService,
        rows: Rows,
        kills: Sequence[Kill],
        *,
        seed: int,
    ) -> None:
        self.kills = 0
        self.restarts = 0
        self.replaced: list[str] = []
        self._netsuite = netsuite
        self._service = service
        self._rows = rows
        self._left = list(kills)
        self._random = Random(seed)  # noqa: S311 - repeatable play, not secrecy

    def before(self, event: int) -> None:
        """Play the kills planned before this event.

        A kill in a call for which no call came is put off to the next event, which brings calls.
        Those planned after it wait for it.
        """
        while self._left and (late := event - self._left[0].before) >= 0:
            if not self._strike(self._left[0], replace=late >= _EVENTS_PUT_OFF):
                return
            self._left.pop(0)

    def after_all(self) -> None:
        """Play what is left when all events are played."""
        while self._left:
            self._strike(self._left.pop(0), replace=True, seconds=_LAST_CALL_SECONDS)

    def _strike(self, kill: Kill, *, replace: bool, seconds: float = _CALL_SECONDS) -> bool:
        """Kill somebody, when nothing is felt any more of the kill before.

        Args:
            kill: whom.
            replace: somebody else where that one can't be killed.
            seconds: so long a call is waited for.

        Returns:
            whether it is played.
        """
        wait_until(self._service.is_recovered, seconds=RECOVERY_SECONDS)
        if kill.victim is None:
            self.restarts += self._service.end_database()
            return True
        time.sleep(self._random.uniform(0.0, 0.3))
        in_call = kill.victim == "worker_in_call"
        if self._kill_in_call(seconds) if in_call else self._service.kill(kill.victim):
            self.kills += 1
            return True
        if in_call and not replace:
            return False
        for victim in ("worker", "all"):
            if self._service.kill(victim):
                self.kills += 1
                self.replaced.append(f"{kill.victim}: {victim} instead")
                break
        return True

    def _kill_in_call(self, seconds: float) -> bool:
        """Kill the worker for which NetSuite has booked something, before it knows.

        Other calls of the moment end soon: the worker whose call alone is left has that one.
        """
        faults = self._netsuite.faults
        number = self._netsuite.fault(
            "hang_after_commit", method="POST", path="record/v1", times=1, seconds=_HANG_SECONDS
        )
        try:
            struck = wait_until(
                lambda: any(f["number"] == number and f["struck"] for f in faults.listing()),
                seconds=seconds,
                every=0.02,
            )
            answers_at = time.monotonic() + _HANG_SECONDS
            alone = struck and wait_until(
                lambda: len(self._sending()) == 1, seconds=_CALL_SECONDS, every=0.02
            )
            pids = self._sending()
            if not alone or len(pids) != 1 or time.monotonic() > answers_at - 1.0:
                return False
            return self._service.kill("worker_in_call", pid=pids.pop())
        finally:
            faults.remove(number)

    def _sending(self) -> set[int]:
        """Return the process ids of the workers that wait for an answer of NetSuite's."""
        found = self._rows(_SENDING, name=CONNECTION)
        return {one["pid"] for one in found or ()} & self._service.workers()
