"""Each switch of NetSuite's changes what it says, and nothing else has to be told to it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from ml_connector.sim.readings import Readings, Switch, of_system
from ml_connector.sim.readings import netsuite as ns
from ml_connector.sim.readings import netsuite_accounts as accounts
from ml_connector.sim.readings import netsuite_queries as queries
from sim.netsuite import seen

LEAD: Final = "Invalid search query. Detailed unprocessed description follows. "
BUSINESS: Final = "Error while accessing a resource. "
SEEN: Final[Mapping[Switch[Any], tuple[Callable[[seen.World], object], Mapping[str, object]]]] = {
    ns.EXTERNAL_ID_IN_TRANSFORM: (
        seen.external_id,
        {
            "stored": ([204, 400], ["mlc-1"]),
            "ignored": ([204, 204], [None, None]),
            "repeatable": ([204, 204], ["mlc-1", "mlc-1"]),
        },
    ),
    ns.LINE_NUMBERS: (
        seen.line_numbers,
        {
            "equal": ([1, 2], [1, 2]),
            "shifted": ([1, 2], [2, 3]),
            "gaps": ([1, 4], [1, 4]),
            "sequence": ([1, 4], [1, 2]),
        },
    ),
    ns.PREFILLED_PACKAGE: (seen.packages, {"none": ["1Z"], "empty-line": [None, "1Z"]}),
    ns.REPLACE_ITEM: (seen.lines_of_a_return, {"honoured": [1.0], "ignored": [1.0, 2.0]}),
    ns.REPLACE_PACKAGE: (seen.changed_packages, {"honoured": ["2Z"], "ignored": ["1Z", "2Z"]}),
    ns.COMPLETED_LINE: (seen.completed_line, {"refuses": 400, "passed-over": 204}),
    ns.SEVERAL_LOCATIONS: (seen.two_locations, {"refused": 400, "accepted": 204}),
    ns.NOTHING_LEFT: (
        seen.nothing_left,
        {
            "already-closed": (
                "You have an invalid sales order SO1 or the order is already closed."
            ),
            "no-valid-line": "You must have at least one valid line item for this transaction.",
        },
    ),
    ns.PICKED_COUNT: (seen.picked, {"left-out": [("0",)], "counted": [("2",)]}),
    ns.ORDER_TOUCHED: (seen.touched, {"moved": [("10:30",)], "kept": [("10:00",)]}),
    ns.ERROR_TEXTS: (
        seen.sentence,
        {
            "known": f"{BUSINESS}This record already exists.",
            "reworded": f"{BUSINESS}A record with the same external ID is in the account already.",
            "german": (
                "Fehler beim Zugriff auf eine Ressource. Dieser Datensatz ist bereits vorhanden."
            ),
        },
    ),
    ns.LIMIT_FACE: (
        seen.crowded,
        {
            "429": (429, None),
            "429-retry-after": (429, "1"),
            "400": (400, None),
            "400-retry-after": (400, "1"),
        },
    ),
    ns.PERMISSION_FACE: (
        seen.forbidden,
        {"mixed": (400, 403), "403": (403, 403), "400": (400, 400)},
    ),
    queries.PURCHASE_TOTALS: (
        seen.totals,
        {
            "negative": [("-48", "-48"), ("-12", "-12")],
            "positive": [("48", "48"), ("12", "12")],
        },
    ),
    queries.PURCHASE_QUANTITIES: (
        seen.quantities("PurchOrd"),
        {"positive": [("12",)], "negative": [("-12",)]},
    ),
    queries.SALES_QUANTITIES: (
        seen.quantities("SalesOrd"),
        {"negative": [("-2",)], "positive": [("2",)]},
    ),
    queries.RETURN_QUANTITIES: (
        seen.quantities("RtnAuth"),
        {"negative": [("-2",)], "positive": [("2",)]},
    ),
    queries.BILL_AMOUNTS: (
        seen.amounts("vendorBill"),
        {"positive": [("12", "12")], "negative": [("-12", "-12")]},
    ),
    queries.CREDIT_AMOUNTS: (
        seen.amounts("vendorCredit"),
        {"negative": [("-12", "-12")], "positive": [("12", "12")]},
    ),
    queries.LINKED_LINES: (seen.linked, {"ids": [("4", "1")], "places": [("1", "1")]}),
    queries.MISSING_NAME: (seen.missing, {name: name for name in queries.MISSING_NAME.readings}),
    queries.MISSING_WORDS: (
        seen.words,
        {
            "unknown": (
                (
                    f"{LEAD}Search error occurred: Unknown identifier 'nosuch'. Available"
                    " identifiers are: {t=transaction}."
                ),
                f"{LEAD}Invalid search type: nosuch.",
            ),
            "removed": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found. Reason: REMOVED - Field is removed"
                ),
                (
                    f"{LEAD}Search error occurred: Record 'nosuch' was not found. Reason:"
                    " REMOVED - Field is removed"
                ),
            ),
            "not-exposed": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found. Reason: NOT_EXPOSED - Field is not exposed"
                ),
                (
                    f"{LEAD}Search error occurred: Record 'nosuch' was not found. Reason:"
                    " NOT_EXPOSED - Field is not exposed"
                ),
            ),
            "not-found": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found."
                ),
                f"{LEAD}Search error occurred: Record 'nosuch' was not found.",
            ),
        },
    ),
    queries.TIMES: (
        seen.times,
        {
            "account": [("20 10:00", "20 10:00", "20 00:00", "10:00")],
            "user-ahead": [("21 01:00", "21 01:00", "20 00:00", "10:00")],
            "user-behind": [("20 06:00", "20 06:00", "20 00:00", "10:00")],
        },
    ),
    queries.WRITES_SEEN: (
        seen.late,
        {"at-once": ([2, 2, 2], 200), "seconds-later": ([1, 1, 2], 200)},
    ),
    queries.DATE_FORMAT: (
        seen.bare_date,
        {
            "month-first": ("11/20/2026", 1),
            "day-first": ("20/11/2026", 1),
            "year-first": ("2026-11-20", 1),
        },
    ),
    queries.RESULT_KEYS: (
        seen.keys,
        {"lower": ["id", "links", "name"], "upper": ["ID", "NAME", "links"]},
    ),
    queries.NULLS: (
        seen.empty,
        {
            "left-out": {"links": [], "id": "20"},
            "null": {"links": [], "id": "20", "upccode": None},
        },
    ),
    queries.NUMBERS: (
        seen.quantities("PurchOrd"),
        {"text": [("12",)], "decimal-text": [("12.0",)], "number": [(12.0,)]},
    ),
    accounts.COMPANY: (
        seen.subsidiaries,
        {
            "one-world": ([("2",)], []),
            "single-entity": (
                f"{LEAD}Invalid search type: subsidiary.",
                (
                    f"{LEAD}Search error occurred: Unknown identifier 'subsidiary'. Available"
                    " identifiers are: {t=transaction}."
                ),
            ),
        },
    ),
    accounts.TAX: (
        seen.tax_lines,
        {
            "suitetax": ([("T",)], [("0",)], [("F",)]),
            "legacy": ([("F",)], [("1",)], [("F",)]),
        },
    ),
    accounts.PICKING: (seen.picking, {"on": [("A",)], "off": [("C",)]}),
    accounts.OVER_RECEIPTS: (seen.over_receipt, {"refused": 400, "accepted": 204}),
    accounts.BINS: (seen.inventory_detail, {"none": (0, 204, 17), "everywhere": (1, 400, 5)}),
    accounts.LOTS: (seen.inventory_detail, {"none": (0, 204, 17), "everywhere": (1, 400, 5)}),
    accounts.UNITS: (
        seen.cases,
        {"eaches": (24.0, 48.0, 24, [("25",)]), "cases": (2.0, 48.0, 24, [("25",)])},
    ),
    accounts.TOKEN_LIFE: (seen.seen_sign_in, {"number": (False, False), "text": (True, False)}),
    accounts.REFUSED_ACCESS: (seen.wrong_token, {"401": 401, "login-page": 302}),
    accounts.AUDIENCE: (seen.seen_sign_in, {"any": (False, False), "exact": (False, True)}),
}

CASES: Final = [
    pytest.param(switch, reading, id=f"{switch.name}={reading}")
    for switch, (_, readings) in SEEN.items()
    for reading in readings
]


def test_every_switch_is_held_with_every_reading() -> None:
    held = {switch.name: set(readings) for switch, (_, readings) in SEEN.items()}

    assert held == {switch.name: set(switch.readings) for switch in of_system("netsuite")}


@pytest.mark.parametrize(("switch", "reading"), CASES)
def test_a_switch_changes_what_it_says(switch: Switch[Any], reading: str) -> None:
    see, expected = SEEN[switch]
    with seen.world(Readings({switch: reading})) as one:
        assert see(one) == expected[reading]
