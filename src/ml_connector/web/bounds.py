"""How much strangers may take of the web process: figures, and who takes what at the moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network

_IPV6_PREFIX: Final = 64
"""Whoever has one IPv6 address has as many as there are behind such a prefix."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Figures.

    Attributes:
        head_bytes: request line and headers together.
        headers: lines of headers.
        request_seconds: from a request's first byte, or a connection's beginning, until its last
            byte: as long as ShipBob waits for an answer (ShipBob reference, section 7.5).
        exchange_seconds: until the answer is sent as well; then the connection is cut.
        idle_seconds: between an answer and the next request; in whole seconds.
        linger_seconds: what comes after a refusal is read and thrown away for so long, so that
            the sender gets to see the answer.
        connections: at a time, in all.
        connections_of_an_address: at a time.
        pipelined: requests of one connection that wait for the answer to an earlier one.
        waiting_body_bytes: of all requests that are not answered yet, together.
    """

    head_bytes: int = 16 * 1024
    headers: int = 100
    request_seconds: float = 15.0
    exchange_seconds: float = 120.0
    idle_seconds: int = 75
    linger_seconds: float = 2.0
    connections: int = 1_000
    connections_of_an_address: int = 100
    pipelined: int = 8
    waiting_body_bytes: int = 128 * 1024 * 1024


class Occupancy:
    """Who has connections, and how many bytes of bodies wait.

    Args:
        bounds: the figures.
        trusted: addresses of proxies, behind which there are many senders.
    """

    def __init__(self, bounds: Bounds, trusted: Sequence[Network] = ()) -> None:
        self.bounds = bounds
        self._trusted = trusted
        self._connections = 0
        self._of_address: Counter[str] = Counter()
        self._body_bytes = 0

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return self._connections

    @property
    def body_bytes(self) -> int:
        """How many bytes of bodies wait."""
        return self._body_bytes

    def enter(self, address: str | None) -> str | None:
        """Count a connection; return why it is one too many, or None.

        Args:
            address: of the peer; None where it has none, as on a Unix socket.
        """
        key = self._key(address)
        refused = None
        if self._connections >= self.bounds.connections:
            refused = "too_many_connections"
        elif key and self._of_address[key] >= self.bounds.connections_of_an_address:
            refused = "too_many_of_one_address"
        self._connections += 1
        if key:
            self._of_address[key] += 1
        return refused

    def leave(self, address: str | None) -> None:
        """Take back what ``enter`` has counted, whatever it returned."""
        self._connections -= 1
        if key := self._key(address):
            self._of_address[key] -= 1
            if not self._of_address[key]:
                del self._of_address[key]

    def hold(self, body_bytes: int) -> bool:
        """Count bytes of a body that waits; return whether there is room for them."""
        self._body_bytes += body_bytes
        return self._body_bytes <= self.bounds.waiting_body_bytes

    def release(self, body_bytes: int) -> None:
        """Take back bytes that were counted."""
        self._body_bytes -= body_bytes

    def _key(self, address: str | None) -> str:
        """Return what an address is counted under; empty where it is not counted."""
        if address is None:
            return ""
        try:
            peer = _plain(ip_address(address))
        except ValueError:
            return address
        if peer.is_loopback or any(peer in network for network in self._trusted):
            return ""
        if isinstance(peer, IPv6Address):
            return str(ip_network((peer, _IPV6_PREFIX), strict=False))
        return str(peer)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an IPv4 address that comes in the clothes of an IPv6 one as what it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
