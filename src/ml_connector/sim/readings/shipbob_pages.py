"""What is open about ShipBob's lists and their pages (shipbob.md 6)."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

NEXT_LINK: Final = Switch[Literal["mixed", "version", "no-version", "absolute", "token"]](
    name="next_link",
    system="shipbob",
    about="The next page of a list",
    readings={
        "mixed": "is named by each resource in a way of its own",
        "version": "is named by a path with the version",
        "no-version": "is named by a path without the version",
        "absolute": "is named by a whole address",
        "token": "is named by its cursor alone",
    },
    default="mixed",
    reference="shipbob.md 6",
)

LAST_PAGE: Final = Switch[Literal["ends", "repeats", "endless"]](
    name="last_page",
    system="shipbob",
    about="The last page of a list",
    readings={
        "ends": "names no next one",
        "repeats": "names itself as the next one",
        "endless": "names an empty one as the next, which names another, without end",
    },
    default="ends",
    reference="shipbob.md 6",
    stopping=frozenset({"endless"}),
)

PAGE_PAST_THE_END: Final = Switch[Literal["list", "nothing"]](
    name="page_past_the_end",
    system="shipbob",
    about="A page past the end",
    readings={"list": "is an empty list", "nothing": "has no body"},
    default="list",
    reference="shipbob.md 6",
)

PAGE_SIZE: Final = Switch[Literal["asked", "two"]](
    name="page_size",
    system="shipbob",
    about="A page has",
    readings={"asked": "as many rows as were asked for", "two": "two rows, whatever is asked"},
    default="asked",
    reference="shipbob.md 6",
)

ROWS_AGAIN: Final = Switch[Literal["once", "twice"]](
    name="rows_again",
    system="shipbob",
    about="The last row of a page",
    readings={"once": "comes once", "twice": "comes twice"},
    default="once",
    reference="shipbob.md 10",
)

CHANNEL_LIST: Final = Switch[Literal["items", "array"]](
    name="channel_list",
    system="shipbob",
    about="The list of channels",
    readings={"items": "is an object with items", "array": "is a bare array"},
    default="items",
    reference="shipbob.md 3.3",
)

SCOPES: Final = Switch[Literal["list", "text"]](
    name="scopes",
    system="shipbob",
    about="The scopes of a channel",
    readings={"list": "are a list", "text": "are one text in a list, with spaces between"},
    default="list",
    reference="shipbob.md 3.3",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    NEXT_LINK,
    LAST_PAGE,
    PAGE_PAST_THE_END,
    PAGE_SIZE,
    ROWS_AGAIN,
    CHANNEL_LIST,
    SCOPES,
)
