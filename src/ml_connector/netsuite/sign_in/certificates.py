"""Key pairs and self-signed certificates for signing in to NetSuite. Pure.

Netsuite.md section 3: RSA of 3072 or 4096 bits or EC of 256, 384 or 521 bits, valid for at most
two years; NetSuite shortens longer ones.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from ml_connector.errors import UserError
from ml_connector.netsuite.sign_in.signing import SigningKey, check_public_key, load_key
from ml_connector.secret import Secret

KeyKind = Literal["ec", "rsa"]

MOST_DAYS: Final = 730
"""Two years: NetSuite shortens longer ones (section 3.1)."""

_RSA_BITS: Final = 4096
# As in Oracle's own command (section 3.2).
_PSS_SALT_BYTES: Final = 64
# NetSuite's clock may be a little behind ours.
_EARLIER: Final = timedelta(minutes=5)
_WHERE: Final = "netsuite.certificate"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The certificate of a key, which is uploaded to NetSuite.

    Attributes:
        pem: its text.
        key_print: SHA-256 of its public key, in hex, by which its private key is recognised.
        algorithm: the algorithm that the key signs assertions with, such as ES256.
        valid_from, valid_until: aware, UTC.
    """

    pem: str
    key_print: str
    algorithm: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A new private key and its certificate.

    Attributes:
        private_key: PEM text without a passphrase.
    """

    private_key: Secret
    certificate: Certificate


def make_pair(name: str, *, kind: KeyKind = "ec", now: datetime, days: int = MOST_DAYS) -> Pair:
    """Make a key and a self-signed certificate for it.

    Args:
        name: of the connection; goes into the certificate's subject.
        kind: ``ec`` is P-256, which signs ES256; ``rsa`` is 4096 bits, which signs PS256.
        now: aware.
        days: how long it is valid.

    Raises:
        UserError: fewer than 1 or more than 730 days.
    """
    check_days(days)
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "ec":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ml-connector {name}")])
    begins = (now - _EARLIER).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_PSS_SALT_BYTES)
    signed = builder.sign(
        key, hashes.SHA256(), rsa_padding=pss if isinstance(key, rsa.RSAPrivateKey) else None
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Pair(
        private_key=Secret(private.decode()),
        certificate=read_certificate(signed.public_bytes(serialization.Encoding.PEM).decode()),
    )


def check_days(days: int) -> None:
    """Check that NetSuite would not shorten a certificate's life.

    Raises:
        UserError: fewer than 1 or more than 730 days.
    """
    if not 1 <= days <= MOST_DAYS:
        raise UserError(
            f"A certificate can't be valid for {days} days",
            where="--days",
            next_step=f"NetSuite takes at most two years: choose 1 to {MOST_DAYS}.",
            usage=True,
        )


def read_certificate(pem: str, *, where: str = _WHERE) -> Certificate:
    """Read a certificate and check that NetSuite would accept it.

    Args:
        pem: its text.
        where: the setting or file that it comes from, for errors.

    Raises:
        UserError: no X.509 certificate, or with a key that NetSuite refuses.
    """
    try:
        read = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise UserError(
            "This is not an X.509 certificate in PEM form",
            where=where,
            next_step="Give the file that begins with -----BEGIN CERTIFICATE-----.",
        ) from None
    public = read.public_key()
    algorithm = check_public_key(public, what="The certificate's key", where=where)
    return Certificate(
        pem=pem,
        key_print=_print(
            public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ),
        algorithm=algorithm,
        valid_from=read.not_valid_before_utc,
        valid_until=read.not_valid_after_utc,
    )


def key_print(key: SigningKey) -> str:
    """Return the SHA-256 of the public key that belongs to a private one, in hex."""
    return _print(
        key.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def check_pair(private_key: Secret, certificate_pem: str, *, now: datetime) -> Certificate:
    """Check that a certificate can be used with this private key; return it.

    Raises:
        UserError: one of the two can't be used, they don't belong together, or the
            certificate has expired.
    """
    certificate = read_certificate(certificate_pem)
    if key_print(load_key(private_key)) != certificate.key_print:
        raise UserError(
            "The certificate does not belong to the private key",
            where="netsuite.certificate and netsuite.private_key",
            next_step="Give the two files that were made together, or make a new pair with"
            " ml-connector connection certificate NAME.",
        )
    if certificate.valid_until <= now:
        raise UserError(
            f"The certificate expired on {certificate.valid_until:%Y-%m-%d}",
            where=_WHERE,
            next_step="Make a new pair with ml-connector connection certificate NAME, and map"
            " its certificate in NetSuite.",
        )
    return certificate


def _print(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
