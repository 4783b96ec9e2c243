"""What is open about the values in ShipBob's answers: types, nulls, dates."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

ID_TYPE: Final = Switch[Literal["number", "text", "lettered"]](
    name="id_type",
    system="shipbob",
    about="An id",
    readings={
        "number": "is a number",
        "text": "is a text of digits",
        "lettered": "is a text with letters before its digits",
    },
    default="number",
    reference="shipbob.md 13",
    stopping=frozenset({"lettered"}),
)

QUANTITY_TYPE: Final = Switch[Literal["whole", "decimal", "text", "decimal-text", "half"]](
    name="quantity_type",
    system="shipbob",
    about="A quantity",
    readings={
        "whole": "is a whole number",
        "decimal": "is a number with a point, such as 60.0",
        "text": "is a text of digits",
        "decimal-text": "is a text with a point, such as 60.0",
        "half": "is no whole number: there is half a unit more",
    },
    default="whole",
    reference="shipbob.md 13",
    stopping=frozenset({"half"}),
)

AMOUNT_TYPE: Final = Switch[Literal["number", "text"]](
    name="amount_type",
    system="shipbob",
    about="An amount of money",
    readings={"number": "is a number", "text": "is a text"},
    default="number",
    reference="shipbob.md 13",
)

NO_DATE: Final = Switch[Literal["null", "zero"]](
    name="no_date",
    system="shipbob",
    about="A date that is not set",
    readings={"null": "is null", "zero": "is 0001-01-01T00:00:00"},
    default="null",
    reference="shipbob.md 13",
)

DATE_STYLE: Final = Switch[Literal["offset", "zulu", "no-zone"]](
    name="date_style",
    system="shipbob",
    about="The time of an answer",
    readings={
        "offset": "ends with +00:00",
        "zulu": "ends with Z",
        "no-zone": "names no zone",
    },
    default="offset",
    reference="shipbob.md 9",
)

EMPTY_OBJECTS: Final = Switch[Literal["null", "given"]](
    name="empty_objects",
    system="shipbob",
    about="An object with nothing in it",
    readings={"null": "is null, against the official file", "given": "is there, without keys"},
    default="null",
    reference="shipbob.md 13",
)

LESSER_FIELDS: Final = Switch[Literal["given", "null", "absent"]](
    name="lesser_fields",
    system="shipbob",
    about="What is of no concern to goods and money",
    readings={
        "given": "is given",
        "null": "is null",
        "absent": "is missing: its keys are not there",
    },
    default="given",
    reference="shipbob.md 7.2",
)

FINAL_DESTINATION: Final = Switch[Literal["shown", "absent"]](
    name="final_destination",
    system="shipbob",
    about="The final destination of a WRO",
    readings={"shown": "is shown", "absent": "is not shown"},
    default="shown",
    reference="shipbob.md 12",
)

PARCEL_NUMBER: Final = Switch[Literal["tracking", "pro"]](
    name="parcel_number",
    system="shipbob",
    about="A parcel's number",
    readings={"tracking": "is a tracking number", "pro": "is a PRO number, as of freight"},
    default="tracking",
    reference="shipbob.md 13",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    ID_TYPE,
    QUANTITY_TYPE,
    AMOUNT_TYPE,
    NO_DATE,
    DATE_STYLE,
    EMPTY_OBJECTS,
    LESSER_FIELDS,
    FINAL_DESTINATION,
    PARCEL_NUMBER,
)
