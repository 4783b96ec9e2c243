"""How an account is set up in one world: preferences, and what is made in it from the start."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import TAX_ITEM, Company, Preferences
from ml_connector.sim.readings import Readings, Switch
from ml_connector.sim.readings.netsuite import LINE_NUMBERS, PERMISSION_FACE
from ml_connector.sim.readings.netsuite_accounts import (
    BINS,
    COMPANY,
    LOTS,
    OVER_RECEIPTS,
    PICKING,
    TAX,
    UNITS,
)
from ml_connector.sim.readings.netsuite_queries import DATE_FORMAT

DATE_FORMATS: Final = {
    "month-first": "MM/DD/YYYY",
    "day-first": "DD/MM/YYYY",
    "year-first": "YYYY-MM-DD",
}
DOZEN: Final = 12
FIRST_LOT: Final = "LOT-1"
FIRST_BIN: Final = "BIN-1"


def preferences_in(readings: Readings, given: Preferences) -> Preferences:
    """Return the set-up of an account; what a world reads otherwise wins over what is given."""

    def unless(switch: Switch[Any], name: str, *, value: object) -> dict[str, object]:
        return {} if readings[switch] == switch.default else {name: value}

    changes: dict[str, object] = {
        **unless(LINE_NUMBERS, "line_numbers", value=readings[LINE_NUMBERS]),
        **unless(PERMISSION_FACE, "permission_face", value=readings[PERMISSION_FACE]),
        **unless(COMPANY, "one_world", value=False),
        **unless(PICKING, "pick_pack_ship", value=False),
        **unless(OVER_RECEIPTS, "over_receipts", value=True),
    }
    return replace(given, **changes)  # type: ignore[arg-type] # the names above are its own


def date_format_in(readings: Readings, given: str) -> str:
    """Return the account's date format; what a world reads otherwise wins over what is given."""
    read = readings[DATE_FORMAT]
    return given if read == DATE_FORMAT.default else DATE_FORMATS[read]


def set_up_taxes(company: Company) -> None:
    """Make the item of tax lines, where taxes are the legacy ones (13.6)."""
    if company.readings[TAX] == "legacy":
        company.set_feature("TAX_OVERHAULING", active=False)
        company.books.insert(
            "_item",
            {"id": TAX_ITEM, "itemid": "Tax", "fullname": "Tax", "itemtype": "TaxItem"},
        )


def has_bins(company: Company) -> bool:
    """Whether every location and item has bins."""
    return company.readings[BINS] == "everywhere"


def has_lots(company: Company, kind: str) -> bool:
    """Whether every item of this kind has lots."""
    return company.readings[LOTS] == "everywhere" and kind == "InvtPart"


def has_cases(company: Company) -> bool:
    """Whether every item has a case of twelve beside its each."""
    return company.readings[UNITS] == "cases"


def in_cases(company: Company, line: dict[str, object]) -> dict[str, object]:
    """Return the line of a purchase order in cases, where it is over whole dozens (13.3)."""
    quantity = Decimal(str(line.get("quantity", 1)))
    if not has_cases(company) or line.get("units") is not None or quantity % DOZEN:
        return line
    case = company.books.value(
        "SELECT u.internalid FROM unitstypeuom u JOIN _item i ON i.unitstype = u.unitstype "
        "WHERE i.id = ? AND u.conversionrate = ?",
        (line["item"], DOZEN),
    )
    if case is None:
        return line
    changed = {**line, "quantity": quantity / DOZEN, "units": str(whole(case))}
    if line.get("rate") is not None:
        changed["rate"] = Decimal(str(line["rate"])) * DOZEN
    return changed
