"""What the record service answers, with what differs between accounts made the same."""

import msgspec


class ShownRef(msgspec.Struct, frozen=True, kw_only=True):
    """A reference to another record, as it is read (netsuite.md section 6.3)."""

    id: str = ""


def lowered(value: object) -> object:
    """Return a value with its names in lower case and without NULLs, since answers differ."""
    if isinstance(value, dict):
        return {key.lower(): lowered(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [lowered(inner) for inner in value]
    return value
