"""Token-based authentication (OAuth 1.0a), for public clients that know nothing else (2.9).

An option of the simulator: an account takes it once a token was made for it. The connector
itself only signs in with OAuth 2.0.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import quote, unquote

from ml_connector.sim.netsuite.http.tokens import SignIn, Token
from ml_connector.sim.netsuite.values.messages import Request

_METHOD: Final = "HMAC-SHA256"
_PART: Final = re.compile(r'\s*(\w+)="([^"]*)"\s*(?:,|$)')
_TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a person copies from NetSuite into such a client."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str
    role: int
    entity: int


@dataclass(slots=True)
class TokenBased:
    """The access tokens of one account.

    Attributes:
        sign_in: the account and its clock.
        tokens: by token id; none, and nobody signs in this way.
    """

    sign_in: SignIn
    tokens: dict[str, AccessToken] = field(default_factory=dict)
    _nonces: set[tuple[str, str]] = field(default_factory=set)

    def add(self, *, role: int, entity: int) -> AccessToken:
        """Make an access token with an integration of its own."""
        key, secret, token_id, token_secret = (secrets.token_hex(32) for _ in range(4))
        token = AccessToken(key, secret, token_id, token_secret, role, entity)
        self.sign_in.add_integration(token.consumer_key)
        self.tokens[token.token_id] = token
        return token

    def holder(self, request: Request) -> Token | None:
        """Who signed a request; None where the signature or what it covers is not right."""
        given = dict(_header(request))
        token = self.tokens.get(given.get("oauth_token", ""))
        if token is None or not self._is_fresh(given) or not self._is_signed(request, given):
            return None
        now = self.sign_in.now()
        return Token(
            token.token_id,
            token.consumer_key,
            "",
            token.role,
            token.entity,
            frozenset({"rest_webservices"}),
            now,
            now + _TOLERANCE,
        )

    def _is_fresh(self, given: Mapping[str, str]) -> bool:
        stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        if not stamp.isdecimal() or not nonce or (stamp, nonce) in self._nonces:
            return False
        self._nonces.add((stamp, nonce))
        return abs(self.sign_in.now().timestamp() - int(stamp)) <= _TOLERANCE.total_seconds()

    def _is_signed(self, request: Request, given: Mapping[str, str]) -> bool:
        token = self.tokens[given["oauth_token"]]
        expected = {
            "realm": self.sign_in.account_id,
            "oauth_consumer_key": token.consumer_key,
            "oauth_signature_method": _METHOD,
        }
        if any(given.get(name) != value for name, value in expected.items()):
            return False
        key = f"{_encoded(token.consumer_secret)}&{_encoded(token.token_secret)}".encode()
        signature = given.get("oauth_signature", "")
        return any(
            hmac.compare_digest(signature, _signature(key, base))
            for base in _base_strings(request, given)
        )


def is_tba(request: Request) -> bool:
    """Whether a request is signed in this way at all."""
    return request.headers.get("authorization", "").lower().startswith("oauth ")


def _header(request: Request) -> Iterator[tuple[str, str]]:
    text = request.headers.get("authorization", "").partition(" ")[2]
    for match in _PART.finditer(text):
        yield match[1], unquote(match[2])


def _encoded(text: str) -> str:
    """RFC 5849 3.6: all but letters, digits and ``-._~``; so ``!`` too (7.1)."""
    return quote(text, safe="~")


def _base_strings(request: Request, given: Mapping[str, str]) -> Iterator[str]:
    """The text that is signed (RFC 5849 3.4.1), whether the path was sent encoded or not."""
    signed = {
        key: value for key, value in given.items() if key not in ("realm", "oauth_signature")
    }
    pairs = sorted(
        (_encoded(key), _encoded(value))
        for key, value in [*signed.items(), *request.query.items()]
    )
    parameters = _encoded("&".join(f"{key}={value}" for key, value in pairs))
    for path in dict.fromkeys([request.path, quote(request.path), quote(request.path, safe="/:")]):
        yield f"{request.method}&{_encoded(request.origin + path)}&{parameters}"


def _signature(key: bytes, base: str) -> str:
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()
