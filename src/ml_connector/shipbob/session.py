"""Sending one authorised call to ShipBob's API, and reading its answer."""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from ml_connector.awaited import Awaited
from ml_connector.errors import NeedsHuman, Retryable, Unreadable
from ml_connector.shipbob import paging, payloads
from ml_connector.shipbob.classify import classifier
from ml_connector.shipbob.sign_in.access import Access, Bearer
from ml_connector.shipbob.sign_in.oauth import Sends
from ml_connector.transport.call import Answer, Call, Patience, Priority
from ml_connector.transport.spoiled import Spoiled
from ml_connector.words import Cause

T = TypeVar("T")

_SHIPBOB: Final = "ShipBob"

CHANNEL_HEADER: Final = "shipbob_channel_id"
"""Lower case with underscores (section 3.4)."""


class UnexpectedAnswer(Unreadable):
    """An answer that ShipBob does not document (SB-046): a fault, ours or theirs."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request of one of the client's methods.

    Attributes:
        operation: of the ``Call``.
        doing: the same for a person: ``reading WRO 90311``.
        path: below the version, already quoted.
        query: names and values, not quoted yet.
        scope: the permission it needs.
        record: the thing that is missing after a 404: ``wro:90311``; see ``classify``.
        channel_id: the channel to write to.
    """

    operation: str
    doing: str
    path: str
    scope: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)  # may hold a secret
    record: Awaited | None = None
    channel_id: int | None = None
    patience: Patience = Patience.READ
    repeatable: bool = True
    priority: Priority = Priority.LIVE
    send_by: float | None = None


def query_string(query: Mapping[str, str]) -> str:
    """Return a query with unquoted commas and colons, which ShipBob needs (section 6)."""
    return "&".join(f"{name}={quote(value, safe=',:')}" for name, value in query.items())


def segment(key: int | str) -> str:
    """Return an id as one segment of a path, with all its characters quoted."""
    return quote(str(key), safe="")


@dataclass(frozen=True, kw_only=True)
class Door:
    """A credential and its limit; each credential has a limit of its own (section 4)."""

    auth: Access
    limit_key: str


