"""The metadata catalogue: which properties this account's records have (section 6.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.errors import Retryable
from ml_connector.transport.call import Answer


class _Components(msgspec.Struct, frozen=True, kw_only=True):
    schemas: dict[str, Any] = {}


class _Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an OpenAPI 3 document that is read."""

    components: _Components = _Components()


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The properties of some record types, by the catalogue.

    Attributes:
        properties: property names by record type as it was asked for; a type that the
            account or the role does not have is not in it.
    """

    properties: Mapping[str, frozenset[str]]

    def lacks(self, record_type: str, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return which of the wanted properties a record type doesn't have; case is ignored."""
        known = {name.lower() for name in self.properties.get(record_type, frozenset())}
        return tuple(name for name in wanted if name.lower() not in known)


def parse_metadata(answer: Answer, record_types: Sequence[str]) -> Metadata:
    """Read the OpenAPI 3 document: the schemas named like the record types, without case.

    Raises:
        Retryable: it can't be read.
    """
    try:
        schemas = msgspec.json.decode(answer.body, type=_Catalogue).components.schemas
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Retryable("NetSuite's metadata catalogue can't be read") from error
    by_name = {name.lower(): schema for name, schema in schemas.items()}
    properties: dict[str, frozenset[str]] = {}
    for record_type in record_types:
        schema = by_name.get(record_type.lower())
        listed = schema.get("properties") if isinstance(schema, dict) else None
        if isinstance(listed, dict):
            properties[record_type] = frozenset(listed)
    return Metadata(properties=properties)
