"""What is open about ShipBob's refusals of calls: the limit's headers, a token that is refused."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

LIMIT_WAIT: Final = Switch[Literal["x-retry-after", "retry-after", "message"]](
    name="wait_after_the_limit",
    system="shipbob",
    about="How long to wait after too many calls",
    readings={
        "x-retry-after": "is told by x-retry-after, and by the message",
        "retry-after": "is told by Retry-After, and by the message",
        "message": "is told by the message alone",
    },
    default="x-retry-after",
    reference="shipbob.md 4",
)

CALLS_LEFT: Final = Switch[Literal["x-remaining-calls", "x-ratelimit-remaining", "untold"]](
    name="calls_left",
    system="shipbob",
    about="How many calls are left in the minute",
    readings={
        "x-remaining-calls": "is told by x-remaining-calls",
        "x-ratelimit-remaining": "is told by X-RateLimit-Remaining",
        "untold": "is not told",
    },
    default="x-remaining-calls",
    reference="shipbob.md 4",
)

REFUSED_TOKEN: Final = Switch[Literal["401", "login-page"]](
    name="refused_token",
    system="shipbob",
    about="A call with an expired or unknown token",
    readings={
        "401": "is refused with 401",
        "login-page": "is sent to a page to sign in, with 302",
    },
    default="401",
    reference="shipbob.md 3.2",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (LIMIT_WAIT, CALLS_LEFT, REFUSED_TOKEN)
