"""ShipBob's OAuth host and its token endpoint (reference shipbob.md, 3.2)."""

import base64
import binascii
import hashlib
import hmac
from threading import RLock
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.access import ACCESS_LIFETIME, Access, Application, Grant
from ml_connector.sim.shipbob.books.product_views import USER_ID
from ml_connector.sim.shipbob.hosts.consent import Consent
from ml_connector.sim.shipbob.http.identity import signed


class TokenError(Exception):
    """Ends a token request with ``{"error": code}``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Auth:
    """The handlers of the OAuth host."""

    def __init__(self, *, access: Access, clock: Clock, lock: RLock) -> None:
        self._access = access
        self._clock = clock
        self._lock = lock

    async def token(self, request: Request) -> Response:
        """``POST /connect/token``: a code or a refresh token for a pair of tokens.

        The credentials are in the body; HTTP Basic is not understood. Errors are 400 with
        ``{"error": ...}``.
        """
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        issuer = f"{request.url.scheme}://{request.url.netloc}"
        with self._lock:
            try:
                return JSONResponse(self._exchange(form, issuer), headers=_NO_STORE)
            except TokenError as error:
                return JSONResponse({"error": error.code}, status_code=400, headers=_NO_STORE)

    async def login(self, _: Request) -> Response:
        """Where a 302 leads to: a page, never JSON."""
        return HTMLResponse("<!doctype html><title>Sign in</title><h1>Sign in to ShipBob</h1>")

    def _exchange(self, form: dict[str, str], issuer: str) -> dict[str, object]:
        application = self._application(form)
        match form.get("grant_type"):
            case "authorization_code":
                grant, nonce = self._of_code(form, application)
            case "refresh_token":
                grant, nonce = self._of_refresh_token(form, application), ""
            case _:
                raise TokenError("unsupported_grant_type")
        return self._answer(grant, issuer, nonce)

    def _application(self, form: dict[str, str]) -> Application:
        application = self._access.applications.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        if application is None or not hmac.compare_digest(
            secret.encode(), application.client_secret.encode()
        ):
            raise TokenError("invalid_client")
        return application

    def _of_code(self, form: dict[str, str], application: Application) -> tuple[Grant, str]:
        """A code works once, for two minutes, with its redirect address and its verifier."""
        code = self._access.codes.pop(form.get("code", ""), None)
        now = self._clock.now()
        if (
            code is None
            or code.expires_at <= now
            or code.client_id != application.client_id
            or code.redirect_uri != form.get("redirect_uri", "")
            or not verifier_matches(form.get("code_verifier", ""), code.challenge)
        ):
            raise TokenError("invalid_grant")
        grant = self._access.grant(application.client_id, code.channel_id, code.scopes, now)
        return grant, code.nonce

    def _of_refresh_token(self, form: dict[str, str], application: Application) -> Grant:
        grant = self._access.rotate(
            form.get("refresh_token", ""), application.client_id, self._clock.now()
        )
        if grant is None:
            raise TokenError("invalid_grant")
        return grant

    def _answer(self, grant: Grant, issuer: str, nonce: str) -> dict[str, object]:
        now = self._clock.now()
        claims = {
            "iss": issuer,
            "aud": "shipbob",
            "sub": str(USER_ID),
            "client_id": grant.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_LIFETIME).timestamp()),
            "jti": self._access.secret(16),
        }
        access_token = signed({**claims, "scope": list(grant.scopes)})
        self._access.issue(access_token, grant.channel_id, grant.scopes, now)
        answer: dict[str, object] = {
            "access_token": access_token,
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "token_type": "Bearer",
            "id_token": signed({**claims, "aud": grant.client_id, "nonce": nonce}),
            "scope": " ".join(grant.scopes),
        }
        if "offline_access" in grant.scopes:
            answer["refresh_token"] = grant.refresh_token
        return answer


def verifier_matches(verifier: str, challenge: str) -> bool:
    """PKCE with S256."""
    if not challenge:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    try:
        return hmac.compare_digest(digest, base64.urlsafe_b64decode(challenge + "=="))
    except binascii.Error:
        return False


def auth_app(auth: Auth, consent: Consent) -> Starlette:
    """The OAuth host as an ASGI application."""
    return Starlette(
        routes=[
            Route("/connect/token", auth.token, methods=["POST"]),
            Route("/connect/authorize", consent.authorize),
            Route("/connect/integrate", consent.authorize),
            Route("/connect/consent", consent.decide, methods=["POST"]),
            Route("/login", auth.login),
        ]
    )


_NO_STORE: Final = {"cache-control": "no-store"}
