"""The control surface under ``/_sim``: JSON in and out, for other processes and people.

``GET`` reads the books, ``POST /_sim/actions/<name>`` (or ``/_sim/<name>``) does what the Python
method of that name does, with its arguments as a JSON object. It needs no token and is meant for
loopback: what it does, nobody can do to the real ShipBob.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector.sim.faults import Fault, FaultPlan
from ml_connector.sim.shipbob.account import Books
from ml_connector.sim.shipbob.hosts.page import Page
from ml_connector.sim.shipbob.http.call import whole
from ml_connector.sim.shipbob.http.gate import CONTROL, CallRecord
from ml_connector.sim.shipbob.values.vocabulary import VERSIONS
from ml_connector.sim.shipbob.webhooks.wro_views import box_view, wro_view

Action = Callable[..., object]

SHOWN = 200
"""How many of the latest calls and deliveries are listed unless ``limit`` says otherwise."""

_encoder = msgspec.json.Encoder(decimal_format="number")


class ControlError(Exception):
    """What was asked of the control surface can't be done."""


class Control:
    """The routes of the control surface.

    Args:
        books: what is shown.
        calls: the log of API calls.
        faults: the rules in force.
        actions: what can be done, by name; each takes the books' lock itself.
    """

    def __init__(
        self,
        *,
        books: Books,
        calls: Callable[[], list[CallRecord]],
        faults: FaultPlan,
        actions: Mapping[str, Action],
    ) -> None:
        self._books = books
        self._calls = calls
        self._actions = actions
        self._faults = faults
        self._page = Page(books=books, calls=calls)
        self._reads: dict[str, Callable[[Request], object]] = {
            "actions": lambda _: {name: _told(action) for name, action in actions.items()},
            "clock": lambda _: self._clock(),
            "stock": lambda _: self._stock(),
            "wros": lambda _: self._wros(),
            "uros": lambda _: list(books.uros.by_id.values()),
            "products": lambda _: self._products(),
            "orders": lambda _: list(books.orders.by_id.values()),
            "returns": lambda _: list(books.returns.by_id.values()),
            "charges": lambda _: list(books.billing.transactions.values()),
            "invoices": lambda _: list(books.billing.invoices.values()),
            "faults": lambda _: faults.listing(),
            "subscriptions": lambda _: list(books.webhooks.subscriptions.values()),
            "deliveries": lambda request: _latest(books.webhooks.deliveries, request),
            "messages": lambda request: _latest(list(books.webhooks.messages.values()), request),
            "calls": lambda request: _latest(calls(), request),
            "limit": lambda _: self._limit(),
        }

    def routes(self) -> list[BaseRoute]:
        """For the API application."""
        return [
            Route(CONTROL, self._show_page, methods=["GET"]),
            Route(f"{CONTROL}/", self._show_page, methods=["GET"]),
            Route(f"{CONTROL}/page/{{name}}", self._press, methods=["POST"]),
            Route(f"{CONTROL}/clock", self._set_clock, methods=["POST"]),
            Route(f"{CONTROL}/faults", self._add_fault, methods=["POST"]),
            Route(f"{CONTROL}/faults", self._clear_faults, methods=["DELETE"]),
            Route(f"{CONTROL}/faults/{{number:int}}", self._remove_fault, methods=["DELETE"]),
            Route(f"{CONTROL}/actions/{{name}}", self._act, methods=["POST"]),
            Route(f"{CONTROL}/{{name}}", self._read, methods=["GET"]),
            Route(f"{CONTROL}/{{name}}", self._act, methods=["POST"]),
        ]

    async def _show_page(self, request: Request) -> Response:
        with self._books.lock:
            return HTMLResponse(self._page.render(request.query_params.get("said", "")))

    async def _press(self, request: Request) -> Response:
        """A button of the page: the fields of its form are the action's arguments."""
        name = request.path_params["name"]
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if not _from_here(request):
            return _json({"error": "Another site's page may not do this."}, 403)
        try:
            said = await run_in_threadpool(self._pressed, name, form)
        except (ControlError, LookupError, ValueError) as error:
            said = f"Not done: {error}"
        return RedirectResponse(f"{CONTROL}/?{urlencode({'said': said})}", 303)

    def _pressed(self, name: str, form: dict[str, str]) -> str:
        if name == "clock":
            seconds = float(form.get("advance_seconds") or 0)
            return f"It is {self._books.clock.advance(timedelta(seconds=seconds)):%c}."
        if name not in self._actions:
            raise ControlError(f"There is no action {name}.")
        _call(self._actions[name], dict(form))
        return f"{name.replace('_', ' ')}: done"

    async def _read(self, request: Request) -> Response:
        read = self._reads.get(request.path_params["name"])
        if read is None:
            known = ", ".join(sorted(self._reads))
            return _json({"error": f"There is nothing here. Known below /_sim: {known}."}, 404)
        with self._books.lock:
            return _json(read(request))

    async def _act(self, request: Request) -> Response:
        name = request.path_params["name"]
        action = self._actions.get(name)
        if action is None:
            known = ", ".join(sorted(self._actions))
            return _json({"error": f"There is no action {name}. Known: {known}."}, 404)
        raw = await request.body()
        if not _from_here(request):
            return _json({"error": "Another site's page may not do this."}, 403)
        try:
            asked = msgspec.json.decode(raw or b"{}", type=dict[str, Any])
            result = await run_in_threadpool(_call, action, asked)
            with self._books.lock:
                return _json({"result": result})
        except (ControlError, LookupError, ValueError) as error:
            said = error.args[0] if isinstance(error, KeyError) and error.args else error
            return _json({"error": str(said)}, 400)

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = msgspec.json.decode(await request.body() or b"{}", type=Fault, strict=False)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json({"number": self._faults.add(fault)}, 201)

    async def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return _json({})

    async def _remove_fault(self, request: Request) -> Response:
        removed = self._faults.remove(request.path_params["number"])
        return _json({"removed": removed}, 200 if removed else 404)

    async def _set_clock(self, request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await request.body() or b"{}", type=ClockChange)
            if asked.speed is not None:
                self._books.clock.set_speed(asked.speed)
            self._books.clock.advance(timedelta(seconds=asked.advance_seconds))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json(self._clock())

    def _clock(self) -> dict[str, object]:
        return {"now": self._books.clock.now(), "speed": self._books.clock.speed}

    def _stock(self) -> list[dict[str, object]]:
        found = []
        for (inventory_id, center_id, lot), levels in self._books.stock:
            variant = self._books.products.by_inventory_id.get(inventory_id)
            found.append(
                {
                    "inventory_id": inventory_id,
                    "sku": variant.sku if variant else None,
                    "fulfillment_center_id": center_id,
                    "lot": lot or None,
                    **msgspec.structs.asdict(levels),
                }
            )
        return found

    def _wros(self) -> list[dict[str, object]]:
        books = self._books
        return [
            {
                **wro_view(
                    wro, version=VERSIONS[0], centers=books.centers, products=books.products
                ),
                "boxes": [box_view(box) for box in wro.boxes],
                "split_from": wro.split_from,
            }
            for wro in books.receiving.wros.values()
        ]

    def _products(self) -> list[dict[str, object]]:
        return [
            {"inventory_id": each.inventory_id, "sku": each.sku, "active": each.active}
            for each in self._books.products.by_inventory_id.values()
        ]

    def _limit(self) -> dict[str, object]:
        in_use = self._books.limit.in_use(self._books.clock.now())
        return {"per_minute": self._books.limit.per_minute, "in_use": in_use}


