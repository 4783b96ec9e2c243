"""What the references leave open about NetSuite, switch by switch.

In the parts of the reference that they belong to: transforms (7, 16), numbering and signs (5, 16),
queries (4), times (4.2), refusals (9, 10), set-up of accounts (12, 13).
"""

from typing import Any, Final, Literal

from ml_connector.sim.readings.netsuite_accounts import ACCOUNTS
from ml_connector.sim.readings.netsuite_queries import QUERIES
from ml_connector.sim.readings.switch import Switch

EXTERNAL_ID_IN_TRANSFORM: Final = Switch[Literal["stored", "ignored", "repeatable"]](
    name="external_id_in_transform",
    system="netsuite",
    about="The external id in a transform",
    readings={
        "stored": "is stored, and a second record with it is refused",
        "ignored": "is ignored",
        "repeatable": "is stored, and a second record with it is taken too",
    },
    default="stored",
    reference="netsuite.md 11.4, 15.1, 16.1",
)

LINE_NUMBERS: Final = Switch[Literal["equal", "shifted", "gaps", "sequence"]](
    name="order_line_numbers",
    system="netsuite",
    about="The number that REST gives a line of an order",
    readings={
        "equal": "is its id in queries",
        "shifted": "is its id in queries plus one",
        "gaps": "is its id in queries, and new lines are 1, 4, 9",
        "sequence": "is its place on the form, and in queries new lines are 1, 4, 9",
    },
    default="equal",
    reference="netsuite.md 5.2, 15.9",
    stopping=frozenset({"shifted", "sequence"}),
)

PREFILLED_PACKAGE: Final = Switch[Literal["none", "empty-line"]](
    name="prefilled_package",
    system="netsuite",
    about="A fulfilment that a transform makes",
    readings={
        "none": "has the packages that are sent",
        "empty-line": "has an empty package before those that are sent",
    },
    default="none",
    reference="netsuite.md 8.5, 15.6",
)

REPLACE_ITEM: Final = Switch[Literal["honoured", "ignored"]](
    name="replace_item_in_transform",
    system="netsuite",
    about="The replace=item of a transform",
    readings={
        "honoured": "leaves only the lines that are sent",
        "ignored": "is ignored: lines that are not named stay in full",
    },
    default="honoured",
    reference="netsuite.md 6.5, 7.3",
)

REPLACE_PACKAGE: Final = Switch[Literal["honoured", "ignored"]](
    name="replace_package",
    system="netsuite",
    about="The replace=package of a change",
    readings={
        "honoured": "leaves only the packages that are sent",
        "ignored": "is ignored: the packages that are sent are added",
    },
    default="honoured",
    reference="netsuite.md 8.5, 11.5, 15.6",
)

COMPLETED_LINE: Final = Switch[Literal["refuses", "passed-over"]](
    name="completed_line_in_transform",
    system="netsuite",
    about="A completed order line that a transform names with itemReceive false",
    readings={
        "refuses": "refuses the whole transform",
        "passed-over": "is passed over",
    },
    default="refuses",
    reference="netsuite.md 16.2",
)

SEVERAL_LOCATIONS: Final = Switch[Literal["refused", "accepted"]](
    name="fulfilment_of_several_locations",
    system="netsuite",
    about="A fulfilment with lines at several locations",
    readings={"refused": "is refused", "accepted": "is accepted"},
    default="refused",
    reference="netsuite.md 16.3",
)

NOTHING_LEFT: Final = Switch[Literal["already-closed", "no-valid-line"]](
    name="order_already_closed",
    system="netsuite",
    about="A transform of a sales order that is fulfilled or closed",
    readings={
        "already-closed": "is refused as of an order that is already closed",
        "no-valid-line": "is refused as one without a valid line item",
    },
    default="already-closed",
    reference="netsuite.md 7.4, 16.4, 16.13",
)

PICKED_COUNT: Final = Switch[Literal["left-out", "counted"]](
    name="picked_fulfilments",
    system="netsuite",
    about="What is picked or packed and not shipped yet",
    readings={
        "left-out": "is not in an order line's quantityshiprecv",
        "counted": "is in an order line's quantityshiprecv",
    },
    default="left-out",
    reference="netsuite.md 5.2, 8.5",
)

ORDER_TOUCHED: Final = Switch[Literal["moved", "kept"]](
    name="lastmodifieddate_of_orders",
    system="netsuite",
    about="The lastmodifieddate of an order",
    readings={
        "moved": "moves when something is made from the order",
        "kept": "stays when something is made from the order",
    },
    default="moved",
    reference="netsuite.md 4.7, 15.7",
)

ERROR_TEXTS: Final = Switch[Literal["known", "reworded", "german"]](
    name="error_texts",
    system="netsuite",
    about="The sentence of a refusal",
    readings={
        "known": "is the one that others have seen",
        "reworded": "says the same in other words",
        "german": "is in the integration user's language, German",
    },
    default="known",
    reference="netsuite.md 9.2, 15.2",
)

LIMIT_FACE: Final = Switch[Literal["429", "429-retry-after", "400", "400-retry-after"]](
    name="concurrency_limit",
    system="netsuite",
    about="A call beyond the account's concurrency limit",
    readings={
        "429": "is answered 429 without Retry-After",
        "429-retry-after": "is answered 429 with Retry-After",
        "400": "is answered 400 without Retry-After",
        "400-retry-after": "is answered 400 with Retry-After",
    },
    default="429",
    reference="netsuite.md 10.2, 15.3",
)

PERMISSION_FACE: Final = Switch[Literal["mixed", "403", "400"]](
    name="permission_refusal",
    system="netsuite",
    about="A permission that the role lacks",
    readings={
        "mixed": "is 400 USER_ERROR on reading and 403 on writing",
        "403": "is always 403 INSUFFICIENT_PERMISSION",
        "400": "is always 400 USER_ERROR",
    },
    default="mixed",
    reference="netsuite.md 9.2",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (
    EXTERNAL_ID_IN_TRANSFORM,
    LINE_NUMBERS,
    PREFILLED_PACKAGE,
    REPLACE_ITEM,
    REPLACE_PACKAGE,
    COMPLETED_LINE,
    SEVERAL_LOCATIONS,
    NOTHING_LEFT,
    PICKED_COUNT,
    ORDER_TOUCHED,
    *QUERIES,
    ERROR_TEXTS,
    LIMIT_FACE,
    PERMISSION_FACE,
    *ACCOUNTS,
)
"""All of them, in the order in which they are listed."""