class ShipBobSession:
    """Sends the requests of one connection and reads what comes back.

    A call with a scope in ``by_scope`` uses the credential given there, all others that of
    ``auth``.
    """

    def __init__(
        self,
        transport: Sends,
        connection: str,
        *,
        api_url: str,
        version: str,
        auth: Access,
        limit_key: str,
        by_scope: Mapping[str, Door] | None = None,
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._base = f"{api_url.rstrip('/')}/{version}"
        self._door = Door(auth=auth, limit_key=limit_key)
        self._by_scope = by_scope or {}

    async def is_personal(self) -> bool:
        """Whether a personal access token authorises calls now.

        Raises:
            ConnectorError: nothing authorises a call now.
        """
        return (await self._door.auth.bearer()).token is None

    async def send(self, request: Request) -> Answer:
        """Send a request; when ShipBob refuses our token, renew it once and send again.

        When ShipBob refuses the token it has done nothing, so writes may be sent again as well.

        Raises:
            ConnectorError: see ``classify``; credentials_invalid only when a fresh token was
                refused as well, or there is none.
        """
        classify = classifier(doing=request.doing, scope=request.scope, record=request.record)
        door = self._by_scope.get(request.scope, self._door)
        bearer = await door.auth.bearer()
        try:
            return await self._transport.send(self._call(request, bearer, door), classify)
        except NeedsHuman as error:
            if error.cause is not Cause.CREDENTIALS_INVALID:
                raise
        bearer = await door.auth.renewed(bearer)
        return await self._transport.send(self._call(request, bearer, door), classify)

    async def one(self, request: Request, kind: type[T]) -> T:
        """Send a request and read its answer as a payload.

        Raises:
            ConnectorError: as for ``send``; Retryable also for an incomplete answer, and for one
                to a write that can't be read: the write may have been done.
            UnexpectedAnswer: the answer is not such a payload.
        """
        value = _read(request, await self.send(request))
        try:
            return payloads.decode(value, kind)
        except msgspec.ValidationError as error:
            failure = unexpected(request, error)
            if request.repeatable:
                raise failure from error
            raise Retryable(
                str(failure), cause=Cause.OUTCOME_UNKNOWN, outcome_unknown=True
            ) from error

    async def listed(self, request: Request, kind: type[T]) -> list[T]:
        """Send a request and read its answer as a list, each row by itself.

        Raises:
            ConnectorError, UnexpectedAnswer: as for ``one``.
            Unreadable: some rows can't be read, and nobody gathers those.
        """
        value = _read(request, await self.send(request))
        if not isinstance(value, list):
            raise UnexpectedAnswer(f"ShipBob's answer is no list ({request.doing})")
        spoiled = Spoiled(_SHIPBOB, kind.__name__, request.doing)
        found: list[T] = []
        for row in value:
            try:
                found.append(payloads.decode(row, kind))
            except msgspec.ValidationError as error:
                spoiled.add(row, error)
        spoiled.tell()
        return found

    async def every(
        self,
        request: Request,
        kind: type[T],
        identity: Callable[[T], Hashable],
        *,
        style: paging.Style,
    ) -> AsyncIterator[T]:
        """Yield all rows of a list, each once; pages are fetched as they are needed.

        Raises:
            ConnectorError: as for ``one``.
            Unreadable: after all other rows, where some can't be read.
        """

        def decode(row: object) -> T:
            return payloads.decode(row, kind)

        spoiled = Spoiled(_SHIPBOB, kind.__name__, request.doing)
        async for row in self.walk(request, decode, identity, style=style, spoiled=spoiled):
            yield row

    async def walk(
        self,
        request: Request,
        decode: Callable[[object], T],
        identity: Callable[[T], Hashable],
        *,
        style: paging.Style,
        spoiled: Spoiled,
    ) -> AsyncIterator[T]:
        """Yield all rows of a list as ``decode`` makes them of plain values; see ``every``."""

        async def fetch(parameters: Mapping[str, str]) -> Answer:
            return await self.send(replace(request, query=parameters))

        try:
            async for row in paging.walk(
                fetch,
                decode,
                identity,
                style=style,
                parameters=request.query,
                spoil=spoiled.add,
            ):
                yield row
        except msgspec.ValidationError as error:
            raise unexpected(request, error) from error
        spoiled.tell()

    async def page(self, request: Request, kind: type[T], *, size: int) -> paging.NumberedPage[T]:
        """Return the one page of a numbered list that the query names.

        Raises:
            ConnectorError, UnexpectedAnswer: as for ``one``.
            Unreadable: some rows can't be read, and nobody gathers those.
        """
        answer = await self.send(request)
        spoiled = Spoiled(_SHIPBOB, kind.__name__, request.doing)
        try:
            page = paging.numbered_page(
                answer,
                lambda row: payloads.decode(row, kind),
                size=size,
                spoil=spoiled.add,
            )
        except msgspec.ValidationError as error:
            raise unexpected(request, error) from error
        spoiled.tell()
        return page

    async def plain(self, request: Request) -> object:
        """Send a request and return its answer as plain values; None for an empty one.

        Raises:
            ConnectorError: as for ``one``.
        """
        answer = await self.send(request)
        return _read(request, answer) if answer.body.strip() else None

    def _call(self, request: Request, bearer: Bearer, door: Door) -> Call:
        query = query_string(request.query)
        headers = {
            "Authorization": f"Bearer {bearer.access.reveal()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        if request.channel_id is not None:
            headers[CHANNEL_HEADER] = str(request.channel_id)
        return Call(
            connection=self._connection,
            system="shipbob",
            operation=request.operation,
            method=request.method,
            url=f"{self._base}{request.path}{'?' if query else ''}{query}",
            headers=headers,
            body=request.body,
            patience=request.patience,
            repeatable=request.repeatable,
            priority=request.priority,
            limit=door.limit_key,
            send_by=request.send_by,
        )


def unexpected(request: Request, error: msgspec.ValidationError) -> UnexpectedAnswer:
    """Return the error for an answer of a form that is not documented (SB-046)."""
    return UnexpectedAnswer(f"ShipBob's answer can't be read ({request.doing}): {error}")


def _read(request: Request, answer: Answer) -> object:
    try:
        return payloads.read(answer.body)
    except msgspec.ValidationError as error:  # JSON with a number that is too large
        raise unexpected(request, error) from error
    except msgspec.DecodeError:
        raise Retryable(
            f"ShipBob's answer broke off or is not JSON ({request.doing})", outcome_unknown=True
        ) from None
