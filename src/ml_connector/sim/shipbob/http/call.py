"""One request as the handlers see it, with ShipBob's case-insensitive query names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import unquote_plus

import msgspec

from ml_connector.sim.shipbob.books.access import Caller
from ml_connector.sim.shipbob.http.answers import Refusal
from ml_connector.sim.shipbob.values.dates import read_instant

LONGEST_ID: Final = 18
"""Digits of an id that fits 64 bits."""

Body = TypeVar("Body")
RefuseFields = Callable[[Mapping[str, Sequence[str]]], Refusal]
"""Turns ``{field: [texts]}`` into a refusal in the resource's own shape."""


class BadValueError(ValueError):
    """A query value that can't be read; the handler chooses the shape of the answer.

    Attributes:
        field: the name as the client wrote it.
        text: what is wrong with it.
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field
        self.text = text


class Query:
    """The query string. Names are case-insensitive (section 10, 9); the last one wins."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self._pairs: dict[str, tuple[str, str]] = {}
        for part in raw.split("&"):
            name, _, value = part.partition("=")
            if name:
                written = unquote_plus(name)
                self._pairs[written.lower()] = (written, value)

    def __contains__(self, name: str) -> bool:
        return bool(self.text(name))

    def text(self, name: str) -> str:
        """The decoded value, or an empty string."""
        return unquote_plus(self._pairs.get(name.lower(), ("", ""))[1])

    def undecoded(self, name: str) -> str:
        """The value as it was sent: where ``%2C`` is not a comma (section 6)."""
        return self._pairs.get(name.lower(), ("", ""))[1]

    def many(self, name: str) -> list[str]:
        """A comma separated list, trimmed, without empty entries."""
        return [each.strip() for each in self.text(name).split(",") if each.strip()]

    def numbers(self, name: str) -> list[int]:
        """A comma separated list of integers.

        Raises:
            BadValueError: one of them is no integer.
        """
        try:
            return [int(each) for each in self.many(name)]
        except ValueError:
            raise self._bad(name, "is not a list of integers") from None

    def number(self, name: str) -> int | None:
        """An integer, or ``None`` when it is absent.

        Raises:
            BadValueError: it is no integer.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise self._bad(name, "is not valid") from None

    def flag(self, name: str) -> bool | None:
        """True or false in any case, or ``None`` when it is absent.

        Raises:
            BadValueError: something else.
        """
        text = self.text(name).lower()
        if not text:
            return None
        if text not in {"true", "false", "1", "0"}:
            raise self._bad(name, "is not valid")
        return text in {"true", "1"}

    def instant(self, name: str) -> datetime | None:
        """A date or date-time, or ``None`` when it is absent.

        Raises:
            BadValueError: neither of the two.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            return read_instant(text)
        except ValueError:
            raise self._bad(name, "is not valid") from None

    def _bad(self, name: str, text: str) -> BadValueError:
        written = self._pairs[name.lower()][0]
        return BadValueError(written, f"The value '{self.text(name)}' {text}.")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request that has passed the gate.

    Attributes:
        version: the version in the path, one of ``VERSIONS``.
        path: the path after the version, as the client wrote it.
        ids: the numbers and names in the path.
        query: the query string.
        raw_body: the body as it arrived.
        caller: who sends it.
        channel_id: the ``shipbob_channel_id`` header, when it was sent and this route reads it.
        base_url: scheme and host as the client sees them.
    """

    version: str
    path: str
    ids: dict[str, str]
    query: Query
    raw_body: bytes
    caller: Caller
    channel_id: int | None
    base_url: str

    def body(self, kind: type[Body], refuse: RefuseFields) -> Body:
        """Read the JSON body as ``kind``.

        Raises:
            Refusal: the first fault, in the shape that ``refuse`` gives it.
        """
        try:
            return msgspec.json.decode(self.raw_body, type=kind)
        except msgspec.ValidationError as fault:
            field, text = _fault(str(fault))
            raise refuse({field: [text]}) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = (
                "The request body is not valid JSON." if self.raw_body else "A body is required."
            )
            raise refuse({"": [text]}) from None


def whole(text: str) -> int:
    """The id that a text from a path stands for; 0, which is nobody's id, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0


def _fault(text: str) -> tuple[str, str]:
    """Split msgspec's sentence into the field and what is wrong with it.

    ``Object missing required field `boxes` - at `$.a[0]` `` is about ``a[0].boxes``.
    """
    sentence, _, where = text.partition(" - at `")
    path = where.rstrip("`").removeprefix("$").removeprefix(".")
    if sentence.startswith("Object missing required field"):
        name = sentence.split("`")[1]
        return (f"{path}.{name}" if path else name), f"The {name} field is required."
    return path, f"{sentence}."
