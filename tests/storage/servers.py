"""Servers that a test puts before PostgreSQL: one without TLS, one with nothing else."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ELSEWHERE = "0.0.0.0"  # noqa: S104 - no loopback address by its name, yet it leads to this machine
"""Where a client comes to a server of this machine and does not take it for one."""

_ASKS_FOR_ENCRYPTION = struct.pack("!I", 8)
_SIZE = 65_536


@dataclass
class HeardServer:
    """A server, and what it heard.

    Attributes:
        port: on every address of this machine.
        heard: everything that came in clear, or out of TLS.
        left: how many clients came and went.
    """

    port: int
    heard: bytearray = field(default_factory=bytearray)
    left: int = 0


_Talk = Callable[[socket.socket, HeardServer], None]
"""Serves one client until it leaves."""


@contextmanager
def without_tls() -> Iterator[HeardServer]:
    """A server that has no TLS and asks whoever goes on for his password."""

    def talk(client: socket.socket, made: HeardServer) -> None:
        while request := client.recv(_SIZE):
            made.heard += request
            if request.startswith(_ASKS_FOR_ENCRYPTION):
                client.sendall(b"N")
            elif request.startswith(b"p"):  # PasswordMessage
                return
            else:
                client.sendall(b"R" + struct.pack("!II", 8, 3))  # AuthenticationCleartextPassword

    with _listening(talk) as made:
        yield made


@contextmanager
def with_tls(context: ssl.SSLContext, behind: str) -> Iterator[HeardServer]:
    """TLS in front of a PostgreSQL whose socket is here; what it hears is passed on."""

    def talk(client: socket.socket, made: HeardServer) -> None:
        request = client.recv(8)
        while not request.endswith(struct.pack("!I", 80_877_103)):  # SSLRequest
            client.sendall(b"N")
            request = client.recv(8)
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.socket(socket.AF_UNIX) as server,
        ):
            server.connect(behind)
            answering = threading.Thread(target=_pass_on, args=(server, inside), daemon=True)
            answering.start()
            while request := inside.recv(_SIZE):
                made.heard += request
                server.sendall(request)
            server.shutdown(socket.SHUT_RDWR)
            answering.join()

    with _listening(talk) as made:
        yield made


def _pass_on(server: socket.socket, client: ssl.SSLSocket) -> None:
    with suppress(OSError):
        while answer := server.recv(_SIZE):
            client.sendall(answer)


@contextmanager
def _listening(talk: _Talk) -> Iterator[HeardServer]:
    with socket.create_server(("", 0)) as listener:
        made = HeardServer(listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with client, suppress(OSError):
                talk(client, made)
            made.left += 1

        threading.Thread(target=accept, daemon=True).start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Pair:
    """A key and a certificate that it has signed itself, for one name."""

    certificate: Path
    key: Path


def self_signed(folder: Path, name: str) -> Pair:
    """Make a pair whose certificate is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.touch(mode=0o600)
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def server_side(pair: Pair, *, clients: Path | None = None) -> ssl.SSLContext:
    """A server's side of TLS.

    Args:
        pair: what it shows.
        clients: who must have signed the certificate that a client shows; None: none is wanted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context
