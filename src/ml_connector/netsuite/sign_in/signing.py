"""The key that signs in to NetSuite, and the assertion made with it."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ml_connector.errors import UserError
from ml_connector.secret import Secret

SCOPE: Final = "rest_webservices"
ASSERTION_SECONDS: Final = 300

_RSA_BITS: Final = (3072, 4096)
_EC_ALGORITHMS: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_WHERE: Final = "netsuite.private_key"
_NEW_KEY: Final = (
    "Make a new key and certificate with `ml-connector connection certificate NAME`, and map the"
    " certificate in NetSuite under Setup > Integration > Manage Authentication > OAuth 2.0"
    " Client Credentials (M2M) Setup."
)


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A private key that NetSuite accepts, and the algorithm that belongs to it.

    Attributes:
        algorithm: PS256 for RSA, ES256, ES384 or ES512 by the curve. PKCS#1 v1.5 (RS256)
            is retired (netsuite.md section 2.2).
    """

    algorithm: str
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)


def load_key(pem: Secret) -> SigningKey:
    """Read a private key (netsuite.md sections 2.2 and 3.1).

    Args:
        pem: the text of the PEM file, without a passphrase.

    Raises:
        UserError: no private key, one with a passphrase, or one that NetSuite refuses:
            anything but RSA of 3072 or 4096 bits and the curves P-256, P-384 and P-521.
    """
    try:
        key = serialization.load_pem_private_key(pem.reveal().encode(), password=None)
    except TypeError:
        raise UserError(
            "The private key has a passphrase",
            where=_WHERE,
            next_step="Write it without one (`openssl pkey -in KEY -out netsuite.pem`),"
            " readable only by the service; it is kept encrypted afterwards.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        # The library's message may quote the file.
        raise UserError(
            "The private key is not a PEM private key",
            where=_WHERE,
            next_step="Give the file that begins with -----BEGIN PRIVATE KEY-----, not the"
            f" certificate. {_NEW_KEY}",
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise UserError(
            "The private key is neither an RSA nor an elliptic-curve key",
            where=_WHERE,
            next_step=_NEW_KEY,
        )
    algorithm = check_public_key(key.public_key(), what="The private key", where=_WHERE)
    return SigningKey(algorithm=algorithm, key=key)


def check_public_key(public: object, *, what: str, where: str) -> str:
    """Return the algorithm that a key signs with (netsuite.md sections 2.2 and 3.1).

    Args:
        public: the public key.
        what: how an error names it, such as ``The private key``.
        where: the setting or file that it comes from, for errors.

    Raises:
        UserError: NetSuite refuses such a key.
    """
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size in _RSA_BITS:
            return "PS256"
        reason = f"is RSA with {public.key_size} bits; NetSuite accepts 3072 or 4096"
    elif isinstance(public, ec.EllipticCurvePublicKey):
        if (algorithm := _EC_ALGORITHMS.get(public.curve.name)) is not None:
            return algorithm
        reason = (
            f"is on the curve {public.curve.name} ({public.curve.key_size} bits); NetSuite"
            " accepts P-256, P-384 and P-521"
        )
    else:
        reason = "is neither an RSA nor an elliptic-curve key"
    raise UserError(f"{what} {reason}", where=where, next_step=_NEW_KEY)


def assertion(
    key: SigningKey, *, certificate_id: str, client_id: str, token_url: str, now: int, jti: str
) -> Secret:
    """Sign the JWT that asks for a token (netsuite.md sections 2.2 and 2.3).

    Args:
        key: the key whose certificate is mapped in NetSuite.
        certificate_id: the id that NetSuite gave that certificate.
        client_id: of the integration record.
        token_url: exactly the address that it is posted to.
        now: seconds since 1970.
        jti: new for every assertion.
    """
    claims = {
        "iss": client_id,
        "scope": [SCOPE],
        "aud": token_url,
        "jti": jti,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    # Loading the library takes a tenth of a second, which processes that never sign in save.
    import jwt  # noqa: PLC0415 - see above

    signed = jwt.encode(
        claims, key.key, algorithm=key.algorithm, headers={"typ": "JWT", "kid": certificate_id}
    )
    return Secret(signed)
