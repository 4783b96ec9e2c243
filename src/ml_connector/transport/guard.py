"""Where calls may go: https to public addresses, or a literal loopback host."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpcore2

from ml_connector.errors import NeedsHuman, UserError
from ml_connector.words import Cause

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The well-known prefix of NAT64: such an address carries an IPv4 address in its last 32 bits.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def check_base_url(url: str) -> None:
    """Accept the address of a system: https anywhere, http only to a literal loopback host.

    Whether a name leads to a public address is checked when it is connected to.

    Raises:
        UserError: any other scheme, no host, or user info, a query or a fragment in it.
    """
    parts = split_address(url)
    if parts is None or not parts.hostname:
        raise _refusal(url, "is not an address", "Write it as https://host.")
    if parts.username is not None or parts.password is not None:
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        raise _refusal(
            shown, "holds a user name", "Take the part before the @ out of the address."
        )
    if parts.scheme not in {"http", "https"}:
        raise _refusal(url, "is not an https address", "Write it as https://host.")
    if "?" in url or "#" in url:
        raise _refusal(
            url.partition("?")[0].partition("#")[0],
            "has a query or a fragment",
            "Give only scheme, host and path.",
        )
    if not is_encrypted_or_local(parts):
        raise _refusal(
            url, "is not encrypted", "Use https; plain http is for 127.0.0.1 and localhost only."
        )


def split_address(url: str) -> SplitResult | None:
    """Take an address apart; None when it is none, or has blanks or control characters."""
    if any(character <= " " or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is parsed, and refused, only when it is asked for
    except ValueError:
        return None
    return parts


def is_encrypted_or_local(parts: SplitResult) -> bool:
    """Whether credentials may be sent there at all."""
    return parts.scheme == "https" or (
        parts.scheme == "http" and is_literal_loopback(parts.hostname or "")
    )


def is_literal_loopback(host: str) -> bool:
    """Whether the host is written as the machine itself: 127.0.0.0/8, ::1 or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, also behind IPv6 disguises."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections only to addresses that were checked.

    A name is resolved once, and the connection goes to the very address that was looked at,
    so that a name can't lead elsewhere between the check and the connection.
    """

    def __init__(self) -> None:
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore2
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check and connect.

        Raises:
            NeedsHuman: the host leads to an address that is not public.
            httpcore2.ConnectError: it can't be resolved or reached.
            httpcore2.ConnectTimeout: not within ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            async with asyncio.timeout(timeout):
                addresses = await _resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"{host} was not resolved in time") from error
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # What is left of the time is shared, so that one dead address doesn't eat it.
            share = None if deadline is None else max(0.1, (deadline - time.monotonic()) / left)
            try:
                return await self._network.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if left == 1:
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Sleep, as httpcore2 wants its network to."""
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, all of them checked."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} can't be resolved") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    local = is_literal_loopback(host)
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (address.is_loopback if local else is_public(address)):
            raise NeedsHuman(
                f"{host} leads to {address}, which is not a public address: nothing was sent",
                cause=Cause.PERMISSION_MISSING,
                remedy="Check the address of this system in the connection and the name service "
                "of this machine. Only public addresses, or 127.0.0.1 and localhost written "
                "out, may be called.",
            )
    return addresses


def _refusal(shown: str, what: str, next_step: str) -> UserError:
    return UserError(f"The address {shown} {what}", where=shown, next_step=next_step)
