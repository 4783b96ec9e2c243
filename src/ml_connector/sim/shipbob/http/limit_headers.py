"""What headers say of the limit in a world (reference shipbob.md, section 4)."""

from starlette.types import Message, Send

from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_calls import CALLS_LEFT, LIMIT_WAIT

_WAIT = b"x-retry-after"
_LEFT = b"x-remaining-calls"


def with_limit_headers(readings: Readings, send: Send) -> Send:
    """Return what sends an answer with the headers that this world has."""
    wait, left = readings[LIMIT_WAIT], readings[CALLS_LEFT]
    if wait == LIMIT_WAIT.default and left == CALLS_LEFT.default:
        return send
    names = {
        _WAIT: b"" if wait == "message" else wait.encode(),
        _LEFT: b"" if left == "untold" else left.encode(),
    }

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            named = [(names.get(name, name), value) for name, value in message["headers"]]
            message = {**message, "headers": [one for one in named if one[0]]}
        await send(message)

    return dressed
