"""The NetSuite client of one connection: records, transforms and queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from ml_connector.errors import NeedsHuman, Retryable, Unreadable
from ml_connector.netsuite.account import Account, external_key, new_record_id
from ml_connector.netsuite.certificate_service import CertificateService
from ml_connector.netsuite.classify import RecordNotFound
from ml_connector.netsuite.problem import shortened
from ml_connector.netsuite.queries import setup
from ml_connector.netsuite.records import records
from ml_connector.netsuite.records.metadata import Metadata, parse_metadata
from ml_connector.netsuite.session import Auth, NetSuiteSession
from ml_connector.netsuite.sign_in.oauth import Sender, clock_offset_seconds
from ml_connector.netsuite.suiteql import SuiteQL, query_call
from ml_connector.transport.call import Answer, Call, Patience, Priority
from ml_connector.words import Cause

T = TypeVar("T")
Body = msgspec.Struct | Mapping[str, Any]

# A misspelt property must not drop a quantity: by default NetSuite only warns (section 6.2).
_WRITE_HEADERS: Final = {
    "Content-Type": "application/json",
    "X-NetSuite-PropertyNameValidation": "Error",
}
# Replacing these lines would delete what somebody else ordered (section 6.5).
_ORDERS: Final = frozenset({"purchaseorder", "salesorder", "transferorder", "returnauthorization"})


@dataclass(frozen=True, kw_only=True)
class AccountClock:
    """The time by NetSuite's clock.

    Attributes:
        now: in the account's zone, without one.
        offset_seconds: this machine's clock minus NetSuite's; None when NetSuite doesn't tell.
    """

    now: datetime
    offset_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Created:
    """A record that was made.

    Attributes:
        id: its internal id.
        location_url: its address, as NetSuite gives it.
        warnings: the values of all headers with ``warning`` in their name: NetSuite does not
            publish what its warning headers are called.
    """

    id: str
    location_url: str
    warnings: tuple[str, ...] = ()


class NetSuite:
    """One NetSuite account for one connection.

    Args:
        transport: sends the calls.
        connection: name of the connection.
        account: where the services are.
        auth: gives out tokens.
        limit_key: the limit its calls count against, such as ``netsuite:TSTDRV1234567``.

    Attributes:
        query: SuiteQL of this account; the questions are in ``queries``.
    """

    def __init__(
        self,
        transport: Sender,
        connection: str,
        account: Account,
        auth: Auth,
        limit_key: str,
    ) -> None:
        self._account = account
        self._session = NetSuiteSession(
            transport, auth, connection=connection, limit_key=limit_key
        )
        self.query = SuiteQL(self._session, account)

    def certificates(self, client_id: str) -> CertificateService:
        """Return the certificates of the integration record with this client id."""
        return CertificateService(self._session, self._account, client_id)

    async def account_clock(self) -> AccountClock:
        """Return the account's time, and how far our own clock is off.

        Raises:
            NeedsHuman, Retryable: as the session says.
        """
        call = query_call(
            self._session,
            self._account,
            setup.CLOCK,
            (),
            offset=0,
            operation="suiteql.account_clock",
            priority=Priority.LIVE,
        )
        answer = await self._session.send(call)
        return AccountClock(
            now=setup.read_clock(answer),
            offset_seconds=clock_offset_seconds(answer, datetime.now(UTC)),
        )

    async def look_at(self, record_type: str) -> None:
        """Check that the role may read a record type, by asking for one id of it (section 6.1).

        Raises:
            NeedsHuman: it may not (``permission_missing``), or there is no such record type.
            Retryable: no usable answer.
        """
        call = self._session.call(
            f"{record_type}.list",
            "GET",
            f"{self._account.record_url(record_type)}?limit=1",
            repeatable=True,
        )
        await self._session.send(call)

    async def in_words_of(self, record_type: str, external_id: str) -> str:
        """Return NetSuite's sentence about a record that does not exist; empty when it exists.

        It is in the language of the integration user (section 9.2).

        Raises:
            NeedsHuman, Retryable: as the session says.
        """
        url = self._account.record_url(record_type, external_key(external_id))
        try:
            await self._session.send(
                self._session.call(f"{record_type}.get", "GET", url, repeatable=True)
            )
        except RecordNotFound as error:
            return str(error)
        return ""

    async def is_administrator(self) -> bool:
        """Return whether the role is an administrator's, which alone sees limits (section 10.3).

        Raises:
            Retryable: no usable answer.
        """
        try:
            await self._session.send(
                self._session.call("limits.get", "GET", self._account.limits_url, repeatable=True)
            )
        except NeedsHuman:
            return False
        return True

    async def create(self, record_type: str, body: Body, *, send_by: float | None) -> Created:
        """Make a record (netsuite.md section 6.1). It is sent once: look before sending it again.

        Args:
            record_type: such as ``inventoryAdjustment``.
            body: with an external id of ours in it.
            send_by: monotonic time by which the call must have begun.

        Raises:
            AlreadyExists: a record has this external id. Look it up and compare.
            NeedsHuman: refused, nothing was written.
            Retryable: nothing was written, except perhaps with ``outcome_unknown``.
        """
        call = self._write(
            f"{record_type}.create",
            "POST",
            self._account.record_url(record_type),
            body,
            send_by=send_by,
        )
        return created(await self._session.send(call), record_type)

    async def transform(
        self,
        from_type: str,
        from_id: str,
        to_type: str,
        body: Body,
        *,
        replace: Sequence[str] = (),
        send_by: float | None,
    ) -> Created:
        """Turn one record into another (netsuite.md section 7). Sent once.

        Args:
            from_type: such as ``purchaseOrder``.
            from_id: its internal id.
            to_type: such as ``itemReceipt``.
            body: names every open line of the order, to be taken or not. Lines that it does not
                name are taken in full.
            replace: sublists of the new record that hold the body's lines and no others,
                such as ``item`` of a return authorization (samples/other-records.json).
            send_by: monotonic time by which the call must have begun.

        Raises:
            NothingLeft: the order has no open line, perhaps because of an earlier attempt.
            AlreadyExists, NeedsHuman, Retryable: as for ``create``.
        """
        url = self._account.transform_url(from_type, from_id, to_type)
        if replace:
            url += "?replace=" + ",".join(replace)
        call = self._write(f"{from_type}.transform.{to_type}", "POST", url, body, send_by=send_by)
        return created(await self._session.send(call), to_type)

    async def patch(
        self,
        record_type: str,
        record_id: str,
        body: Body,
        *,
        replace: Sequence[str] = (),
        send_by: float | None,
    ) -> None:
        """Change a record; properties not in the body stay as they are (netsuite.md section 6.5).

        Args:
            record_type: such as ``itemFulfillment``.
            record_id: its internal id.
            body: the properties to change.
            replace: sublists whose lines the body's lines replace, such as ``package``. A
                repetition does no harm then (section 11.5); otherwise lines may be added again.
            send_by: monotonic time by which the call must have begun.

        Raises:
            ValueError: the lines of an order would be replaced.
            RecordNotFound, NeedsHuman, Retryable: as for ``create``.
        """
        if record_type.lower() in _ORDERS and "item" in replace:
            raise ValueError(f"replacing the lines of a {record_type} deletes those not named")
        url = self._account.record_url(record_type, record_id)
        if replace:
            url += "?replace=" + ",".join(replace)
        call = self._write(f"{record_type}.patch", "PATCH", url, body, send_by=send_by)
        await self._session.send(call)

    async def get(
        self,
        record_type: str,
        *,
        record_id: str | None = None,
        external_id: str | None = None,
        shape: type[T],
        priority: Priority = Priority.LIVE,
    ) -> T | None:
        """Read one record with its lines, or None when there is none (netsuite.md section 6.1).

        The record service shows our own writes at once (section 11.6), so None for an external id
        means that the record was not written yet or was deleted.

        Args:
            record_type: such as ``itemReceipt``.
            record_id: its internal id, or else
            external_id: its external id.
            shape: the struct to read it into, such as ``records.ReadTransaction``.
            priority: its place in the queue.

        Raises:
            ValueError: neither an internal nor an external id, or both.
            NeedsHuman: no permission, or the answer does not fit the struct.
            Retryable: no usable answer; the record may or may not exist.
        """
        if (record_id is None) == (external_id is None):
            raise ValueError("either an internal id or an external id is wanted")
        key = external_key(external_id) if external_id is not None else record_id
        call = self._session.call(
            f"{record_type}.get",
            "GET",
            f"{self._account.record_url(record_type, key)}?expandSubResources=true",
            repeatable=True,
            priority=priority,
        )
        try:
            answer = await self._session.send(call)
        except RecordNotFound:
            return None
        return _read(answer, shape, record_type)

    async def metadata(self, record_types: Sequence[str]) -> Metadata:
        """Return which properties these record types have in this account (section 6.9).

        The answer shows REST access, permissions, custom fields and features.

        Raises:
            NeedsHuman, Retryable: as the session says.
        """
        for record_type in record_types:
            self._account.record_url(record_type)  # raises for anything but a record type
        call = self._session.call(
            "metadata.get",
            "GET",
            f"{self._account.metadata_url}?select={','.join(record_types)}",
            headers={"Accept": "application/swagger+json"},
            patience=Patience.QUERY,
            repeatable=True,
        )
        return parse_metadata(await self._session.send(call), record_types)

    def _write(
        self, operation: str, method: str, url: str, body: Body, *, send_by: float | None
    ) -> Call:
        return self._session.call(
            operation,
            method,
            url,
            headers=_WRITE_HEADERS,
            body=records.encode(body),
            patience=Patience.WRITE,
            send_by=send_by,
        )


def created(answer: Answer, record_type: str) -> Created:
    """Read which record was made: its id is only in ``Location`` (netsuite.md section 6.1).

    Raises:
        Retryable: the header does not tell; the record may exist.
    """
    location = answer.header("location")
    record_id = new_record_id(location, record_type)
    if location is None or record_id is None:
        raise Retryable(
            f"NetSuite said that the {record_type} was made, but not which one it is",
            cause=Cause.OUTCOME_UNKNOWN,
            remedy="Nothing: it is looked up by its external id.",
            outcome_unknown=True,
        )
    warnings = tuple(
        shortened(value) for name, value in sorted(answer.headers.items()) if "warning" in name
    )
    return Created(id=record_id, location_url=location, warnings=warnings)


def _read(answer: Answer, shape: type[T], record_type: str) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(
            f"A record of type {record_type} is not what NetSuite is documented to answer: {error}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Retryable(f"NetSuite's answer for {record_type} can't be read") from error
