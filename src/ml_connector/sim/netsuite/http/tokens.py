"""OAuth 2.0 client credentials with a signed JWT, and the certificates behind it (2, 3)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from urllib.parse import parse_qs

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ml_connector.sim.netsuite.books.books import TellsTime
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_json

ALGORITHMS: Final = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_PATH: Final = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
SCOPES: Final = frozenset({"rest_webservices", "restlets", "suite_analytics"})
TOKEN_SECONDS: Final = 3600
MAX_ASSERTION: Final = timedelta(seconds=3600)
CLOCK_SKEW: Final = timedelta(seconds=60)
MAX_VALIDITY: Final = timedelta(days=730)
RSA_BITS: Final = (3072, 4096)
EC_BITS: Final = (256, 384, 521)


class CertificateError(ValueError):
    """A certificate that NetSuite would not take (3.1)."""


class _OAuthRefusal(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate mapped to integration, entity and role.

    Attributes:
        id: what NetSuite calls certificate id, the assertion's ``kid``.
        client_id: of the integration record.
        role: role id; the access token acts in it.
        entity: employee id.
        pem: the certificate as uploaded.
    """

    id: str
    client_id: str
    role: int
    entity: int
    pem: str
    algorithm: str
    created: datetime
    valid_from: datetime
    valid_until: datetime
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token that was handed out."""

    text: str
    client_id: str
    certificate_id: str
    role: int
    entity: int
    scopes: frozenset[str]
    issued: datetime
    expires: datetime
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the Login Audit Trail: what the answer doesn't say (2.6)."""

    at: datetime
    client_id: str
    outcome: str
    detail: str


