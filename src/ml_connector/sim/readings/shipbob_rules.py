"""What is open about ShipBob's rules: what it refuses, and when it shows what."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

PO_NUMBERS: Final = Switch[Literal["free", "unique"]](
    name="po_numbers",
    system="shipbob",
    about="The purchase order number of a WRO",
    readings={"free": "may be another one's too", "unique": "is refused where another one has it"},
    default="free",
    reference="shipbob.md 12",
)

NEW_WRO: Final = Switch[Literal["listed", "later"]](
    name="new_wro",
    system="shipbob",
    about="A WRO that was made",
    readings={"listed": "is listed at once", "later": "is listed two seconds later"},
    default="listed",
    reference="shipbob.md 8",
)

WRO_COUNTERS: Final = Switch[Literal["agree", "received-lags", "stowed-lags"]](
    name="wro_counters",
    system="shipbob",
    about="The counters of a WRO",
    readings={
        "agree": "say the same as its boxes",
        "received-lags": "leave out what was received in boxes that are not closed",
        "stowed-lags": "are those before the last stowing, in one answer",
    },
    default="agree",
    reference="shipbob.md 9.4",
)

SYNC_ANSWER: Final = Switch[Literal["results", "wro"]](
    name="sync_answer",
    system="shipbob",
    about="What setExternalSync answers",
    readings={"results": "is a list of results", "wro": "is the WRO"},
    default="results",
    reference="shipbob.md 9.4",
)

CHANNEL_HEADER: Final = Switch[Literal["ignored", "refused"]](
    name="channel_header",
    system="shipbob",
    about="The channel header on calls that don't declare it",
    readings={"ignored": "is ignored", "refused": "is refused"},
    default="ignored",
    reference="shipbob.md 12",
    stopping=frozenset({"refused"}),
)

BILLING_READ: Final = Switch[Literal["granted", "refused"]](
    name="billing_read",
    system="shipbob",
    about="The scope billing_read",
    readings={"granted": "is granted", "refused": "is not to be had"},
    default="granted",
    reference="shipbob.md 12",
    stopping=frozenset({"refused"}),
)

FEES_APPEAR: Final = Switch[Literal["at-once", "later"]](
    name="fees_appear",
    system="shipbob",
    about="A charge",
    readings={"at-once": "is shown at once", "later": "is shown six hours later"},
    default="at-once",
    reference="shipbob.md 9.7",
    stopping=frozenset({"later"}),
)

INVOICE_LINES: Final = Switch[Literal["kept", "gone"]](
    name="invoice_lines",
    system="shipbob",
    about="The lines of an invoice",
    readings={"kept": "are kept for a week", "gone": "are never shown, its amount is"},
    default="kept",
    reference="shipbob.md 9.7",
    stopping=frozenset({"gone"}),
)

IDS: Final = Switch[Literal["apart", "the-same"]](
    name="ids",
    system="shipbob",
    about="The ids of WROs, orders, shipments, returns and invoices",
    readings={
        "apart": "are of different sizes",
        "the-same": "begin with the same number, as each environment counts anew",
    },
    default="apart",
    reference="shipbob.md 10",
)

REFRESH_GRACE: Final = Switch[Literal["none", "once-more"]](
    name="refresh_grace",
    system="shipbob",
    about="A refresh token that was used",
    readings={"none": "is spent", "once-more": "may be used again"},
    default="none",
    reference="shipbob.md 12",
)

STOCK_LEVELS: Final = Switch[Literal["at-once", "later"]](
    name="stock_levels",
    system="shipbob",
    about="What a movement leaves on hand",
    readings={
        "at-once": "is shown by the levels at once",
        "later": "is shown by the levels two seconds later",
    },
    default="at-once",
    reference="shipbob.md 9.3",
)

UNLINKED_URO: Final = Switch[Literal["null", "zero"]](
    name="unlinked_uro",
    system="shipbob",
    about="The WRO of an unidentified receiving order that has none",
    readings={"null": "is null", "zero": "is 0"},
    default="null",
    reference="shipbob.md 9.4",
)

URO_ATTACHMENTS: Final = Switch[Literal["none", "texts", "objects", "absent"]](
    name="uro_attachments",
    system="shipbob",
    about="The attachments of an unidentified receiving order",
    readings={
        "none": "are an empty list",
        "texts": "are addresses",
        "objects": "are objects with fields of their own",
        "absent": "are missing: the key is not there",
    },
    default="none",
    reference="shipbob.md 12",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    PO_NUMBERS,
    NEW_WRO,
    WRO_COUNTERS,
    SYNC_ANSWER,
    CHANNEL_HEADER,
    BILLING_READ,
    FEES_APPEAR,
    INVOICE_LINES,
    STOCK_LEVELS,
    UNLINKED_URO,
    URO_ATTACHMENTS,
    IDS,
    REFRESH_GRACE,
)
