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

from ml_connector.authorities import authorities, trusting_this_machine
from ml_connector.errors import Retryable
from ml_connector.transport.call import Call
from ml_connector.transport.http.wire import NetworkFailure, Timeouts, Wire


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A key, and a certificate for localhost that it has signed itself."""
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
    return pem


@pytest.fixture
def self_signed(pem: Path) -> ssl.SSLContext:
    """A server's side with that certificate."""
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
    async with Wire(timeouts=Timeouts(), user_agent="test") as wire:
        with pytest.raises(NetworkFailure) as caught:
            await wire.exchange(call)
    server.close()

    assert caught.value.before_sending
    assert isinstance(caught.value.failure, Retryable)
    assert "its certificate is not trusted here" in str(caught.value.failure)
    assert heard == []


def test_the_environment_adds_no_authority(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting_this_machine.cache_clear()
    before = trusting_this_machine().cert_store_stats()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("SSL_CERT_DIR", str(pem.parent))
    trusting_this_machine.cache_clear()

    assert trusting_this_machine().cert_store_stats() == before


def test_certificates_and_names_are_checked() -> None:
    context = trusting_this_machine()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_places_that_openssl_was_built_with_come_first(tmp_path: Path) -> None:
    listed, folder = tmp_path / "cert.pem", tmp_path / "certs"
    listed.touch()
    folder.mkdir()

    assert authorities(str(listed), str(folder), ["/"]) == (listed, folder)


@pytest.mark.parametrize(
    ("kept", "found"), [("0a1b2c3d.0", "folder"), ("ca-certificates.crt", "bundle")]
)
def test_a_folder_without_hashed_names_holds_no_authority(
    tmp_path: Path, kept: str, found: str
) -> None:
    folder, bundle = tmp_path / "certs", tmp_path / "bundle.pem"
    bundle.touch()
    folder.mkdir()
    (folder / kept).touch()

    expected = {"folder": (None, folder), "bundle": (bundle, None)}[found]
    nowhere = tmp_path / "none.pem"
    assert authorities(str(nowhere), str(folder), [str(nowhere), str(bundle)]) == expected
