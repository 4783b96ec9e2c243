"""The end of certificates: alarms before it, and rotation in good time.

NetSuite writes to administrators two months, one month and 14 days before the end
(netsuite.md section 3.3); the connector keeps the date itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.alarms.sentences import (
    AlarmText,
    certificate_ends,
    certificate_not_renewed,
    certificate_remedy,
    when_certificate_ends,
)
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.connections.checks import Check
from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.certificate_rotation import LAST_TOKEN, Rotated, Rotation, noted
from ml_connector.errors import ConnectorError
from ml_connector.ledger import turns
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections import certificates, connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.moments import is_known
from ml_connector.vault.tokens import utc_now
from ml_connector.words import AlarmKind

ALARM_DAYS: Final = (60, 14, 7, 1)
"""Days before a certificate's end on which an alarm is raised."""

ROTATE_WITHIN: Final = timedelta(days=45)
"""A certificate that ends within this time is rotated without a person."""

LOOK_EVERY: Final = timedelta(hours=24)
_TURN: Final = "certificate"
_RENEWAL: Final = "renewal"

_log = structlog.get_logger("certificate")


@dataclass(frozen=True, kw_only=True)
class CertificateLook:
    """What a look at a certificate found and did.

    Attributes:
        certificate_id: of the certificate that signs in.
        valid_until: None when not known.
        rotated: the rotation that was done now; None when none was.
        revoked: ids of the old certificates that were revoked now.
        to_revoke: ids of the old certificates that will be revoked later, with the time.
        failure: why NetSuite could not be asked, or why the rotation stopped.
    """

    certificate_id: str
    valid_until: datetime | None
    rotated: Rotated | None = None
    revoked: tuple[str, ...] = ()
    to_revoke: tuple[tuple[str, datetime], ...] = ()
    failure: ConnectorError | None = None


def stage(valid_until: datetime, now: datetime) -> int | None:
    """Return the smallest number of ``ALARM_DAYS`` that has been reached; 0 when it is over.

    None while there is more time than that. Pure.
    """
    if valid_until <= now:
        return 0
    left = valid_until - now
    return min((days for days in ALARM_DAYS if left <= timedelta(days=days)), default=None)


def certificate_check(valid_until: datetime | None, *, account_id: str) -> Check:
    """Return the check of a certificate's end."""
    check = Check(system="netsuite", name="certificate", outcome="ok", found="", needed=False)
    if valid_until is None:
        return replace(
            check,
            outcome="missing",
            found="its end is not known",
            remedy="Give certificate under [netsuite] in the connection file; or give the role the"
            ' permission "Manage own OAuth 2.0 Client Credentials Certificates" and run'
            " ml-connector sync credentials.",
        )
    now = utc_now()
    over = valid_until <= now
    return replace(
        check,
        outcome="failed" if over else "ok",
        found=when_certificate_ends(valid_until, now, account_id=account_id),
        remedy="Make a new pair: ml-connector connection certificate NAME." if over else "",
        needed=over,
    )


class CertificateClock:
    """Looks after the certificates of all connections.

    Args:
        installation: where.
        clock: the time, aware, UTC.
    """

    def __init__(
        self, installation: Installation, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._installation = installation
        self._clock = clock

    async def look_at_all(self) -> None:
        """Look at each certificate once a day, and at once when its rotation is under way.

        Paused connections are looked at too, because they may be resumed. Held ones are not:
        nothing goes out for them.
        """
        await for_each_connection(
            self._installation, "look at certificates", self._look_if_due, also_paused=True
        )

    async def _look_if_due(self, applied: AppliedConnection) -> None:
        if await self._is_due(applied.name):
            looked = await self.look(applied)
            if looked.failure is not None:
                _log.warning("certificate", connection=applied.name, reason=str(looked.failure))

    async def look(self, applied: AppliedConnection) -> CertificateLook:
        """Look at one certificate: go on with its rotation, revoke old ones, raise alarms."""
        rotation = Rotation(self._installation, applied.name, clock=self._clock)
        failure: ConnectorError | None = None
        revoked: list[str] = []
        rotated: Rotated | None = None
        try:
            revoked = await rotation.revoke_old()
            if await rotation.under_way():
                rotated = await rotation.renew()
            await rotation.listed()
        except ConnectorError as error:
            failure = error
        valid_until = (await self._current(applied.name)).valid_until
        if (
            rotated is None
            and failure is None
            and applied.mode == "live"
            and valid_until is not None
            and valid_until - self._clock() <= ROTATE_WITHIN
        ):
            try:
                rotated = await rotation.renew()
            except ConnectorError as error:
                failure = error
        kept = await self._current(applied.name)
        await self._alarm(applied, kept.valid_until, failure)
        async with self._installation.database.transaction() as on:
            await turns.take_at(on, applied.name, _TURN, now=self._clock())
            waiting = await certificates.replaced(on, applied.name)
        return CertificateLook(
            certificate_id=kept.certificate_id or "",
            valid_until=kept.valid_until,
            rotated=rotated,
            revoked=tuple(revoked),
            to_revoke=tuple(
                (old.certificate_id, old.revoke_after)
                for old in waiting
                if old.certificate_id and old.revoke_after
            ),
            failure=failure,
        )

    async def _current(self, name: str) -> certificates.KeptCertificate:
        async with self._installation.database.transaction() as on:
            applied = await connections.find(on, name)
            if applied is None:
                raise LookupError(f"There is no connection {name}")
            secrets = await self._installation.vault.all(name, on=on)
            return await noted(on, applied.settings(secrets))

    async def _is_due(self, name: str) -> bool:
        now = self._clock()
        async with self._installation.database.transaction() as on:
            taken_at = await turns.taken_at(on, name, _TURN)
            return (
                taken_at is None
                or not is_known(taken_at, now)
                or now - taken_at >= LOOK_EVERY
                or bool(await certificates.to_revoke(on, name, now, longest=LAST_TOKEN))
                or await certificates.coming(on, name) is not None
            )

    async def _alarm(
        self,
        applied: AppliedConnection,
        valid_until: datetime | None,
        failure: ConnectorError | None,
    ) -> None:
        now = self._clock()
        account_id = applied.netsuite_account
        reached = stage(valid_until, now) if valid_until is not None else None
        going_on: dict[str, AlarmText] = {}
        if valid_until is not None and reached is not None:
            begins = max(now, valid_until - ROTATE_WITHIN)
            going_on[f"{reached} days"] = certificate_ends(
                valid_until,
                now,
                account_id=account_id,
                remedy=certificate_remedy(
                    applied.name,
                    over=valid_until <= now,
                    renewed_from=begins if applied.mode == "live" else None,
                    failure=failure,
                ),
            )
            if failure is not None and valid_until - now <= ROTATE_WITHIN:
                going_on[_RENEWAL] = certificate_not_renewed(account_id, failure)
        async with self._installation.database.transaction() as on:
            for key, (sentence, remedy) in going_on.items():
                await raise_alarm(
                    on,
                    applied.name,
                    AlarmKind.CERTIFICATE,
                    key,
                    sentence=sentence,
                    remedy=remedy,
                    now=now,
                )
            await end_alarms(on, applied.name, AlarmKind.CERTIFICATE, but=list(going_on), now=now)
