"""NetSuite's own service for certificates: list, add, revoke (netsuite.md section 3.5).

It is on the restlets host, takes the bearer token of the REST services, and needs the
permission "Manage own OAuth 2.0 Client Credentials Certificates".
"""

from datetime import UTC, date, datetime, time
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ml_connector.errors import Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.session import NetSuiteSession
from ml_connector.transport.call import Answer, Patience

Id = str | int
T = TypeVar("T")


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    name: str | None = None


class MappedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that is mapped to an application, an entity and a role.

    Attributes:
        entity: the user that it signs in.
        role: the role that it signs in with.
        valid_until: the day it ends.
    """

    certificate_id: str
    application: _Named | None = None
    entity: _Named | None = None
    role: _Named | None = None
    valid_until: str | None = None
    revoked: bool = False

    @property
    def ends_at(self) -> datetime | None:
        """Its end: to be safe, the beginning of its last day, UTC."""
        return _beginning(self.valid_until)


class AddedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """NetSuite's answer to a certificate that was added."""

    certificate_id: str
    valid_until: str | None = None

    @property
    def ends_at(self) -> datetime | None:
        """Its end: to be safe, the beginning of its last day, UTC."""
        return _beginning(self.valid_until)


class CertificateService:
    """The certificates of one integration record.

    Args:
        session: sends the calls, signed in.
        account: where to.
        client_id: of the integration record.
    """

    def __init__(self, session: NetSuiteSession, account: Account, client_id: str) -> None:
        self._session = session
        self._url = account.certificates_url(client_id)

    async def mapped(self) -> list[MappedCertificate]:
        """Return all certificates of this integration record, revoked ones too.

        Raises:
            NeedsHuman: the role may not (``permission_missing``).
            Retryable: no usable answer.
        """
        call = self._session.call("certificates.list", "GET", self._url, repeatable=True)
        return _read(await self._session.send(call), list[MappedCertificate])

    async def add(self, pem: str, *, role: str, entity: str) -> AddedCertificate:
        """Map one more certificate. It is sent once: look at ``mapped`` before sending it again.

        Args:
            pem: the certificate.
            role: id of the role that it signs in with.
            entity: id of the user that it signs in.

        Raises:
            NeedsHuman: refused.
            Retryable: it may be mapped now when ``outcome_unknown``.
        """
        body = {
            "fileContent": pem,
            "role": int(role) if role.isdecimal() else role,
            "entity": entity,
        }
        call = self._session.call(
            "certificates.add",
            "POST",
            self._url,
            headers={"Content-Type": "application/json"},
            body=msgspec.json.encode(body),
            patience=Patience.WRITE,
        )
        try:
            return _read(await self._session.send(call), AddedCertificate)
        except Retryable as error:
            error.outcome_unknown = True
            raise

    async def revoke(self, certificate_id: str) -> None:
        """Revoke a certificate. The answer is a text (section 3.5); any 2xx means success.

        Raises:
            RecordNotFound, NeedsHuman: refused.
            Retryable: it may be revoked now. Revoking it again does no harm.
        """
        call = self._session.call(
            "certificates.revoke",
            "POST",
            f"{self._url}/{quote(certificate_id, safe='')}/revoke",
            body=b"",
            patience=Patience.WRITE,
            repeatable=True,
        )
        await self._session.send(call)


def _beginning(day: str | None) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat((day or "")[:10]), time.min, UTC)
    except ValueError:
        return None


def _read(answer: Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Retryable("NetSuite's answer about certificates can't be read") from error
