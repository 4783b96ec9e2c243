"""Serve an ASGI application on a loopback port from a thread of its own.

Uvicorn is used because it keeps header names with underscores, such as ShipBob's
``shipbob_channel_id``, which other servers drop (reference shipbob.md, 3.4).
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Send

START_SECONDS = 30.0
"""How long an application may take to start before ``serve`` gives up."""


class PortTakenError(OSError):
    """The port is in use, or may not be opened by this user."""


class Served:
    """A running server.

    Attributes:
        host: the address it listens on.
        port: the port it listens on, also when ``0`` (any free one) was asked for.
        url: ``http://host:port``, without a slash at the end.
    """

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _AnnouncingServer(config)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"serve:{self.port}", daemon=True)

    def start(self) -> None:
        """Return once the application answers.

        Raises:
            RuntimeError: the application failed to start or took too long.
        """
        self._thread.start()
        self._server.announced.wait(START_SECONDS)
        if not self._server.started:
            self.stop()
            raise RuntimeError(f"The server at {self.url} did not start.") from self._failure

    def stop(self) -> None:
        """Finish the requests under way, run the application's shutdown, free the port.

        Stopping twice is harmless.
        """
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as failure:  # noqa: BLE001 - start() raises it in the caller's thread
            self._failure = failure
        finally:
            self._server.announced.set()


@contextmanager
def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
    """Serve ``app`` while the block runs, on any free port unless one is named.

    Raises:
        PortTakenError: the port can't be opened; the text says which and what to do.
        RuntimeError: the application failed to start.
    """
    served = Served(app, host=host, port=port)
    served.start()
    try:
        yield served
    finally:
        served.stop()


async def cut_connection(receive: Receive, send: Send) -> None:
    """Drop the connection of a call under way, without an answer or in the middle of one.

    Args:
        receive: of the call, as the server passed it.
        send: of the call, as the server passed it: uvicorn's own bound method, through which
            the connection is reached, since ASGI has no word for this.

    Raises:
        RuntimeError: the call is not served by uvicorn itself.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    abort = getattr(transport, "abort", None)
    if abort is None:
        raise RuntimeError("Only a connection of this server can be cut.")
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _AnnouncingServer(uvicorn.Server):
    """Uvicorn's server with an event that is set when start-up is over, well or badly."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.announced = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.announced.set()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise PortTakenError(
            error.errno,
            f"Port {port} on {host} can't be opened ({error.strerror}). Choose another port, "
            "or 0 for any free one.",
        ) from error
    return listening