class ClockChange(msgspec.Struct):
    """The body of ``POST /_sim/clock``."""

    advance_seconds: float = 0
    speed: float | None = None


def _from_here(request: Request) -> bool:
    """Whether a browser sends this for our own page; programs say nothing about it."""
    return request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}


def _call(action: Action, asked: dict[str, Any]) -> object:
    """Call with the arguments converted to the types that the method declares."""
    hints = get_type_hints(action)
    parameters = inspect.signature(action).parameters
    unknown = set(asked) - set(parameters)
    if unknown:
        told = ", ".join(sorted(unknown))
        raise ControlError(f"Unknown: {told}. Known: {', '.join(sorted(parameters))}.")
    args: list[object] = []
    kwargs: dict[str, object] = {}
    by_place = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters.values())
    for name, parameter in parameters.items():
        if name not in asked:
            if parameter.default is parameter.empty and parameter.kind not in _VARIADIC:
                raise ControlError(f"{name} is missing.")
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(_converted(each, hints[name], name) for each in asked[name])
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY or not by_place:
            kwargs[name] = _converted(asked[name], hints[name], name)
        else:
            args.append(_converted(asked[name], hints[name], name))
    return action(*args, **kwargs)


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _converted(value: object, kind: Any, name: str) -> object:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise ControlError(f"{name}: {fault}") from None


def _told(action: Action) -> dict[str, str]:
    about = inspect.getdoc(action) or ""
    return {"takes": str(inspect.signature(action)), "does": about.split("\n")[0]}


def _latest(rows: list[Any], request: Request) -> list[object]:
    text = request.query_params.get("limit", "")
    return list(rows[-(whole(text) or SHOWN) :])


def _json(body: object, status: int = 200) -> Response:
    return Response(_encoder.encode(body), status, media_type="application/json")
