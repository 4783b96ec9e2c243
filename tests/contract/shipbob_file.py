"""ShipBob's OpenAPI file as a strict tool can read it.

The file is contradictory or silent in four places. Each is amended as narrowly as can be, so
that every check of the tools stays on for every operation:

- ``oneOf`` is read as ``anyOf``: its alternatives repeat each other (ProblemDetails and
  HttpValidationProblemDetails, null and null), so that no real answer fits exactly one.
- The page headers of section 6 are declared as objects. A header is a text.
- The labels of a WRO are declared as JSON. They are a PDF (section 9.4).
- Refusals that the file leaves out are added, see ``LEFT_OUT``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

Document = dict[str, Any]

# Section 5: 400 for a missing or bad parameter, 404 for what is unknown, 422 for a body that
# breaks a rule. Of these operations the file declares too few of them, or none at all.
LEFT_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    # Only 200, 401 and 403 are declared: nothing for a filter that can't be read.
    "GET /2026-07/location": ("400",),
    "GET /2026-07/unidentified-receiving-order": ("400",),
    # 404 is declared, and nothing for a page size that can't be read.
    "GET /2026-07/invoices/{invoiceId}/transactions": ("400",),
    # Only success is declared: nothing for a bad body or an unknown id.
    "GET /2026-07/simulate/status/{simulationId}": ("404",),
    "POST /2026-07/simulate/shipment": ("400",),
    "POST /2026-07/inventory/history:query": ("400",),
    "POST /2026-07/product": ("422",),
    "PATCH /2026-07/product/{productId}": ("404", "422"),
    "POST /2026-07/product/{productId}/variants": ("404", "422"),
    "PATCH /2026-07/product/{productId}/variants": ("400", "404", "422"),
    "POST /2026-07/variant/{variantId}:convertToBundle": ("404", "422"),
    "POST /2026-07/variant/{variantId}:merge": ("400", "404", "422"),
    # 400 and 404 are declared, and nothing for a body that breaks a rule.
    "POST /2026-07/product:moveVariants": ("422",),
    "POST /2026-07/product/{productId}:moveVariants": ("422",),
    # 422 is declared, and nothing for a channel header that is no number.
    "POST /2026-07/shipment:batchCancel": ("400",),
}
"""Refusals that the file does not declare, by operation."""


def amended(file: Path) -> Document:
    """Return the file with its contradictions resolved."""
    document: Document = json.loads(file.read_text("utf-8").replace('"oneOf"', '"anyOf"'))
    for name, operation in operations(document).items():
        for answer in operation["responses"].values():
            for header in answer.get("headers", {}).values():
                header["schema"] = {"type": "string"}
        for status in LEFT_OUT.get(name, ()):
            operation["responses"][status] = {"description": "Left out by the file."}
        if name.endswith("/labels"):
            operation["responses"]["200"]["content"]["application/pdf"] = {}
    return document


def operations(document: Document) -> dict[str, Document]:
    """Return all operations by names such as ``GET /2026-07/order``."""
    methods = {"get", "post", "put", "patch", "delete"}
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in methods
    }
