"""The browser's part of OAuth: authorize, consent, callback (reference shipbob.md, 3.2)."""

from html import escape
from threading import RLock
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.access import CODE_LIFETIME, Access, Application, Code
from ml_connector.sim.shipbob.books.product_views import USER_ID
from ml_connector.sim.shipbob.hosts.page import STYLE
from ml_connector.sim.shipbob.http.identity import signed

FOUND: Final = 302


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of an authorization request."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    response_mode: str = ""
    integration_name: str = ""


class Consent:
    """The handlers.

    Attributes:
        automatic: no page is shown; every request is allowed at once.
    """

    def __init__(self, *, access: Access, clock: Clock, lock: RLock) -> None:
        self._access = access
        self._clock = clock
        self._lock = lock
        self.automatic = False

    async def authorize(self, request: Request) -> Response:
        """``GET /connect/authorize``, and its older form ``/connect/integrate``.

        A request of an unknown client, or for an address that is not registered, is never
        answered with a redirect. Every other fault goes back to the client.
        """
        asked = _read(request.url.query)
        with self._lock:
            application = self._application(asked)
            if application is None:
                return _page("Unknown application or redirect address.", 400)
            fault = _fault(asked, application)
            if fault:
                return _call_back(asked, {"error": fault, "state": asked.state})
            if not self.automatic:
                return HTMLResponse(_consent_page(asked, application))
            return self._allow(asked, application, _issuer(request))

    async def decide(self, request: Request) -> Response:
        """``POST /connect/consent``: the button that was pressed."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        asked = _read(form.get("request", ""))
        name = form.get("integration_name", "") or asked.integration_name
        with self._lock:
            application = self._application(asked)
            if application is None or _fault(asked, application):
                return _page("Unknown application or redirect address.", 400)
            if form.get("decision") != "allow":
                return _call_back(asked, {"error": "access_denied", "state": asked.state})
            named = msgspec.structs.replace(asked, integration_name=name)
            return self._allow(named, application, _issuer(request))

    def _allow(self, asked: Asked, application: Application, issuer: str) -> Response:
        scopes = tuple(asked.scope.split())
        channel = self._access.install(application, scopes, asked.integration_name)
        text = self._access.secret(43)
        self._access.codes[text] = Code(
            client_id=application.client_id,
            redirect_uri=asked.redirect_uri,
            scopes=scopes,
            channel_id=channel.id,
            challenge=asked.code_challenge,
            nonce=asked.nonce,
            expires_at=self._clock.now() + CODE_LIFETIME,
        )
        claims = {
            "iss": issuer,
            "aud": application.client_id,
            "sub": str(USER_ID),
            "nonce": asked.nonce,
            "iat": int(self._clock.now().timestamp()),
        }
        return _call_back(
            asked,
            {
                "code": text,
                "state": asked.state,
                "scope": asked.scope,
                "id_token": signed(claims),
            },
        )

    def _application(self, asked: Asked) -> Application | None:
        application = self._access.applications.get(asked.client_id)
        if application is None or asked.redirect_uri not in application.redirect_uris:
            return None
        return application


def _issuer(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _read(query: str) -> Asked:
    known = set(Asked.__struct_fields__)
    return Asked(**{name: value for name, value in parse_qsl(query) if name in known})


def _fault(asked: Asked, application: Application) -> str:
    """The OAuth error of a request, or an empty text."""
    if "code" not in asked.response_type.split():
        return "unsupported_response_type"
    if not asked.code_challenge or asked.code_challenge_method != "S256":
        return "invalid_request"
    scopes = set(asked.scope.split())
    return "" if scopes and scopes <= set(application.scopes) else "invalid_scope"


def _call_back(asked: Asked, values: dict[str, str]) -> Response:
    """By form, by query or, as it was always done, in the fragment that no server sees."""
    if asked.response_mode == "form_post":
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in values.items()
        )
        return HTMLResponse(
            "<!doctype html><title>One moment</title><body onload='document.forms[0].submit()'>"
            f'<form method="post" action="{escape(asked.redirect_uri)}">{inputs}'
            "<noscript><button>Continue</button></noscript></form>",
            headers={"cache-control": "no-store"},
        )
    separator = "?" if asked.response_mode == "query" else "#"
    return RedirectResponse(f"{asked.redirect_uri}{separator}{urlencode(values)}", FOUND)


def _consent_page(asked: Asked, application: Application) -> str:
    request = escape(urlencode(msgspec.structs.asdict(asked)))
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.scope.split())
    name = escape(asked.integration_name or application.name)
    return _framed(
        "Connect to ShipBob",
        f"<h1>{escape(application.name)} wants to use your ShipBob account</h1>"
        f'<p class="dim">It asks for</p><ul>{scopes}</ul>'
        '<form method="post" action="/connect/consent">'
        f'<input type="hidden" name="request" value="{request}">'
        f'<label>Name of this connection <input name="integration_name" value="{name}"></label>'
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>',
    )


def _page(text: str, status: int) -> Response:
    return HTMLResponse(_framed("Error", f"<h1>{escape(text)}</h1>"), status)


def _framed(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}section{{max-width:40em;margin:10vh auto}}section input{{width:14em}}"
        f'</style><section>{content}<p class="dim">Simulated ShipBob</p></section>'
    )
