"""The control surface under ``/_sim``: books, actions, faults and clock for other processes.

JSON in, JSON out. A refusal of the books answers 409 with ``{"refused": sentence}``; a request
that makes no sense 400 with ``{"error": sentence}``.

====================================  =======================================================
``GET  /_sim/``                       the page for people
``GET  /_sim/books``                  stock, document counts, ledger balances, periods, limits
``GET  /_sim/stock``                  ``[{"sku", "location", "quantity"}]``
``GET  /_sim/documents?type=&limit=`` transactions as REST shows them, newest last
``GET  /_sim/balances``               debits minus credits by account
``GET  /_sim/calls?since=N``          the call log from entry N on
``GET  /_sim/tokens``                 tokens, without their text
``GET  /_sim/audit-trail``            what the token endpoint thought of each attempt
``GET  /_sim/faults``                 rules in force, with how often they struck
``POST /_sim/faults``                 one fault (``ml_connector.sim.faults.Fault``)
``DELETE /_sim/faults[/N]``           all, or one
``GET  /_sim/clock``                  ``{"now", "speed"}``
``POST /_sim/clock``                  ``{"advance_seconds"}``, ``{"advance_to"}``, ``{"speed"}``
``GET, PATCH /_sim/limits``           ``concurrency``, ``reserved``; what is in flight
``GET, PATCH /_sim/preferences``      set-up of the account
``GET  /_sim/actions``                what can be done, and with which arguments
``POST /_sim/actions/NAME``           a method of ``NetSuiteSim`` with its arguments by name,
                                      such as ``add_item``, ``edit``, ``delete``,
                                      ``close_period``, ``transform``: ``{"result": ...}``
====================================  =======================================================
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import Fault
from ml_connector.sim.netsuite import page
from ml_connector.sim.netsuite.account import Account
from ml_connector.sim.netsuite.books.company import Preferences
from ml_connector.sim.netsuite.values.refusal import Refusal

ACTIONS: Final = frozenset(
    [
        "add_subsidiary",
        "add_location",
        "add_bin",
        "add_account",
        "add_currency",
        "add_vendor",
        "add_customer",
        "add_units",
        "add_item",
        "add_custom_field",
        "add_purchase_order",
        "add_sales_order",
        "add_transfer_order",
        "add_return_authorization",
        "create",
        "transform",
        "edit",
        "delete",
        "close_period",
        "reopen_period",
        "allow_non_gl_changes",
        "lock_period",
        "add_adjusting_period",
        "register_certificate",
        "issue_token",
        "add_access_token",
        "revoke_tokens",
        "sandbox_refresh",
        "add_role",
        "withdraw_permission",
        "add_integration",
        "add_to_stock",
        "set_feature",
    ]
)
"""The methods another process may call."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


class _BadRequest(ValueError):
    """The control request makes no sense."""


def _json(value: object, status: int = 200) -> Response:
    return Response(_ENCODER.encode(value), status, media_type="application/json")


async def _body(request: Request) -> dict[str, object]:
    raw = await request.body()
    try:
        body = _DECODER.decode(raw) if raw.strip() else {}
    except msgspec.DecodeError as error:
        raise _BadRequest(f"The body isn't JSON: {error}") from error
    if not isinstance(body, dict):
        raise _BadRequest("A JSON object is wanted.")
    return body


async def _refused(_: Request, error: Exception) -> Response:
    detail = error.detail if isinstance(error, Refusal) else str(error)
    return _json({"refused": detail}, 409)


async def _senseless(_: Request, error: Exception) -> Response:
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    return _json({"error": str(said)}, 400)


async def _nothing_here(_: Request, __: Exception) -> Response:
    return _json(
        {"error": "There is nothing here. /_sim/ is the page, /_sim/actions a list."}, 404
    )


