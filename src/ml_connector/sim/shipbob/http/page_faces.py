"""How lists and their pages look in a world (reference shipbob.md, section 6)."""

from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

import msgspec

from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.shipbob_pages import (
    CHANNEL_LIST,
    LAST_PAGE,
    NEXT_LINK,
    PAGE_SIZE,
    ROWS_AGAIN,
)
from ml_connector.sim.shipbob.http.answers import Answer
from ml_connector.sim.shipbob.http.call import Call, Query
from ml_connector.sim.shipbob.http.paging import Cursor

_LINKS: Final = ("next", "prev", "first", "last")
_FAR: Final = 1_000_000
_FEW: Final = "PageSize=2&Limit=2"


class PageFaces:
    """Dresses lists for a world.

    Args:
        readings: the world.
    """

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._usual = all(readings[one] == one.default for one in _SWITCHES)

    def asked(self, call: Call) -> Call:
        """The call, for so few rows as this world gives at once."""
        if self._readings[PAGE_SIZE] == "asked":
            return call
        raw = f"{call.query.raw}&{_FEW}" if call.query.raw else _FEW
        return msgspec.structs.replace(call, query=Query(raw))

    def dressed(self, call: Call, answer: Answer) -> Answer:
        """The answer as it looks in this world."""
        if self._usual or call.path.lower().startswith("/transaction-fees"):
            return answer
        body = answer.body
        if isinstance(body, list) and self._readings[ROWS_AGAIN] == "twice":
            return msgspec.structs.replace(answer, body=[*body, *body[-1:]])
        if not isinstance(body, dict) or "items" not in body or "next" not in body:
            return answer
        made = dict(body)
        rows = cast("Sequence[object]", made["items"])
        if self._readings[ROWS_AGAIN] == "twice":
            made["items"] = [*rows, *rows[-1:]]
        if made["next"] is None and self._readings[LAST_PAGE] != "ends":
            made["next"] = self._beyond(call, made)
        for name in _LINKS:
            if isinstance(made.get(name), str):
                made[name] = self._link(call, str(made[name]))
        if call.path.lower() == "/channel" and self._readings[CHANNEL_LIST] == "array":
            return msgspec.structs.replace(answer, body=made["items"])
        return msgspec.structs.replace(answer, body=made)

    def _beyond(self, call: Call, body: dict[str, object]) -> str:
        """The page after the last one: the same again, or an empty one."""
        here = call.query.text("Cursor")
        counts_pages = call.path.lower().startswith("/return")
        if self._readings[LAST_PAGE] == "repeats":
            token = here or ("1" if counts_pages else Cursor(start=0, query=_raw(call)).text())
        elif counts_pages:
            token = str(int(here or 1) + 1)
        else:
            known = Cursor.read(here) if here else Cursor(start=0, query=_raw(call))
            token = Cursor(start=max(known.start, _FAR) + 1, query=known.query).text()
        return token if _is_token(body) else f"/{call.version}{call.path}?cursor={token}"

    def _link(self, call: Call, link: str) -> str:
        style = self._readings[NEXT_LINK]
        parts = urlsplit(link)
        named = parse_qs(parts.query)
        token = next((of[0] for name, of in named.items() if name.lower() == "cursor"), "")
        if style == "mixed" or not token:
            return link
        if style == "token":
            return token
        path = f"{call.path}?{parts.query}"
        if style == "no-version":
            return path
        return f"{call.base_url if style == 'absolute' else ''}/{call.version}{path}"


_SWITCHES: Final[tuple[Switch[Any], ...]] = (NEXT_LINK, LAST_PAGE, ROWS_AGAIN, CHANNEL_LIST)


def _raw(call: Call) -> str:
    """What a cursor keeps of a first call: its filters, or the body that holds them."""
    return call.raw_body.decode() if call.raw_body else call.query.raw


def _is_token(body: dict[str, object]) -> bool:
    """Whether this list names its pages by tokens alone."""
    first = body.get("first")
    return isinstance(first, str) and "?" not in first
