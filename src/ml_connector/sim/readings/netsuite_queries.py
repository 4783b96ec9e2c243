"""What the references leave open about NetSuite's queries: names, signs, times, shapes."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

PURCHASE_TOTALS: Final = Switch[Literal["negative", "positive"]](
    name="totals_of_purchases",
    system="netsuite",
    about="The total of a purchase order and of a bill in queries",
    readings={"negative": "is negative", "positive": "is positive"},
    default="negative",
    reference="netsuite.md 16.5",
)

PURCHASE_QUANTITIES: Final = Switch[Literal["positive", "negative"]](
    name="quantities_of_purchase_orders",
    system="netsuite",
    about="The quantity of a purchase order's line in queries",
    readings={"positive": "is positive", "negative": "is negative"},
    default="positive",
    reference="netsuite.md 5.2",
)

SALES_QUANTITIES: Final = Switch[Literal["negative", "positive"]](
    name="quantities_of_sales",
    system="netsuite",
    about="The quantity of a line of a sales order or a fulfilment in queries",
    readings={"negative": "is negative", "positive": "is positive"},
    default="negative",
    reference="netsuite.md 5.2",
)

RETURN_QUANTITIES: Final = Switch[Literal["negative", "positive"]](
    name="quantities_of_returns",
    system="netsuite",
    about="The quantity of a return authorization's line in queries",
    readings={"negative": "is negative", "positive": "is positive"},
    default="negative",
    reference="netsuite.md 5.2",
)

BILL_AMOUNTS: Final = Switch[Literal["positive", "negative"]](
    name="amounts_of_bills",
    system="netsuite",
    about="The amount of a bill's line in queries",
    readings={"positive": "is positive", "negative": "is negative, like its total"},
    default="positive",
    reference="netsuite.md 5.2, 16.5",
)

CREDIT_AMOUNTS: Final = Switch[Literal["negative", "positive"]](
    name="amounts_of_vendor_credits",
    system="netsuite",
    about="The amount of a vendor credit's line in queries",
    readings={"negative": "is negative", "positive": "is positive"},
    default="negative",
    reference="netsuite.md 5.2, 16.5",
)

LINKED_LINES: Final = Switch[Literal["ids", "places"]](
    name="lines_of_links",
    system="netsuite",
    about="A line of a document that is linked with another",
    readings={
        "ids": "is named by its id in queries",
        "places": "is named by its place on the form",
    },
    default="ids",
    reference="netsuite.md 5.3",
)

MissingName = Literal[
    "none",
    "inventoryitemlocations",
    "aggregateitemlocation",
    "kititemmember",
    "unitstypeuom",
    "accountingperiod",
    "companyfeaturesetup",
    "deletedrecord",
    "transactionaccountingline",
    "trackingnumbermap",
    "nexttransactionlinelink",
    "inventorynumber",
    "transaction.voided",
    "transaction.posting",
    "transaction.foreigntotal",
    "transaction.currency",
    "transaction.externalid",
    "transaction.otherrefnum",
    "transactionline.isinventoryaffecting",
    "transactionline.assemblycomponent",
    "transactionline.units",
    "transactionline.createdfrom",
    "item.isfulfillable",
    "item.islotitem",
    "item.isserialitem",
    "item.purchaseunit",
    "item.stockunit",
    "accountingperiod.isadjust",
    "accountingperiod.allownonglchanges",
    "location.usebins",
    "location.subsidiary",
    "vendor.currency",
    "vendor.isinactive",
]

_MISSING: Final[dict[MissingName, str]] = {
    "none": "are all shown",
    "inventoryitemlocations": "lack the table inventoryitemlocations",
    "aggregateitemlocation": "lack the table aggregateitemlocation",
    "kititemmember": "lack the table kitItemMember",
    "unitstypeuom": "lack the table unitstypeuom",
    "accountingperiod": "lack the table accountingperiod",
    "companyfeaturesetup": "lack the table companyfeaturesetup",
    "deletedrecord": "lack the table deletedrecord",
    "transactionaccountingline": "lack the table transactionaccountingline",
    "trackingnumbermap": "lack the table trackingnumbermap",
    "nexttransactionlinelink": "lack the table nexttransactionlinelink",
    "inventorynumber": "lack the table inventorynumber",
    "transaction.voided": "lack the column voided of transactions",
    "transaction.posting": "lack the column posting of transactions",
    "transaction.foreigntotal": "lack the column foreigntotal of transactions",
    "transaction.currency": "lack the column currency of transactions",
    "transaction.externalid": "lack the column externalid of transactions",
    "transaction.otherrefnum": "lack the column otherrefnum of transactions",
    "transactionline.isinventoryaffecting": "lack the column isinventoryaffecting of lines",
    "transactionline.assemblycomponent": "lack the column assemblycomponent of lines",
    "transactionline.units": "lack the column units of lines",
    "transactionline.createdfrom": "lack the column createdfrom of lines",
    "item.isfulfillable": "lack the column isfulfillable of items",
    "item.islotitem": "lack the column islotitem of items",
    "item.isserialitem": "lack the column isserialitem of items",
    "item.purchaseunit": "lack the column purchaseunit of items",
    "item.stockunit": "lack the column stockunit of items",
    "accountingperiod.isadjust": "lack the column isadjust of periods",
    "accountingperiod.allownonglchanges": "lack the column allownonglchanges of periods",
    "location.usebins": "lack the column usebins of locations",
    "location.subsidiary": "lack the column subsidiary of locations",
    "vendor.currency": "lack the column currency of vendors",
    "vendor.isinactive": "lack the column isinactive of vendors",
}

MISSING_NAME: Final = Switch[MissingName](
    name="missing_name",
    system="netsuite",
    about="The tables and columns of queries",
    readings=_MISSING,
    default="none",
    reference="netsuite.md 4.5, 5, 16.15, 16.16",
    stopping=frozenset(
        {"nexttransactionlinelink", "transaction.externalid", "transactionline.createdfrom"}
    ),
)

MISSING_WORDS: Final = Switch[Literal["unknown", "removed", "not-exposed", "not-found"]](
    name="words_for_a_missing_name",
    system="netsuite",
    about="A query with a table or column that is not shown",
    readings={
        "unknown": "is refused as of an unknown identifier or an invalid search type",
        "removed": "is refused as of a field or record that was not found, being removed",
        "not-exposed": "is refused as of a field or record that was not found, not exposed",
        "not-found": "is refused as of a field or record that was not found",
    },
    default="unknown",
    reference="netsuite.md 9.2, 16.12",
)

TIMES: Final = Switch[Literal["account", "user-ahead", "user-behind"]](
    name="to_char_zone",
    system="netsuite",
    about="What TO_CHAR writes of a time",
    readings={
        "account": "is in the account's time zone, as TO_DATE reads it",
        "user-ahead": "is in the user's time zone, ahead of the account's, in which TO_DATE reads",
        "user-behind": "is in the user's time zone, behind the account's, in which TO_DATE reads",
    },
    default="account",
    reference="netsuite.md 4.2, 15.8",
)

WRITES_SEEN: Final = Switch[Literal["at-once", "seconds-later"]](
    name="writes_seen_by_queries",
    system="netsuite",
    about="What is written",
    readings={
        "at-once": "is seen by queries at once",
        "seconds-later": "is seen by queries two seconds later",
    },
    default="at-once",
    reference="netsuite.md 11.6, 15.7",
)

DATE_FORMAT: Final = Switch[Literal["month-first", "day-first", "year-first"]](
    name="date_format",
    system="netsuite",
    about="A bare date in queries and filters",
    readings={
        "month-first": "is written 11/20/2026",
        "day-first": "is written 20/11/2026",
        "year-first": "is written 2026-11-20",
    },
    default="month-first",
    reference="netsuite.md 4.2",
)

RESULT_KEYS: Final = Switch[Literal["lower", "upper"]](
    name="keys_of_rows",
    system="netsuite",
    about="The keys of a query's rows",
    readings={"lower": "are in lower case", "upper": "are in upper case"},
    default="lower",
    reference="netsuite.md 4.2",
)

NULLS: Final = Switch[Literal["left-out", "null"]](
    name="empty_columns",
    system="netsuite",
    about="A column without a value",
    readings={"left-out": "is left out of its row", "null": "is null in its row"},
    default="left-out",
    reference="netsuite.md 4.2",
)

NUMBERS: Final = Switch[Literal["text", "decimal-text", "number"]](
    name="numbers_of_rows",
    system="netsuite",
    about="A quantity or an amount in a query's row",
    readings={
        "text": "is a text of digits, such as 60",
        "decimal-text": "is a text with a point, such as 60.0",
        "number": "is a number",
    },
    default="text",
    reference="netsuite.md 4.2",
)

QUERIES: Final[tuple[Switch[Any], ...]] = (
    PURCHASE_TOTALS,
    PURCHASE_QUANTITIES,
    SALES_QUANTITIES,
    RETURN_QUANTITIES,
    BILL_AMOUNTS,
    CREDIT_AMOUNTS,
    LINKED_LINES,
    MISSING_NAME,
    MISSING_WORDS,
    TIMES,
    WRITES_SEEN,
    DATE_FORMAT,
    RESULT_KEYS,
    NULLS,
    NUMBERS,
)
"""In the order in which they are listed."""