def control_app(sim: Account) -> Starlette:
    """The application that answers below ``/_sim``."""
    control = _Control(sim)
    reads: Mapping[str, Callable[[Request], object]] = {
        "/books": control.books,
        "/stock": control.stock,
        "/documents": control.documents,
        "/balances": control.balances,
        "/calls": control.calls,
        "/tokens": control.tokens,
        "/audit-trail": control.trail,
        "/faults": control.faults,
        "/clock": control.clock,
        "/limits": control.limits,
        "/preferences": control.preferences,
        "/actions": control.actions,
    }
    routes = [Route(path, _reader(read), methods=["GET"]) for path, read in reads.items()]
    routes += [
        Route("/", control.page, methods=["GET"]),
        Route("/page/{act}", control.page_act, methods=["POST"]),
        Route("/faults", control.add_fault, methods=["POST"]),
        Route("/faults", control.clear_faults, methods=["DELETE"]),
        Route("/faults/{number:int}", control.remove_fault, methods=["DELETE"]),
        Route("/clock", control.set_clock, methods=["POST"]),
        Route("/limits", control.set_limits, methods=["PATCH"]),
        Route("/preferences", control.set_preferences, methods=["PATCH"]),
        Route("/actions/{name}", control.act, methods=["POST"]),
    ]
    return Starlette(
        routes=[Mount("/_sim", routes=routes)],
        exception_handlers={
            Refusal: _refused,
            _BadRequest: _senseless,
            KeyError: _senseless,
            ValueError: _senseless,
            TypeError: _senseless,
            404: _nothing_here,
        },
    )


def _reader(read: Callable[[Request], object]) -> Callable[[Request], Response]:
    async def endpoint(request: Request) -> Response:
        return _json(read(request))

    return endpoint  # type: ignore[return-value] # Starlette takes coroutine functions