@dataclass(slots=True)
class SignIn:
    """Integrations, certificates, tokens and the audit trail of one account.

    Attributes:
        strict_audience: the assertion must name exactly the address it is posted to, or one of
            the account's own token addresses.
        clock_offset: how far the server's clock is ahead, to play wrong clocks.
        life_as_text: ``expires_in`` is a text (2.4).
    """

    account_id: str
    clock: TellsTime
    strict_audience: bool = False
    clock_offset: timedelta = timedelta(0)
    life_as_text: bool = False
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    applications: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    trail: list[Attempt] = field(default_factory=list)

    def application_id(self, client_id: str) -> str:
        """The integration's UUID, as the rotation endpoint and tokens name it."""
        return _uuid_like(client_id)

    def now(self) -> datetime:
        """The server's time."""
        return self.clock.now() + self.clock_offset

    def add_integration(
        self, client_id: str, scopes: frozenset[str] = frozenset({"rest_webservices"})
    ) -> str:
        """An integration record with the client credentials grant."""
        self.scopes[client_id] = scopes
        self.applications.setdefault(client_id, len(self.applications) + 1)
        return client_id

    def register(self, client_id: str, pem: str, *, role: int, entity: int) -> Certificate:
        """Map a certificate; a validity above two years is shortened (3.1).

        Raises:
            CertificateError: not X.509, a weak or odd key, or already expired.
        """
        parsed = _parse(pem)
        if client_id not in self.scopes:
            self.add_integration(client_id)
        start = parsed.not_valid_before_utc
        end = min(parsed.not_valid_after_utc, start + MAX_VALIDITY)
        if end <= self.now():
            raise CertificateError("The certificate has expired.")
        certificate = Certificate(
            id=_identifier(),
            client_id=client_id,
            role=role,
            entity=entity,
            pem=pem,
            algorithm="EC"
            if isinstance(parsed.public_key(), ec.EllipticCurvePublicKey)
            else "RSA",
            created=self.now(),
            valid_from=start,
            valid_until=end,
        )
        self.certificates[certificate.id] = certificate
        return certificate

    def revoke_certificate(self, certificate_id: str) -> None:
        """Take a certificate out of use; tokens made with it live on.

        Raises:
            KeyError: unknown certificate.
        """
        certificate = self.certificates[certificate_id]
        self.certificates[certificate_id] = replace(certificate, revoked=True)

    def issue(
        self,
        client_id: str,
        *,
        role: int,
        entity: int,
        certificate_id: str,
        scopes: frozenset[str],
    ) -> Token:
        """Hand out an access token: an RS256 JWT, to be treated as opaque (2.5)."""
        now = self.now()
        expires = now + timedelta(seconds=TOKEN_SECONDS)
        claims = {
            "sub": f"{role};{entity}",
            "aud": [f"{self.application_id(client_id)};{self.account_id}", client_id],
            "scope": sorted(scopes),
            "iss": "https://system.netsuite.com",
            "oit": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "iat": int(now.timestamp()),
            "jti": f"{self.account_id}.{secrets.token_hex(12)}",
        }
        text = jwt.encode(
            claims, _server_key(), algorithm="RS256", headers={"kid": f"c.{self.account_id}"}
        )
        token = Token(text, client_id, certificate_id, role, entity, scopes, now, expires)
        self.tokens[text] = token
        return token

    def holder(self, text: str) -> Token | None:
        """The token, if it is known, unexpired and not revoked."""
        token = self.tokens.get(text)
        if token is None or token.revoked or token.expires <= self.now():
            return None
        return token

    def revoke_token(self, text: str) -> None:
        """The token stops working at once."""
        token = self.tokens.get(text)
        if token is not None:
            self.tokens[text] = replace(token, revoked=True)

    def answer_token(self, request: Request) -> Answer:
        """POST .../oauth2/v1/token."""
        try:
            certificate, scopes = self._verified(request)
        except _OAuthRefusal as refusal:
            self.trail.append(Attempt(self.now(), "", refusal.code, refusal.reason))
            body = {"error": refusal.code, "error_description": refusal.code}
            return answer_json(body, status=400, kind="application/json")
        token = self.issue(
            certificate.client_id,
            role=certificate.role,
            entity=certificate.entity,
            certificate_id=certificate.id,
            scopes=scopes,
        )
        self.trail.append(Attempt(self.now(), certificate.client_id, "Success", "token"))
        life = str(TOKEN_SECONDS) if self.life_as_text else TOKEN_SECONDS
        grant = {"access_token": token.text, "expires_in": life, "token_type": "Bearer"}
        return answer_json(grant, headers={"cache-control": "no-store"}, kind="application/json")

    def _verified(self, request: Request) -> tuple[Certificate, frozenset[str]]:
        form = _form(request)
        if form.get("grant_type") != "client_credentials":
            raise _OAuthRefusal("unsupported_grant_type", "grant_type")
        assertion = form.get("client_assertion")
        if form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
            raise _OAuthRefusal("invalid_request", "client_assertion")
        certificate = self._certificate(assertion)
        claims = self._claims(assertion, certificate)
        self._check_times(claims)
        self._check_audience(claims.get("aud"), request)
        return certificate, self._scopes(claims.get("scope"), certificate.client_id)

    def _certificate(self, assertion: str) -> Certificate:
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.PyJWTError as error:
            raise _OAuthRefusal("invalid_request", "not a JWT") from error
        if header.get("alg") not in ALGORITHMS:
            # PKCS#1 v1.5, shared secrets and "none" fail at the token request (2.2).
            raise _OAuthRefusal("invalid_client", "InvalidSignature: algorithm")
        if str(header.get("typ", "JWT")).upper() != "JWT":
            raise _OAuthRefusal("invalid_request", "typ")
        certificate = self.certificates.get(str(header.get("kid")))
        if certificate is None:
            raise _OAuthRefusal("invalid_client", "unknown kid")
        if certificate.revoked:
            raise _OAuthRefusal("invalid_client", "certificate revoked")
        if not certificate.valid_from <= self.now() < certificate.valid_until:
            raise _OAuthRefusal("invalid_client", "certificate outside its validity")
        return certificate

    def _claims(self, assertion: str, certificate: Certificate) -> Mapping[str, object]:
        key = x509.load_pem_x509_certificate(certificate.pem.encode()).public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise _OAuthRefusal("invalid_client", "key type")
        try:
            claims: dict[str, object] = jwt.decode(
                assertion,
                key,
                algorithms=list(ALGORITHMS),
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise _OAuthRefusal("invalid_client", "InvalidSignature") from error
        if claims.get("iss") != certificate.client_id:
            raise _OAuthRefusal("invalid_client", "InvalidIntegration: iss")
        return claims

    def _check_times(self, claims: Mapping[str, object]) -> None:
        moments = []
        for name in ("iat", "exp"):
            value = claims.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _OAuthRefusal("invalid_request", name)
            moments.append(datetime.fromtimestamp(value, UTC))
        issued, expires = moments
        now = self.now()
        if issued > now + CLOCK_SKEW:
            raise _OAuthRefusal("invalid_grant", "iat is in the future")
        if expires <= now:
            raise _OAuthRefusal("invalid_grant", "expired")
        if not timedelta(0) < expires - issued <= MAX_ASSERTION:
            raise _OAuthRefusal("invalid_grant", "exp is more than 60 minutes after iat")

    def _check_audience(self, audience: object, request: Request) -> None:
        named = audience if isinstance(audience, list) else [audience]
        if not all(isinstance(one, str) and one for one in named) or not named:
            raise _OAuthRefusal("invalid_request", "aud")
        if not self.strict_audience:
            return
        host = self.account_id.lower().replace("_", "-")
        known = {request.origin + TOKEN_PATH} | {
            f"https://{host}.{service}.api.netsuite.com{TOKEN_PATH}"
            for service in ("suitetalk", "restlets")
        }
        if not known.intersection(named):
            raise _OAuthRefusal("invalid_client", "aud")

    def _scopes(self, claim: object, client_id: str) -> frozenset[str]:
        """An array, one word, or a comma list: all appear to be taken (2.3)."""
        words = claim if isinstance(claim, list) else str(claim or "").split(",")
        wanted = frozenset(str(word).strip() for word in words if str(word).strip())
        if not wanted:
            raise _OAuthRefusal("invalid_request", "scope")
        if not wanted <= SCOPES or not wanted <= self.scopes[client_id]:
            raise _OAuthRefusal("invalid_scope", "InvalidScope")
        return wanted


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        raise _OAuthRefusal("invalid_request", "content type")
    fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if any(len(values) > 1 for values in fields.values()):
        raise _OAuthRefusal("invalid_request", "repeated parameter")
    return {key: values[0] for key, values in fields.items()}


def _parse(pem: str) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise CertificateError("The file is not an X.509 certificate in PEM form.") from error
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS:
        return certificate
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size in EC_BITS:
        return certificate
    raise CertificateError(
        "The certificate's key must be RSA with 3072 or 4096 bits, or EC with 256, 384 or 521."
    )


def _identifier() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _uuid_like(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest().upper()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


@cache
def _server_key() -> rsa.RSAPrivateKey:
    """The key NetSuite signs its own tokens with; nobody has to verify them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
