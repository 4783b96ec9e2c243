"""The API's description of itself, held to what it does."""

import inspect
import warnings
from http import HTTPMethod

import msgspec
import pytest
from litestar import Litestar
from litestar.exceptions import LitestarDeprecationWarning
from litestar.handlers import HTTPRouteHandler

from ml_connector.web.api import DESCRIPTION, api_router
from ml_connector.web.api.description import completed, openapi_config

with warnings.catch_warnings():
    # Of the next major version, which the product does not take.
    warnings.simplefilter("ignore", LitestarDeprecationWarning)
    APP = Litestar(route_handlers=[api_router()], openapi_config=openapi_config(DESCRIPTION))
DOCUMENT = completed(APP.openapi_schema.to_schema())
FOUND = {
    f"{' '.join(sorted(handler.http_methods))} {route.path}": handler
    for route in APP.routes
    for handler in getattr(route, "route_handlers", [])
    if route.path.startswith("/api/v1/") and HTTPMethod.OPTIONS not in handler.http_methods
    if not route.path.startswith(DESCRIPTION)
}
HANDLERS = [pytest.param(FOUND[name], id=name) for name in sorted(FOUND)]
CALLS = [
    pytest.param(method, call, id=f"{method} {path}")
    for path, calls in sorted(DOCUMENT["paths"].items())
    for method, call in sorted(calls.items())
]


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_body_takes_no_field_but_its_own(handler: HTTPRouteHandler) -> None:
    data = inspect.signature(handler.fn).parameters.get("data")
    if data is not None:
        assert issubclass(data.annotation, msgspec.Struct)
        assert data.annotation.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_a_call_says_what_it_is_about(method: str, call: dict[str, object]) -> None:
    names = [one["name"] for one in call.get("parameters", [])]  # type: ignore[attr-defined]  # of a document

    assert call["summary"]
    assert call["tags"]
    assert call["security"] == [{"token": []}]
    assert ("idempotency-key" in names) is (method != "get")
    assert {"400", "401", "403", "404", "409", "429", "503"} <= set(call["responses"])  # type: ignore[call-overload]  # same
