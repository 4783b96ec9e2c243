"""Rotating the certificate that signs in to NetSuite, through NetSuite's own service.

Netsuite.md section 3.5. Each step is stored before the next begins, so that after a process
died at any point another one can go on:

1. The next key, sealed, and its certificate are stored (*made*), with what NetSuite lists.
2. The certificate is uploaded, and its id in NetSuite is stored (*uploaded*). If a process died
   here, the next one first looks whether the certificate is listed: only our key gets a token
   with it.
3. A token is asked for with it. In one transaction the certificate and its key become *current*.
4. When the last token of the old certificate has run out, that certificate is revoked.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from psycopg.errors import LockNotAvailable

from ml_connector.app.installation.clients import netsuite_client
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.ledger.connections import acts, certificates, connections
from ml_connector.ledger.connections.certificates import KeptCertificate
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.certificate_service import CertificateService, MappedCertificate
from ml_connector.netsuite.classify import RecordNotFound
from ml_connector.netsuite.sign_in.certificates import KeyKind, key_print, make_pair
from ml_connector.netsuite.sign_in.oauth import TOKEN_SECONDS, NetSuiteCredentials, ask_token
from ml_connector.netsuite.sign_in.signing import load_key
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, rows
from ml_connector.vault.tokens import NewToken, utc_now
from ml_connector.words import Cause

_KEY: Final = "netsuite.private_key"

# A worker that began before the switch may ask for one more token with the old certificate.
LAST_TOKEN: Final = timedelta(seconds=TOKEN_SECONDS, minutes=10)

_LOCK_WAIT: Final = "5s"

BY_HAND: Final = (
    "Or replace it by hand: ml-connector connection certificate NAME makes a new pair and says"
    " what to upload where."
)
_PERMISSION: Final = (
    'Give the integration role the permission "Manage own OAuth 2.0 Client Credentials'
    f' Certificates" (Setup), then run this again. {BY_HAND}'
)

_log = structlog.get_logger("rotation")


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """The result of a rotation.

    Attributes:
        old, new: certificate ids.
        valid_until: when the new one ends.
        revoke_after: when the old one will be revoked.
    """

    old: str
    new: str
    valid_until: datetime | None
    revoke_after: datetime


class Rotation:
    """The rotation of one connection's certificate.

    Args:
        installation: where.
        name: of the connection.
        person: who wants it, for the record of acts.
        clock: the time, aware, UTC.
    """

    def __init__(
        self,
        installation: Installation,
        name: str,
        *,
        person: str = "ml-connector",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._installation = installation
        self._name = name
        self._person = person
        self._clock = clock

    async def renew(self, *, kind: KeyKind = "ec") -> Rotated:
        """Begin a rotation, or go on with one that was broken off; return after the switch.

        Raises:
            NeedsHuman: the role may not do it, NetSuite refuses, or another process rotates.
            Retryable: NetSuite did not answer; go on later.
        """
        async with self._alone():
            settings, service = await self._open()
            async with self._installation.database.transaction() as on:
                begun = await certificates.coming(on, self._name)
            kept = begun or await self._begin(settings, service, kind)
            if kept.certificate_id is None:
                look_first = begun is not None
                kept = await self._upload(settings, service, kept, look_first=look_first)
            return await self._switch(settings, kept)

    async def under_way(self) -> bool:
        """Return whether a rotation was begun and has not switched yet."""
        async with self._installation.database.transaction() as on:
            return await certificates.coming(on, self._name) is not None

    async def revoke_old(self) -> list[str]:
        """Revoke the replaced certificates whose last token has run out; return their ids.

        Raises:
            NeedsHuman, Retryable: NetSuite refused, or did not answer.
        """
        async with self._installation.database.transaction() as on:
            old = await certificates.to_revoke(on, self._name, self._clock(), longest=LAST_TOKEN)
        if not old:
            return []
        done: list[str] = []
        async with self._alone():
            _, service = await self._open()
            for kept in old:
                if kept.certificate_id is None:
                    continue
                try:
                    await service.revoke(kept.certificate_id)
                except RecordNotFound:
                    _log.info("certificate_was_gone", connection=self._name)
                async with self._installation.database.transaction() as on:
                    await certificates.revoked(on, kept)
                done.append(kept.certificate_id)
        return done

    async def listed(self) -> MappedCertificate | None:
        """Return NetSuite's entry of the certificate that signs in, and store when it ends.

        Raises:
            NeedsHuman, Retryable: the role may not ask, or NetSuite did not answer.
        """
        settings, service = await self._open()
        wanted = settings.netsuite.certificate_id
        with _naming_the_permission():
            listed = await service.mapped()
        found = next((one for one in listed if one.certificate_id == wanted), None)
        async with self._installation.database.transaction() as on:
            kept = await noted(on, settings)
            if found is not None and found.ends_at is not None:
                await certificates.note_end(on, kept, found.ends_at)
        return found

    # The steps.

    async def _begin(
        self, settings: ConnectionSettings, service: CertificateService, kind: KeyKind
    ) -> KeptCertificate:
        listed = await service.mapped()
        ours = next(
            (one for one in listed if one.certificate_id == settings.netsuite.certificate_id), None
        )
        role = ours.role.id if ours and ours.role else None
        entity = ours.entity.id if ours and ours.entity else None
        if role is None or entity is None:
            raise NeedsHuman(
                "NetSuite does not list the certificate that signs in, so it is not known for"
                " which user and role to add the next one",
                cause=Cause.RECORD_NOT_FOUND,
                remedy="Compare certificate_id and client_id in the connection file with Setup >"
                " Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup."
                f" {BY_HAND}",
            )
        pair = make_pair(self._name, kind=kind, now=self._clock())
        async with self._installation.database.transaction() as on:
            await noted(on, settings)
            await self._installation.vault.put(
                self._name, certificates.NEXT_KEY_FIELD, pair.private_key, on=on
            )
            return await certificates.begin(
                on,
                self._name,
                key_print=pair.certificate.key_print,
                pem=pair.certificate.pem,
                valid_until=pair.certificate.valid_until,
                known_before=[one.certificate_id for one in listed],
                role=str(role),
                entity=str(entity),
            )

    async def _upload(
        self,
        settings: ConnectionSettings,
        service: CertificateService,
        kept: KeptCertificate,
        *,
        look_first: bool,
    ) -> KeptCertificate:
        assert kept.pem and kept.role and kept.entity  # noqa: PT018, S101 - as begun
        found: tuple[str, datetime | None] | None = None
        if look_first:
            found = await self._uploaded_before(settings, service, kept)
        if found is None:
            added = await service.add(kept.pem, role=kept.role, entity=kept.entity)
            found = (added.certificate_id, added.ends_at)
        async with self._installation.database.transaction() as on:
            await certificates.uploaded(on, kept, found[0], valid_until=found[1])
            known = await certificates.coming(on, self._name)
        if known is None:
            raise Retryable("The connection was applied with another certificate meanwhile")
        return known

    async def _uploaded_before(
        self,
        settings: ConnectionSettings,
        service: CertificateService,
        kept: KeptCertificate,
    ) -> tuple[str, datetime | None] | None:
        """Return our certificate, if an upload whose answer was lost has reached NetSuite.

        NetSuite's list names no keys, but it gives a token only for the certificate's own key.
        """
        for mapped in await service.mapped():
            if mapped.revoked or mapped.certificate_id in kept.known_before:
                continue
            try:
                await self._ask(settings, mapped.certificate_id)
            except NeedsHuman:
                continue  # uploaded by somebody else
            return mapped.certificate_id, mapped.ends_at
        return None

    async def _switch(self, settings: ConnectionSettings, kept: KeptCertificate) -> Rotated:
        assert kept.certificate_id is not None  # noqa: S101 - uploaded by now
        try:
            token = await self._ask(settings, kept.certificate_id)
        except NeedsHuman as error:
            raise NeedsHuman(
                f"NetSuite took the new certificate, but does not sign in with it: {error}",
                cause=error.cause,
                remedy="The old one goes on working. It is tried again by itself; to begin anew"
                f" instead, apply the connection file. {BY_HAND}",
            ) from error
        key = await self._next_key()
        revoke_after = self._clock() + LAST_TOKEN
        old = settings.netsuite.certificate_id
        async with self._installation.database.transaction() as on:
            known = await certificates.coming(on, self._name)
            if known is None or known.id != kept.id:
                raise Retryable("The connection was applied with another certificate meanwhile")
            await self._installation.vault.put(self._name, _KEY, key, on=on)
            await self._installation.vault.delete(self._name, certificates.NEXT_KEY_FIELD, on=on)
            await certificates.switch(on, self._name, kept, revoke_after=revoke_after)
            await acts.record(
                on,
                self._person,
                "connection.certificate",
                connection=self._name,
                details={
                    "before": {"certificate_id": old},
                    "after": {"certificate_id": kept.certificate_id},
                },
            )
        await self._installation.tokens.put(self._name, "netsuite", token)
        _log.info("certificate_switched", connection=self._name, valid_until=kept.valid_until)
        return Rotated(
            old=old,
            new=kept.certificate_id,
            valid_until=kept.valid_until,
            revoke_after=revoke_after,
        )

    async def _ask(self, settings: ConnectionSettings, certificate_id: str) -> NewToken:
        section = settings.netsuite
        account = Account.of(
            section.account_id, base_url=section.base_url, restlets_url=section.restlets_url
        )
        credentials = NetSuiteCredentials(
            client_id=section.client_id,
            certificate_id=certificate_id,
            key=load_key(await self._next_key()),
        )
        return await ask_token(
            self._installation.transport, self._name, account, credentials, clock=self._clock
        )

    async def _next_key(self) -> Secret:
        key = await self._installation.vault.get(self._name, certificates.NEXT_KEY_FIELD)
        if key is None:
            raise Retryable("The connection was applied with another certificate meanwhile")
        return key

    async def _open(self) -> tuple[ConnectionSettings, CertificateService]:
        async with self._installation.database.transaction() as on:
            applied = await connections.find(on, self._name)
            if applied is None:
                raise LookupError(f"There is no connection {self._name}")
            secrets = await self._installation.vault.all(self._name, on=on)
        settings = applied.settings(secrets)
        client, _ = netsuite_client(self._installation, settings, self._installation.tokens)
        return settings, client.certificates(settings.netsuite.client_id)

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        """Keep other processes from rotating this connection's certificate meanwhile."""
        async with self._installation.database.transaction() as on:
            try:
                # A process that was killed a moment ago may still hold the lock.
                await rows(on, f"set local lock_timeout = '{_LOCK_WAIT}'")
                await rows(
                    on,
                    "select pg_advisory_xact_lock("
                    "hashtextextended('rotate certificate ' || %(name)s, 0))",
                    {"name": self._name},
                )
            except LockNotAvailable as error:
                raise Retryable(
                    "Another process is rotating this connection's certificate"
                ) from error
            with _naming_the_permission():
                yield


@contextmanager
def _naming_the_permission() -> Generator[None]:
    try:
        yield
    except ConnectorError as error:
        if error.cause is Cause.PERMISSION_MISSING:
            error.remedy = _PERMISSION
        raise


async def noted(on: Connection, settings: ConnectionSettings) -> KeptCertificate:
    """Return the certificate that signs in; store it first when it is not stored yet.

    Args:
        on: the transaction to be part of.
        settings: of the stored connection, secrets included.
    """
    kept = await certificates.current(on, settings.name)
    wanted = settings.netsuite.certificate_id
    if kept is not None and kept.certificate_id == wanted:
        return kept
    key = settings.netsuite.private_key
    return await certificates.adopt(
        on, settings.name, wanted, key_print=key_print(load_key(key)) if key else None
    )
