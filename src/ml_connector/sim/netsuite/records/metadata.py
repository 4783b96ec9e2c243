"""GET /record/v1/metadata-catalog: what record types the account has (reference 6.9)."""

from collections.abc import Mapping
from typing import Final

from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_json
from ml_connector.sim.netsuite.values.other_types import OTHER_TYPES
from ml_connector.sim.netsuite.values.properties import Property
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES, RecordType
from ml_connector.sim.netsuite.values.refusal import invalid_request, not_found

CATALOG: Final = "/metadata-catalog"
_KNOWN: Final = {**RECORD_TYPES, **OTHER_TYPES}
_PATH: Final = f"/services/rest/record/v1{CATALOG}"

_SCHEMAS: Final[Mapping[str, dict[str, object]]] = {
    "text": {"type": "string"},
    "num": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "ref": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "refName": {"type": "string"}},
    },
    "enum": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "refName": {"type": "string"}},
    },
    "sub": {"type": "object"},
    "list": {"type": "object"},
}


def answer_catalog(company: Company, request: Request) -> Answer:
    """List the record types, or describe those selected as OpenAPI 3 or JSON Schema.

    Raises:
        Refusal: an unknown record type, or a method other than GET.
    """
    if request.method != "GET":
        raise invalid_request("GET is wanted.", status=405)
    rest = request.path.removeprefix(_PATH).strip("/")
    if rest:
        kind = _KNOWN.get(rest.lower())
        if kind is None:
            raise not_found()
        return answer_json(_schema(company, kind), kind="application/schema+json")
    chosen = _selected(request)
    accept = request.headers.get("accept", "").lower()
    if "swagger+json" in accept:
        return answer_json(_openapi(company, request, chosen), kind="application/swagger+json")
    if "schema+json" in accept and len(chosen) == 1:
        return answer_json(_schema(company, chosen[0]), kind="application/schema+json")
    root = f"{request.origin}{_PATH}"
    return answer_json(
        {
            "items": [
                {
                    "name": kind.name,
                    "links": [
                        {"rel": rel, "href": f"{root}/{kind.name}", "mediaType": media}
                        for rel, media in (
                            ("canonical", "application/json"),
                            ("describes", "application/swagger+json"),
                            ("describes", "application/schema+json"),
                        )
                    ],
                }
                for kind in chosen
            ],
            "links": [{"rel": "self", "href": root}],
        }
    )


def _selected(request: Request) -> list[RecordType]:
    wanted = request.names("select")
    unknown = sorted(wanted - set(_KNOWN))
    if unknown:
        raise invalid_request(f"Record type '{unknown[0]}' does not exist.")
    return [kind for name, kind in _KNOWN.items() if not wanted or name in wanted]


def _properties(known: Mapping[str, Property]) -> dict[str, object]:
    return {one.name: dict(_SCHEMAS[one.kind]) for one in known.values()}


def _schema(company: Company, kind: RecordType) -> dict[str, object]:
    properties = _properties(kind.body)
    prefix = "custbody" if kind.table == "transaction" else "custentity"
    for field in company.custom_fields.values():
        if field.name.lower().startswith(prefix):
            properties[field.name] = {**_SCHEMAS[field.kind], "x-ns-custom-field": True}
    for sublist in kind.sublists.values():
        columns = _properties(sublist.columns)
        for field in company.custom_fields.values():
            if field.name.lower().startswith("custcol"):
                columns[field.name] = {**_SCHEMAS[field.kind], "x-ns-custom-field": True}
        element = {"type": "object", "properties": columns}
        properties[sublist.name] = {
            "type": "object",
            "properties": {"items": {"type": "array", "items": element}},
        }
    return {"type": "object", "title": kind.label, "properties": properties}


def _openapi(company: Company, request: Request, chosen: list[RecordType]) -> dict[str, object]:
    paths: dict[str, object] = {}
    for kind in chosen:
        done = {"204": {"description": "Done."}}
        paths[f"/{kind.name}"] = {
            "get": {"responses": {"200": {"description": "A collection."}}},
            "post": {"responses": done},
        }
        paths[f"/{kind.name}/{{id}}"] = {
            "get": {"responses": {"200": {"description": "A record."}}},
            "patch": {"responses": done},
            "delete": {"responses": done},
        }
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{request.origin}/services/rest/record/v1"}],
        "paths": paths,
        "components": {"schemas": {kind.name: _schema(company, kind) for kind in chosen}},
    }
