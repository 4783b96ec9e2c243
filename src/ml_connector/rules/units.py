"""Units: the unit that an order line counts in, and how many eaches are in one.

ShipBob counts eaches. A purchase order may be in cases of twelve (netsuite.md section 13.3):
the record service then counts the line in cases, queries count it in base units. That queries
do so is not certain, so a line is only converted when both readings and the rate agree, and
only in whole units; else a person decides.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.queries.purchase_orders import OrderLine
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause

_REFUSED: Final = "the policy purchase_unit is refuse"


class LineUnit(msgspec.Struct, frozen=True, kw_only=True):
    """The unit of an order line that does not count in eaches.

    Attributes:
        unit: NetSuite's internal id.
        eaches: how many are in one unit; 0 where their number is not proven.
        problem: why it is not proven; empty where it is.
    """

    unit: str
    eaches: int = 0
    problem: str = ""


async def read_units(
    lines: Sequence[OrderLine], record_type: str, order_id: str, reads: Reads
) -> dict[int, LineUnit]:
    """Return the units of the lines that do not count in eaches, by line."""
    named = {line.units for line in lines if line.units is not None}
    if not named:
        return {}
    rates = await reads.units.rates(named)
    if any(rate != 1 for rate in rates.values()):
        quantities = await reads.units.quantities(record_type, order_id)
    else:
        quantities = {}
    found = {
        line.line: _unit(line, rates.get(line.units), quantities.get(line.line))
        for line in lines
        if line.units is not None
    }
    return {number: unit for number, unit in found.items() if unit is not None}


def _unit(line: OrderLine, rate: Decimal | None, in_units: Decimal | None) -> LineUnit | None:
    unit = line.units or ""
    if rate is None:
        if line.stockunit is None or line.stockunit == unit:
            return None
        return LineUnit(unit=unit, problem="how many eaches are in it can't be read")
    if rate == 1:
        return None
    if rate < 1 or rate != int(rate):
        return LineUnit(unit=unit, problem=f"it holds {rate:f} base units")
    if in_units is None or in_units * rate != line.quantity:
        said = "nothing" if in_units is None else f"{in_units:f}"
        return LineUnit(
            unit=unit,
            problem=(
                f"NetSuite's queries say {line.quantity:f}, its record says {said}, and one holds"
                f" {rate:f}: that does not fit together"
            ),
        )
    return LineUnit(unit=unit, eaches=int(rate))


def refuse_other_unit(
    order_number: str, line: int, unit: LineUnit | None, settings: ConnectionSettings
) -> None:
    """Stop where a line's unit can't, or by policy may not, be converted into eaches.

    Raises:
        NeedsHuman: it can't, or the policy ``purchase_unit`` refuses it.
    """
    if unit is None:
        return
    problem = _REFUSED if settings.policies.purchase_unit == "refuse" else unit.problem
    if problem:
        raise NeedsHuman(
            f"{order_number} line {line} is ordered in unit {unit.unit}, not in eaches, which"
            f" ShipBob counts; {problem}",
            cause=Cause.UNIT_DIFFERS,
            remedy=(
                "Order in the base unit, handle this line by hand in NetSuite, or let the role"
                ' read the units types and set purchase_unit = "convert".'
            ),
            waiting_for=[AwaitedKind.POLICY.named("purchase_unit")],
        )
