"""The key that signs in to NetSuite, and the assertion made with it."""

from dataclasses import dataclass, field
from typing import Final

import jwt
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
    "Make a new key and certificate, for example with `openssl req -new -x509 -newkey ec -pkeyopt"
    " ec_paramgen_curve:prime256v1 -nodes -days 730 -keyout netsuite.pem -out netsuite.cer`,"
    " and map the certificate in NetSuite under Setup > Integration > Manage Authentication"
    " > OAuth 2.0 Client Credentials (M2M) Setup."
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
        # The library's own words may quote the file.
        raise UserError(
            "The private key is not a PEM private key",
            where=_WHERE,
            next_step="Give the file that begins with -----BEGIN PRIVATE KEY-----, not the"
            f" certificate. {_NEW_KEY}",
        ) from None
    match key:
        case rsa.RSAPrivateKey():
            return SigningKey(algorithm=_rsa_algorithm(key.key_size), key=key)
        case ec.EllipticCurvePrivateKey():
            return SigningKey(algorithm=_ec_algorithm(key.curve), key=key)
        case _:
            raise UserError(
                "The private key is neither an RSA nor an elliptic-curve key",
                where=_WHERE,
                next_step=_NEW_KEY,
            )


def assertion(
    key: SigningKey, *, certificate_id: str, client_id: str, token_url: str, now: int, jti: str
) -> Secret:
    """Sign the JWT that asks for a token (netsuite.md sections 2.2 and 2.3).

    Args:
        key: whose certificate is mapped in NetSuite.
        certificate_id: what NetSuite called that certificate.
        client_id: of the integration record.
        token_url: exactly the address it is posted to.
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
    signed = jwt.encode(
        claims, key.key, algorithm=key.algorithm, headers={"typ": "JWT", "kid": certificate_id}
    )
    return Secret(signed)


def _rsa_algorithm(bits: int) -> str:
    if bits not in _RSA_BITS:
        raise UserError(
            f"The private key is RSA with {bits} bits; NetSuite accepts 3072 or 4096",
            where=_WHERE,
            next_step=_NEW_KEY,
        )
    return "PS256"


def _ec_algorithm(curve: ec.EllipticCurve) -> str:
    algorithm = _EC_ALGORITHMS.get(curve.name)
    if algorithm is None:
        raise UserError(
            f"The private key is on the curve {curve.name} ({curve.key_size} bits); NetSuite"
            " accepts P-256, P-384 and P-521",
            where=_WHERE,
            next_step=_NEW_KEY,
        )
    return algorithm
