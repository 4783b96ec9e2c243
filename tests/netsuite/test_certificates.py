"""Key pairs and certificates: what NetSuite takes is made, what it refuses is refused before."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from ml_connector.errors import UserError
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.sign_in.certificates import (
    KeyKind,
    check_pair,
    key_print,
    make_pair,
    read_certificate,
)
from ml_connector.netsuite.sign_in.signing import load_key

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "algorithm"), [("ec", "ES256"), ("rsa", "PS256")])
def test_a_pair_signs_with_what_netsuite_takes_and_ends_within_two_years(
    kind: KeyKind, algorithm: str
) -> None:
    pair = make_pair("acme", kind=kind, now=NOW)
    made = pair.certificate
    parsed = x509.load_pem_x509_certificate(made.pem.encode())

    assert (made.algorithm, load_key(pair.private_key).algorithm) == (algorithm, algorithm)
    assert made.valid_until - made.valid_from == timedelta(days=730)
    assert made.valid_from <= NOW
    assert key_print(load_key(pair.private_key)) == made.key_print
    assert check_pair(pair.private_key, made.pem, now=NOW) == made
    assert parsed.subject == parsed.issuer
    parsed.verify_directly_issued_by(parsed)


def test_an_rsa_certificate_is_signed_as_oracles_command_does() -> None:
    made = make_pair("acme", kind="rsa", now=NOW).certificate
    parsed = x509.load_pem_x509_certificate(made.pem.encode())
    public = parsed.public_key()

    assert isinstance(parsed.signature_algorithm_parameters, padding.PSS)
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 4096


@pytest.mark.parametrize("days", [0, -1, 731])
def test_a_life_that_netsuite_would_shorten_is_refused(days: int) -> None:
    with pytest.raises(UserError, match="can't be valid"):
        make_pair("acme", now=NOW, days=days)


def certificate_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RSA with 2048 bits"),
        (ec.generate_private_key(ec.SECP256K1()), "curve secp256k1"),
    ],
)
def test_a_weak_or_odd_certificate_is_refused_before_it_is_uploaded(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, said: str
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        read_certificate(certificate_of(key))

    assert "connection certificate" in caught.value.next_step


def test_a_private_key_in_place_of_the_certificate_is_told() -> None:
    pair = make_pair("acme", now=NOW)
    with pytest.raises(UserError, match=r"not an X\.509 certificate") as caught:
        read_certificate(pair.private_key.reveal())

    assert "PRIVATE KEY-----\n" not in str(caught.value)


def test_a_certificate_of_another_key_is_named_as_such() -> None:
    mine, other = make_pair("acme", now=NOW), make_pair("acme", now=NOW)
    with pytest.raises(UserError, match="does not belong to the private key"):
        check_pair(mine.private_key, other.certificate.pem, now=NOW)


def test_an_expired_certificate_is_refused() -> None:
    pair = make_pair("acme", now=NOW, days=10)
    with pytest.raises(UserError, match="expired on 2026-11-30"):
        check_pair(pair.private_key, pair.certificate.pem, now=NOW + timedelta(days=11))


@pytest.mark.parametrize(
    ("account_id", "kind"),
    [
        ("1234567", "original"),
        ("1234567_SB1", "copy"),
        ("1234567-sb2", "copy"),
        ("1234567_RP", "copy"),
        ("TSTDRV1234567", "original"),
        ("TSTDRV1234567_SB1", "copy"),
        ("SB1", "original"),
    ],
)
def test_sandboxes_and_release_previews_are_known_by_their_ids(account_id: str, kind: str) -> None:
    assert Account.of(account_id).is_copy == (kind == "copy")


def test_the_restlets_host_follows_the_address_that_is_given() -> None:
    own = Account.of("1234567", base_url="https://1234567.suitetalk.api.netsuite.com")
    gateway = Account.of("1234567", base_url="http://127.0.0.1:9100/")

    assert own.restlets_url == "https://1234567.restlets.api.netsuite.com"
    assert gateway.restlets_url == "http://127.0.0.1:9100"
    assert own.certificates_url("a/b").endswith("/oauth2/v1/clients/a%2Fb/certificates")
