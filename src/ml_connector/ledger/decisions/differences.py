"""What people decide about differences of a month-end report."""

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

MONTH_END: Final = "month-end"
"""The flow whose subjects are differences."""


class DecidedMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the journal gains at one place and on one day, to say what NetSuite has.

    Attributes:
        day: the date of its row.
        value: units, or money; signed.
        item: internal id, of stock; with SKU and location.
        account: internal id, of money; with the currency.
    """

    day: date
    value: Decimal
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    account: str | None = None
    currency: str | None = None


class DecidedDifference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A difference of a month-end report, as it was when a person decided about it.

    Attributes:
        kind: of the difference.
        says: it, in a sentence with its figures.
        section: key of the part of the report.
        source: the fact that the document is of, such as ``wro 90311``.
        external_id: of our document.
        record: NetSuite's internal id of the document.
        day: that it carries.
        item: internal id, of stock; with SKU and location.
        account: internal id, of money; with the currency.
        taken: what the journal gains to say what is there; units, or money.
        counter: units that a counter-document changes in NetSuite.
        moves: what the journal gains, where it is of several places, days or currencies; then
            ``taken`` is none of it.
    """

    kind: str
    says: str
    section: str
    source: str = ""
    external_id: str = ""
    record: str
    day: date
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    account: str | None = None
    currency: str | None = None
    taken: Decimal = Decimal(0)
    counter: int = 0
    moves: tuple[DecidedMove, ...] = ()
