"""Whom the client trusts: nobody whom no authority of this machine vouches for."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ml_connector.errors import Retryable
from ml_connector.transport.call import Call
from ml_connector.transport.http.wire import NetworkFailure, Timeouts, Wire


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A server's side with a certificate for localhost that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    self_signed: ssl.SSLContext,
) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=self_signed)
    port = server.sockets[0].getsockname()[1]
    call = Call(
        connection="acme",
        system="netsuite",
        operation="itemReceipt.create",
        method="POST",
        url=f"https://localhost:{port}/",
        headers={"Authorization": "Bearer CANARY"},
        body=b"{}",
    )
    async with Wire(timeouts=Timeouts(connect=5, read=5), user_agent="test") as wire:
        with pytest.raises(NetworkFailure) as caught:
            await wire.exchange(call)
    server.close()

    assert caught.value.before_sending
    assert isinstance(caught.value.failure, Retryable)
    assert "its certificate is not trusted here" in str(caught.value.failure)
    assert heard == []
