import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ml_connector.errors import UserError
from ml_connector.netsuite.sign_in.signing import assertion, load_key
from ml_connector.secret import Secret

TOKEN_URL = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"


def pem_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    password: bytes | None = None,
) -> Secret:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        ).decode()
    )


def claims_of(pem: Secret, algorithm: str, expected_url: str = TOKEN_URL) -> dict[str, object]:
    key = load_key(pem)
    signed = assertion(
        key,
        certificate_id="cert-1",
        client_id="client-1",
        token_url=TOKEN_URL,
        now=1795000000,
        jti="5a1f",
    )
    claims: dict[str, object] = jwt.decode(
        signed.reveal(),
        key.key.public_key(),
        algorithms=[algorithm],
        audience=expected_url,
        options={"verify_exp": False, "verify_iat": False},
    )
    return claims


def test_the_assertion_is_the_one_that_the_reference_recommends(
    reference: Path, rsa_pem: Secret
) -> None:
    sample = json.loads((reference / "netsuite/samples/auth.json").read_text())
    recommended = sample["assertion_recommended"]
    key = load_key(rsa_pem)

    signed = assertion(
        key,
        certificate_id="<certificate id>",
        client_id="<client id>",
        token_url=TOKEN_URL,
        now=1795000000,
        jti="<uuid>",
    )

    assert jwt.get_unverified_header(signed.reveal()) == recommended["header"]
    assert claims_of(rsa_pem, "PS256") == recommended["payload"] | {
        "iss": "client-1",
        "jti": "5a1f",
    }


@pytest.mark.parametrize(
    ("curve", "algorithm"),
    [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")],
)
def test_the_curve_decides_the_algorithm(curve: ec.EllipticCurve, algorithm: str) -> None:
    pem = pem_of(ec.generate_private_key(curve))

    assert load_key(pem).algorithm == algorithm
    assert claims_of(pem, algorithm)["exp"] == 1795000300


def test_the_audience_is_exactly_the_address_posted_to(ec_pem: Secret) -> None:
    with pytest.raises(jwt.InvalidAudienceError):
        claims_of(ec_pem, "ES256", expected_url=TOKEN_URL + "/")


def test_a_weak_rsa_key_is_refused_naming_its_size() -> None:
    pem = pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    with pytest.raises(UserError, match="2048 bits") as caught:
        load_key(pem)

    assert "certificate" in caught.value.next_step


def test_another_curve_is_refused_naming_it() -> None:
    with pytest.raises(UserError, match="secp256k1"):
        load_key(pem_of(ec.generate_private_key(ec.SECP256K1())))


def test_another_kind_of_key_is_refused() -> None:
    with pytest.raises(UserError, match="neither"):
        load_key(pem_of(ed25519.Ed25519PrivateKey.generate()))


def test_a_key_with_a_passphrase_is_refused() -> None:
    pem = pem_of(ec.generate_private_key(ec.SECP256R1()), password=b"hunter2")

    with pytest.raises(UserError, match="passphrase"):
        load_key(pem)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "planted-secret",
        "-----BEGIN CERTIFICATE-----\nplanted-secret\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nplanted-secret\n-----END PRIVATE KEY-----\n",
    ],
)
def test_what_is_no_private_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UserError) as caught:
        load_key(Secret(text))

    shown = f"{caught.value} {caught.value.next_step} {caught.value.__cause__!r}"
    assert "planted-secret" not in shown


def test_a_key_never_prints_itself(ec_pem: Secret) -> None:
    assert "PrivateKey" not in repr(load_key(ec_pem))
