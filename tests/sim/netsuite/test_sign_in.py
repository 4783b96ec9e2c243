"""Token endpoint, tokens and certificates (reference 2 and 3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim

TOKEN = "/services/rest/auth/oauth2/v1/token"
AUDIENCE = "http://netsuite.test" + TOKEN
KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
CLIENT = "1c343a716c1dceb60e7fc149fa6735929ef77d28fe16293f892976dde7d8e3e2"


def claims(**changes: Any) -> dict[str, Any]:
    issued = int(NOW.timestamp())
    found = {
        "iss": CLIENT,
        "scope": ["rest_webservices"],
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + 300,
        "jti": "one",
    }
    return found | changes


def form(assertion: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": KIND,
        "client_assertion": assertion,
    } | changes


@pytest.fixture
def kid(sim: NetSuiteSim, ec_pair: Any) -> str:
    return sim.register_certificate(CLIENT, ec_pair.certificate)


def test_a_signed_assertion_buys_a_token_for_an_hour(
    client: TestClient, ec_pair: Any, kid: str
) -> None:
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": kid})

    answer = client.post(TOKEN, data=form(assertion), headers={"Authorization": ""})

    assert answer.status_code == 200
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "expires_in": 3600,
        "token_type": "Bearer",
    }


def test_the_token_is_a_jwt_whose_subject_is_role_and_entity(
    client: TestClient, ec_pair: Any, kid: str
) -> None:
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": kid})
    token = client.post(TOKEN, data=form(assertion)).json()["access_token"]

    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == "1000;12"


def test_a_token_opens_a_resource_until_it_expires(
    client: TestClient, clock: Clock, ec_pair: Any, kid: str
) -> None:
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": kid})
    token = client.post(TOKEN, data=form(assertion)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    before = client.get("/services/rest/record/v1/purchaseOrder", headers=headers)
    clock.advance(timedelta(seconds=3600))
    after = client.get("/services/rest/record/v1/purchaseOrder", headers=headers)

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
def test_rsa_keys_sign_with_pss(
    client: TestClient,
    sim: NetSuiteSim,
    certify: Callable[..., Any],
    rsa_key: rsa.RSAPrivateKey,
    algorithm: str,
) -> None:
    pair = certify(rsa_key)
    kid = sim.register_certificate(CLIENT, pair.certificate)
    assertion = jwt.encode(claims(), pair.private, algorithm, headers={"kid": kid})

    assert client.post(TOKEN, data=form(assertion)).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_retired_rsa_signatures_are_refused(
    client: TestClient,
    sim: NetSuiteSim,
    certify: Callable[..., Any],
    rsa_key: rsa.RSAPrivateKey,
    algorithm: str,
) -> None:
    pair = certify(rsa_key)
    kid = sim.register_certificate(CLIENT, pair.certificate)
    assertion = jwt.encode(claims(), pair.private, algorithm, headers={"kid": kid})
    answer = client.post(TOKEN, data=form(assertion))

    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "invalid_client",
    }


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]
)
def test_longer_curves_are_taken_too(
    client: TestClient,
    sim: NetSuiteSim,
    certify: Callable[..., Any],
    curve: ec.EllipticCurve,
    algorithm: str,
) -> None:
    pair = certify(ec.generate_private_key(curve))
    kid = sim.register_certificate(CLIENT, pair.certificate)
    assertion = jwt.encode(claims(), pair.private, algorithm, headers={"kid": kid})

    assert client.post(TOKEN, data=form(assertion)).status_code == 200


def test_shared_secrets_and_unsigned_assertions_are_refused(client: TestClient, kid: str) -> None:
    shared = jwt.encode(claims(), "s" * 40, "HS256", headers={"kid": kid})
    unsigned = jwt.encode(claims(), "", "none", headers={"kid": kid})
    answers = [client.post(TOKEN, data=form(text)) for text in (shared, unsigned)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert {answer.json()["error"] for answer in answers} == {"invalid_client"}


def test_an_unknown_certificate_id_is_an_invalid_client(
    client: TestClient, ec_pair: Any, kid: str
) -> None:
    del kid
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": "other"})
    answer = client.post(TOKEN, data=form(assertion))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_another_key_is_an_invalid_client(
    client: TestClient, certify: Callable[..., Any], kid: str
) -> None:
    stranger = certify(ec.generate_private_key(ec.SECP256R1()))
    assertion = jwt.encode(claims(), stranger.private, "ES256", headers={"kid": kid})

    assert client.post(TOKEN, data=form(assertion)).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"iss": "somebody"}, "invalid_client"),
        ({"iat": int(NOW.timestamp()) - 900, "exp": int(NOW.timestamp()) - 600}, "invalid_grant"),
        ({"exp": int(NOW.timestamp()) + 3601}, "invalid_grant"),
        (
            {"iat": int(NOW.timestamp()) + 600, "exp": int(NOW.timestamp()) + 900},
            "invalid_grant",
        ),
        ({"exp": None}, "invalid_request"),
        ({"scope": []}, "invalid_request"),
        ({"scope": ["restlets"]}, "invalid_scope"),
        ({"aud": None}, "invalid_request"),
    ],
)
def test_wrong_claims_are_refused(
    client: TestClient, ec_pair: Any, kid: str, change: dict[str, Any], error: str
) -> None:
    changed = {key: value for key, value in claims(**change).items() if value is not None}
    assertion = jwt.encode(changed, ec_pair.private, "ES256", headers={"kid": kid})
    answer = client.post(TOKEN, data=form(assertion))

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    "scope", [["rest_webservices"], "rest_webservices", "rest_webservices, restlets"]
)
def test_scopes_come_as_array_word_or_comma_list(
    client: TestClient, sim: NetSuiteSim, ec_pair: Any, scope: object
) -> None:
    sim.add_integration(CLIENT, ["rest_webservices", "restlets"])
    kid = sim.register_certificate(CLIENT, ec_pair.certificate)
    assertion = jwt.encode(claims(scope=scope), ec_pair.private, "ES256", headers={"kid": kid})

    assert client.post(TOKEN, data=form(assertion)).status_code == 200


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        (AUDIENCE, 200),
        ("https://tstdrv1234567-sb1.suitetalk.api.netsuite.com" + TOKEN, 200),
        ("https://tstdrv1234567-sb1.restlets.api.netsuite.com" + TOKEN, 200),
        ("https://other.suitetalk.api.netsuite.com" + TOKEN, 400),
    ],
)
def test_a_strict_audience_is_one_of_the_accounts_own(
    clock: Clock, ec_pair: Any, audience: str, status: int
) -> None:
    sim = NetSuiteSim(clock=clock, strict_audience=True)
    kid = sim.register_certificate(CLIENT, ec_pair.certificate)
    assertion = jwt.encode(claims(aud=audience), ec_pair.private, "ES256", headers={"kid": kid})
    client = TestClient(sim.app, base_url="http://netsuite.test")

    assert client.post(TOKEN, data=form(assertion)).status_code == status


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
        ({"client_assertion": "not.a.jwt"}, "invalid_request"),
    ],
)
def test_malformed_requests_are_refused(
    client: TestClient, change: dict[str, str], error: str
) -> None:
    answer = client.post(TOKEN, data=form("x", **change))

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_json_body_is_an_invalid_request(client: TestClient) -> None:
    assert client.post(TOKEN, json=form("x")).json()["error"] == "invalid_request"


def test_a_revoked_or_refreshed_certificate_buys_nothing(
    client: TestClient, sim: NetSuiteSim, ec_pair: Any, kid: str
) -> None:
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": kid})
    sim.sign_in.revoke_certificate(kid)
    revoked = client.post(TOKEN, data=form(assertion))
    sim.sandbox_refresh()
    refreshed = client.post(TOKEN, data=form(assertion))

    assert revoked.json()["error"] == refreshed.json()["error"] == "invalid_client"


def test_a_bad_token_gets_401_with_challenge_and_error_object(client: TestClient) -> None:
    answer = client.get(
        "/services/rest/record/v1/purchaseOrder/1", headers={"Authorization": "Bearer nonsense"}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="TSTDRV1234567_SB1", error="invalid_token", '
        'error_description="Invalid login attempt."'
    )
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"
    assert answer.json()["title"] == "Unauthorized"


def test_a_missing_token_is_a_bad_token(sim: NetSuiteSim) -> None:
    answer = TestClient(sim.app).get("/services/rest/record/v1/purchaseOrder/1")

    assert answer.status_code == 401


def test_another_scheme_is_a_malformed_request(client: TestClient) -> None:
    answer = client.get("/services/rest/record/v1/x", headers={"Authorization": "Basic eDp5"})

    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["www-authenticate"]


def test_a_short_rsa_key_is_not_registered(sim: NetSuiteSim, certify: Callable[..., Any]) -> None:
    weak = certify(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    with pytest.raises(ValueError, match="3072 or 4096"):
        sim.register_certificate(CLIENT, weak.certificate)


def test_a_validity_above_two_years_is_shortened(
    sim: NetSuiteSim, certify: Callable[..., Any]
) -> None:
    long = certify(ec.generate_private_key(ec.SECP256R1()), days=3000)
    certificate = sim.sign_in.certificates[sim.register_certificate(CLIENT, long.certificate)]

    assert certificate.valid_until - certificate.valid_from == timedelta(days=730)


def test_certificates_rotate_over_the_restlets_endpoint(
    client: TestClient, ec_pair: Any, kid: str, certify: Callable[..., Any]
) -> None:
    assertion = jwt.encode(claims(), ec_pair.private, "ES256", headers={"kid": kid})
    token = client.post(TOKEN, data=form(assertion)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    root = f"/services/rest/auth/oauth2/v1/clients/{CLIENT}/certificates"
    new = certify(ec.generate_private_key(ec.SECP256R1()))
    body = {"fileContent": new.certificate, "role": 1000, "entity": "12"}
    added = client.post(root, json=body).json()
    fresh = jwt.encode(claims(), new.private, "ES256", headers={"kid": added["certificate_id"]})
    both = [client.post(TOKEN, data=form(text)).status_code for text in (assertion, fresh)]
    revoked = client.post(f"{root}/{kid}/revoke")
    left = [client.post(TOKEN, data=form(text)).status_code for text in (assertion, fresh)]

    assert both == [200, 200]
    assert revoked.text == "Successfully revoked"
    assert left == [400, 200]
    assert [one["revoked"] for one in client.get(root).json()] == [True, False]


def test_somebody_elses_certificates_are_not_shown(client: TestClient) -> None:
    answer = client.get("/services/rest/auth/oauth2/v1/clients/other/certificates")

    assert answer.status_code == 404


def test_the_audit_trail_says_what_the_answer_does_not(
    client: TestClient, sim: NetSuiteSim, ec_pair: Any, kid: str
) -> None:
    assertion = jwt.encode(claims(iss="x"), ec_pair.private, "ES256", headers={"kid": kid})
    client.post(TOKEN, data=form(assertion))

    assert sim.sign_in.trail[-1].detail == "InvalidIntegration: iss"
