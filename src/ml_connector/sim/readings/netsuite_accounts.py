"""How NetSuite accounts differ by set-up: features, preferences, tax, bins, lots, units."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

COMPANY: Final = Switch[Literal["one-world", "single-entity"]](
    name="account",
    system="netsuite",
    about="The account",
    readings={
        "one-world": "is OneWorld: subsidiaries exist",
        "single-entity": "has no subsidiaries, nor their table and columns",
    },
    default="one-world",
    reference="netsuite.md 5.1, 13.1",
)

TAX: Final = Switch[Literal["suitetax", "legacy"]](
    name="tax",
    system="netsuite",
    about="Taxes",
    readings={
        "suitetax": "are SuiteTax: no tax lines in queries",
        "legacy": "are legacy taxes: documents have a tax line in queries",
    },
    default="suitetax",
    reference="netsuite.md 5.2, 13.6",
)

PICKING: Final = Switch[Literal["on", "off"]](
    name="pick_pack_ship",
    system="netsuite",
    about="Pick, Pack and Ship",
    readings={
        "on": "is on: a fulfilment may be picked or packed before it is shipped",
        "off": "is off: a fulfilment is shipped at once",
    },
    default="on",
    reference="netsuite.md 8.5",
)

OVER_RECEIPTS: Final = Switch[Literal["refused", "accepted"]](
    name="over_receipts",
    system="netsuite",
    about="A receipt of more than an order line expects",
    readings={"refused": "is refused", "accepted": "is accepted"},
    default="refused",
    reference="netsuite.md 8.1",
)

BINS: Final = Switch[Literal["none", "everywhere"]](
    name="bins",
    system="netsuite",
    about="Locations and items",
    readings={
        "none": "have bins where that was said",
        "everywhere": "all have bins",
    },
    default="none",
    reference="netsuite.md 7.4, 13.4, 15.10",
    stopping=frozenset({"everywhere"}),
)

LOTS: Final = Switch[Literal["none", "everywhere"]](
    name="lots",
    system="netsuite",
    about="Inventory items",
    readings={
        "none": "have lots where that was said",
        "everywhere": "all have lots",
    },
    default="none",
    reference="netsuite.md 8.1, 13.4, 15.10",
    stopping=frozenset({"everywhere"}),
)

UNITS: Final = Switch[Literal["eaches", "cases"]](
    name="units",
    system="netsuite",
    about="A line of a purchase order over whole dozens",
    readings={
        "eaches": "is in eaches",
        "cases": "is in cases of twelve",
    },
    default="eaches",
    reference="netsuite.md 13.3",
)

TOKEN_LIFE: Final = Switch[Literal["number", "text"]](
    name="token_life",
    system="netsuite",
    about="The expires_in of a token",
    readings={"number": "is a number", "text": "is a text"},
    default="number",
    reference="netsuite.md 2.4, 15.4",
)

AUDIENCE: Final = Switch[Literal["any", "exact"]](
    name="audience",
    system="netsuite",
    about="The aud of an assertion",
    readings={
        "any": "may be any address",
        "exact": "must be the token address",
    },
    default="any",
    reference="netsuite.md 2.3, 15.4",
)

REFUSED_ACCESS: Final = Switch[Literal["401", "login-page"]](
    name="refused_access_token",
    system="netsuite",
    about="A call with an expired or revoked token",
    readings={
        "401": "is refused with 401",
        "login-page": "is sent to a page to sign in, with 302",
    },
    default="401",
    reference="netsuite.md 2.7",
)

ACCOUNTS: Final[tuple[Switch[Any], ...]] = (
    COMPANY,
    TAX,
    PICKING,
    OVER_RECEIPTS,
    BINS,
    LOTS,
    UNITS,
    TOKEN_LIFE,
    AUDIENCE,
    REFUSED_ACCESS,
)
"""In the order in which they are listed."""
