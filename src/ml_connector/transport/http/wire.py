"""One request over the network and its whole answer, or a clear failure."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.transport.call import Answer, Call, Patience
from ml_connector.transport.guard.guard import check_literal, is_encrypted_or_local, split_address
from ml_connector.transport.http.byte_order_mark import unmarked
from ml_connector.transport.http.progress import Progress, Unanswered
from ml_connector.transport.http.storable import storable
from ml_connector.words import Cause, System

if TYPE_CHECKING:
    from ml_connector.transport.http.http_client import HttpClient

SYSTEM_NAMES: Final[Mapping[System, str]] = {"netsuite": "NetSuite", "shipbob": "ShipBob"}


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds that calls may take, by kind: a bound on the whole call after its wait in a queue.

    Attributes:
        connect: to open a connection, within the time of the whole call.
        token: a renewal of a token.
        read: one record or page.
        query: SuiteQL and other slow reads.
        write: a create, transform or patch.
    """

    connect: float = 5.0
    token: float = 30.0
    read: float = 30.0
    query: float = 120.0
    write: float = 60.0

    def of(self, patience: Patience) -> float:
        """Seconds for the whole of such a call."""
        match patience:
            case Patience.TOKEN:
                return self.token
            case Patience.READ:
                return self.read
            case Patience.QUERY:
                return self.query
            case Patience.WRITE:
                return self.write

    @property
    def longest(self) -> float:
        """Seconds of the longest call."""
        return max(self.of(patience) for patience in Patience)


class NetworkFailure(Exception):
    """No answer came.

    Attributes:
        failure: what it means to the caller.
        what: what became of the call, without whom it was to reach.
        before_sending: not one byte of the request had left.
        repeatable: another try may help.
    """

    def __init__(
        self,
        failure: ConnectorError,
        *,
        what: str = "",
        before_sending: bool,
        repeatable: bool = True,
    ) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.what = what or str(failure)
        self.before_sending = before_sending
        self.repeatable = repeatable


class Wire:
    """The HTTP client proper: HTTP/1.1, no redirects, no cookies, nothing from the environment.

    Use as an async context manager.
    """

    def __init__(self, *, timeouts: Timeouts, user_agent: str) -> None:
        self._timeouts = timeouts
        self._user_agent = user_agent
        self._is_open = False
        self._http: HttpClient | None = None
        # At these levels the library would log addresses and headers, tokens included.
        logging.getLogger("aiohttp").setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_open = False
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def exchange(self, call: Call) -> Answer:
        """Send the call once and read the whole answer, whatever its status.

        Raises:
            NetworkFailure: no whole answer came within the time of such a call.
            RuntimeError: the client is not open.
        """
        http = self._client()
        try:
            _check_target(call)
        except NeedsHuman as error:
            raise NetworkFailure(error, before_sending=True, repeatable=False) from error
        seconds = self._timeouts.of(call.patience)
        progress = Progress()
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                status, headers, body = await http.exchange(call, progress)
        except TimeoutError as error:
            raise _failure(call, progress, f"did not answer within {seconds:g} s") from error
        except Unanswered as error:
            raise _failure(call, progress, str(error), repeatable=error.repeatable) from error
        except NeedsHuman as error:
            raise NetworkFailure(error, before_sending=True, repeatable=False) from error
        return Answer(
            status=status,
            headers=headers,
            body=storable(unmarked(body)),
            seconds=time.monotonic() - began,
        )

    def _client(self) -> "HttpClient":
        if not self._is_open:
            raise RuntimeError("the HTTP client is not open")
        if self._http is None:
            # Loading the library takes a third of a second, which those who call nobody save.
            from ml_connector.transport.http.http_client import HttpClient  # noqa: PLC0415 - see above

            self._http = HttpClient(
                user_agent=self._user_agent, connect_seconds=self._timeouts.connect
            )
        return self._http


def _failure(
    call: Call, progress: Progress, what: str, *, repeatable: bool = True
) -> NetworkFailure:
    return NetworkFailure(
        Retryable(
            f"{SYSTEM_NAMES[call.system]} {what} ({call.operation})",
            outcome_unknown=progress.sending,
            where=_host_and_port(call.url),
        ),
        what=what,
        before_sending=not progress.sending,
        repeatable=repeatable,
    )


def _host_and_port(url: str) -> str:
    parts = split_address(url)
    if parts is None or not parts.hostname:
        return ""
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _check_target(call: Call) -> None:
    """Refuse to send credentials in the clear, also to an address that came in an answer."""
    parts = split_address(call.url)
    if parts is None or not parts.hostname or not is_encrypted_or_local(parts):
        raise NeedsHuman(
            f"{call.operation} was not sent: its address is not an encrypted one",
            cause=Cause.PERMISSION_MISSING,
            remedy="Check the addresses of the connection: https, or http to 127.0.0.1 only.",
        )
    check_literal(parts.hostname)
