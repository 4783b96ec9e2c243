"""One request and one answer, without the web framework: cheap, and easy to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.sim.netsuite.values.refusal import Refusal, invalid_request

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)

MAX_BODY: Final = 104 * 1024 * 1024
"""REST requests may be at most 104 MB (reference 1.6)."""

JSON: Final = "application/vnd.oracle.resource+json; type=singular"
JSON_ERROR: Final = "application/vnd.oracle.resource+json; type=error"


@dataclass(frozen=True, slots=True)
class Request:
    """What came in.

    Attributes:
        method: upper case.
        path: decoded, without parameters.
        query: parameters; of a repeated one the last.
        headers: by lower-case name.
        body: raw.
        origin: ``http://host:port``, as the client wrote it.
        user: the token's holder, once known.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    def json(self) -> object:
        """The decoded body; numbers exact.

        Raises:
            Refusal: it isn't JSON.
        """
        try:
            return _DECODER.decode(self.body)
        except msgspec.DecodeError as error:
            raise invalid_request(
                "The request could not be understood by the server due to malformed syntax."
            ) from error

    def flag(self, name: str) -> bool:
        """A true/false parameter of the URL."""
        return self.query.get(name, "").lower() == "true"

    def names(self, name: str) -> frozenset[str]:
        """A comma list in the URL, lower case."""
        text = self.query.get(name, "")
        return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_json(
    value: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    kind: str = JSON,
) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, ENCODER.encode(value), {"content-type": kind, **(headers or {})})


def answer_created(location: str, warnings: list[str] | None = None) -> Answer:
    """204 with the record's address; the new id is only there (6.1)."""
    headers = {"location": location}
    if warnings:
        headers["x-netsuite-warning"] = "; ".join(warnings)
    return Answer(204, b"", headers)


def answer_refusal(refusal: Refusal) -> Answer:
    """The HTTP form of a refusal."""
    return answer_json(
        refusal.body(), status=refusal.status, headers=refusal.headers, kind=JSON_ERROR
    )