def _check_arguments(
    action: Callable[..., object], by_place: Sequence[object], named: Mapping[str, object]
) -> None:
    """Refuse arguments that an action does not take, and say which are missing."""
    parameters = inspect.signature(action).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    unknown = [] if takes_any else sorted(named.keys() - parameters.keys())
    if unknown:
        raise _BadRequest(
            f"Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(parameters))}."
        )
    missing = [
        one.name
        for one in list(parameters.values())[len(by_place) :]
        if one.default is one.empty and one.kind not in _VARIADIC and one.name not in named
    ]
    if missing:
        raise _BadRequest(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.")


_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _told(action: Callable[..., object]) -> dict[str, str]:
    about = inspect.getdoc(action) or ""
    return {"takes": str(inspect.signature(action)), "does": about.split("\n")[0]}


class _Control:
    def __init__(self, sim: Account) -> None:
        self.sim = sim

    def books(self, request: Request) -> object:
        del request
        sim = self.sim
        counts = sim.books.rows(
            'SELECT _record AS record, COUNT(*) AS count FROM "transaction" GROUP BY _record'
        )
        closed = sim.books.rows(
            "SELECT periodname, closed, alllocked, aplocked, arlocked FROM accountingperiod "
            "WHERE isposting = 'T' AND 'T' IN (closed, alllocked, aplocked, arlocked)"
        )
        return {
            "account": sim.account_id,
            "now": sim.clock.now(),
            "documents": {str(row["record"]): row["count"] for row in counts},
            "stock": self.stock(None),
            "balances": self.balances(None),
            "closedPeriods": closed,
            "limits": asdict(sim.limits),
        }

    def stock(self, request: Request | None) -> object:
        del request
        return [
            {"sku": sku, "location": location, "quantity": quantity}
            for (sku, location), quantity in self.sim.stock().items()
        ]

    def documents(self, request: Request) -> object:
        found = self.sim.documents(request.query_params.get("type"))
        limit = request.query_params.get("limit")
        return found[-int(limit) :] if limit else found

    def balances(self, request: Request | None) -> object:
        del request
        return {str(account): amount for account, amount in self.sim.balances().items()}

    def calls(self, request: Request) -> object:
        return self.sim.calls[int(request.query_params.get("since", "0")) :]

    def tokens(self, request: Request) -> object:
        del request
        return [
            {
                "client": token.client_id,
                "certificate": token.certificate_id,
                "role": token.role,
                "scopes": sorted(token.scopes),
                "issued": token.issued,
                "expires": token.expires,
                "revoked": token.revoked,
            }
            for token in self.sim.sign_in.tokens.values()
        ]

    def trail(self, request: Request) -> object:
        del request
        return [asdict(attempt) for attempt in self.sim.sign_in.trail]

    def faults(self, request: Request) -> object:
        del request
        return self.sim.faults.listing()

    def clock(self, request: Request | None) -> object:
        del request
        clock = self.sim.clock
        speed = clock.speed if isinstance(clock, Clock) else None
        return {"now": clock.now(), "speed": speed}

    def limits(self, request: Request | None) -> object:
        del request
        return asdict(self.sim.limits)

    def preferences(self, request: Request | None) -> object:
        del request
        return asdict(self.sim.preferences)

    async def add_fault(self, request: Request) -> Response:
        fault = msgspec.convert(await _body(request), Fault, strict=False)
        return _json({"number": self.sim.faults.add(fault)}, 201)

    async def clear_faults(self, request: Request) -> Response:
        del request
        self.sim.faults.clear()
        return _json({})

    async def remove_fault(self, request: Request) -> Response:
        removed = self.sim.faults.remove(int(request.path_params["number"]))
        return _json({"removed": removed}, 200 if removed else 404)

    async def set_clock(self, request: Request) -> Response:
        clock = self.sim.clock
        if not isinstance(clock, Clock):
            raise _BadRequest("This simulator's clock can't be set.")
        body = await _body(request)
        if "speed" in body:
            clock.set_speed(float(str(body["speed"])))
        if "advance_seconds" in body:
            clock.advance(timedelta(seconds=float(str(body["advance_seconds"]))))
        if "advance_to" in body:
            clock.advance_to(datetime.fromisoformat(str(body["advance_to"])))
        return _json(self.clock(None))

    async def set_limits(self, request: Request) -> Response:
        for name, value in (await _body(request)).items():
            if name not in ("concurrency", "reserved"):
                raise _BadRequest(f"{name} can't be set.")
            setattr(self.sim.limits, name, int(str(value)))
        return _json(self.limits(None))

    async def set_preferences(self, request: Request) -> Response:
        known = get_type_hints(Preferences)
        for name, value in (await _body(request)).items():
            if name not in known:
                raise _BadRequest(f"There is no preference {name}.")
            try:
                setattr(self.sim.preferences, name, msgspec.convert(value, known[name]))
            except msgspec.ValidationError as error:
                raise _BadRequest(f"The preference {name} can't be so: {error}") from error
        return _json(self.preferences(None))

    def actions(self, request: Request | None) -> object:
        del request
        return {name: _told(getattr(self.sim, name)) for name in sorted(ACTIONS)}

    async def act(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ACTIONS:
            raise _BadRequest(f"There is no action {name}. Known: {', '.join(sorted(ACTIONS))}.")
        body = await _body(request)
        keys = body.pop("keys", None)
        positional = keys if isinstance(keys, list) else []
        action = getattr(self.sim, name)
        _check_arguments(action, positional, body)
        return _json({"result": action(*positional, **body)})

    async def page(self, request: Request) -> Response:
        return HTMLResponse(page.render(self.sim, request.query_params.get("said", "")))

    async def page_act(self, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin not in (None, "null", f"{request.url.scheme}://{request.headers.get('host')}"):
            raise _BadRequest("This form was sent from somewhere else.")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        said = page.act(self.sim, request.path_params["act"], form)
        return RedirectResponse(f"/_sim/?{page.query(said)}", 303)
