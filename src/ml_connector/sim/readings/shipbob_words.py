"""What is open about ShipBob's words: live values were seen outside of every enum."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

WRO_AWAITED: Final = Switch[Literal["Awaiting", "AwaitingArrival"]](
    name="wro_awaited",
    system="shipbob",
    about="The first status of a WRO",
    readings={"Awaiting": "is Awaiting", "AwaitingArrival": "is AwaitingArrival"},
    default="Awaiting",
    reference="shipbob.md 9.4",
)

RETURN_WORDS: Final = Switch[Literal["joined", "spaced"]](
    name="return_words",
    system="shipbob",
    about="The status of a return",
    readings={"joined": "is one word", "spaced": "has spaces, and ReturnToSender is RTS"},
    default="joined",
    reference="shipbob.md 9.6",
)

ACTION_TAKEN: Final = Switch[Literal["told", "absent", "null", "unknown"]](
    name="action_taken",
    system="shipbob",
    about="What was done with the units of a completed return",
    readings={
        "told": "is told",
        "absent": "is not told: the key is missing",
        "null": "is not told: it is null",
        "unknown": "is told in words outside of the enum",
    },
    default="told",
    reference="shipbob.md 13",
    stopping=frozenset({"absent", "null", "unknown"}),
)

PARCEL_STATUS: Final = Switch[Literal["Completed", "Delivered"]](
    name="parcel_status",
    system="shipbob",
    about="A shipment that was delivered",
    readings={
        "Completed": "is Completed, its detail says the rest",
        "Delivered": "is Delivered, and the date of its label is null",
    },
    default="Completed",
    reference="shipbob.md 13",
)

STATUSES: Final = Switch[Literal["listed", "others"]](
    name="statuses",
    system="shipbob",
    about="The statuses of work under way",
    readings={"listed": "are those of the enums", "others": "are such as no enum has"},
    default="listed",
    reference="shipbob.md 9",
)

INVOICE_TYPES: Final = Switch[Literal["documented", "live", "unknown"]](
    name="invoice_types",
    system="shipbob",
    about="The types of invoices",
    readings={
        "documented": "are those of the enum",
        "live": "are those that live accounts showed",
        "unknown": "are such as nobody has seen",
    },
    default="documented",
    reference="shipbob.md 9.7",
)

FEE_NAMES: Final = Switch[Literal["known", "unknown"]](
    name="fee_names",
    system="shipbob",
    about="Fees",
    readings={
        "known": "have the names that are listed",
        "unknown": "have names that no list has, of any length",
    },
    default="known",
    reference="shipbob.md 9.7",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    WRO_AWAITED,
    RETURN_WORDS,
    ACTION_TAKEN,
    PARCEL_STATUS,
    STATUSES,
    INVOICE_TYPES,
    FEE_NAMES,
)
