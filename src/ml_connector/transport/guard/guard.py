"""Where calls may go: https to public addresses, or a literal loopback host."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ml_connector.errors import NeedsHuman, UserError
from ml_connector.words import Cause

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


def check_address(host: str, address: Address) -> None:
    """Refuse an address that a host leads to, and that must not be called.

    Raises:
        NeedsHuman: it is not public; or not the machine itself, which the host names.
    """
    if address.is_loopback if is_literal_loopback(host) else is_public(address):
        return
    raise NeedsHuman(
        f"{host} leads to {address}, which is not a public address: nothing was sent",
        cause=Cause.PERMISSION_MISSING,
        remedy="Check the address of this system in the connection and the name service of this"
        " machine. Only public addresses, or 127.0.0.1 and localhost written out, may be called.",
    )


def check_literal(host: str) -> None:
    """Refuse a host that is written as an address which must not be called.

    Raises:
        NeedsHuman: as ``check_address`` does.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return  # a name: looked at when it is resolved
    check_address(host, address)


def _refusal(shown: str, what: str, next_step: str) -> UserError:
    return UserError(f"The address {shown} {what}", where=shown, next_step=next_step)
