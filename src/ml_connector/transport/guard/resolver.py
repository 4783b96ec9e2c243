"""Names become addresses, and each address is checked before it is connected to."""

import asyncio
import ipaddress
import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from ml_connector.transport.guard.guard import check_address

_NUMERIC: Final = int(socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)


class GuardedResolver(AbstractResolver):
    """Finds the addresses of names, and gives out only checked ones.

    A name is resolved once for a connection, which goes to the very addresses that were
    looked at, so that a name can't lead elsewhere between the check and the connection.

    Args:
        within_seconds: how long the name service may take.
    """

    def __init__(self, within_seconds: float) -> None:
        self._within_seconds = within_seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            NeedsHuman: one of them must not be called.
            OSError: it has none, or none was found in time.
        """
        try:
            async with asyncio.timeout(self._within_seconds):
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, port, family=family, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
                )
        except (TimeoutError, UnicodeError) as error:
            raise OSError(None, f"{host} was not resolved") from error
        addresses: dict[str, ResolveResult] = {}
        for kind, _, proto, _, place in found:
            text = str(place[0])
            check_address(host, ipaddress.ip_address(text.partition("%")[0]))
            addresses.setdefault(
                text,
                ResolveResult(
                    hostname=host, host=text, port=port, family=kind, proto=proto, flags=_NUMERIC
                ),
            )
        if not addresses:
            raise OSError(None, f"{host} has no address")
        return list(addresses.values())

    async def close(self) -> None:
        """Nothing is kept open."""
