"""How the API describes itself, at ``/api/v1/openapi.json``."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme

from ml_connector import __version__
from ml_connector.web.address import WebRequest
from ml_connector.web.api.again import HEADER
from ml_connector.web.api.problems import MEDIA_TYPE, Problem

_REFERENCE: Final = "#/components/schemas/"
_READS: Final = "get"

_ANY_CALL: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_ACTS: Final = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class DescribesItself(JsonRenderPlugin):
    """Adds what all calls have to the document that the framework makes of the handlers."""

    def render(self, request: WebRequest, openapi_schema: dict[str, Any]) -> bytes:
        """Return the document."""
        return self.render_json(request, completed(openapi_schema))


def completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description with what all calls have. Pure.

    That is: problems in place of the framework's own errors, the key of an act, and bodies that
    take no field but their own.
    """
    made = deepcopy(dict(document))
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    (schema,), parts = msgspec.json.schema_components(
        [Problem], ref_template=_REFERENCE + "{name}"
    )
    schemas.update(parts)
    for method, call in _calls(made):
        acts = method != _READS
        for status in (*_ANY_CALL, *(_ACTS if acts else ())):
            call.setdefault("responses", {})[str(int(status))] = {
                "description": status.phrase,
                "content": {MEDIA_TYPE: {"schema": schema}},
            }
        call["responses"].update(_BEFORE_ALL)
        if acts:
            others = [one for one in call.get("parameters", []) if one["name"] != HEADER]
            call["parameters"] = [*others, _KEY]
        for part in call.get("requestBody", {}).get("content", {}).values():
            name = part.get("schema", {}).get("$ref", "").removeprefix(_REFERENCE)
            if name in schemas:
                schemas[name]["additionalProperties"] = False
    return made


def openapi_config(path: str) -> OpenAPIConfig:
    """Return how the framework describes the API.

    Args:
        path: of the document.
    """
    return OpenAPIConfig(
        title="ml-connector",
        version=__version__,
        description="What the console shows and does, for programs.",
        license=License(name="Apache-2.0"),
        # A path of its own: the framework answers all that is below it.
        path=path,
        render_plugins=[DescribesItself(path="/")],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A token of ml-connector token add, or of the page API tokens.",
                )
            }
        ),
    )


_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same call under the same key is done once and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
}


_BEFORE_ALL: Final = {
    str(int(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)): {
        "description": "The address and the headers are larger than 16 KiB together",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}},
                }
            }
        },
    }
}
"""Answers that are given before anything of a request is looked at."""


def _calls(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each call of a description with its method."""
    for path in document.get("paths", {}).values():
        for method, call in path.items():
            if isinstance(call, dict) and "responses" in call:
                yield method, call
