"""The facts about one invoice: its head, its lines, and its bills in NetSuite."""

from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.flows.billing.invoice_lines import ChargeGroup, InvoiceFact
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import PeriodFact

NEXT: Final = "next"
"""The subject of charges that are not invoiced yet."""


class BillFact(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor bill or credit in NetSuite with the invoice's number.

    Attributes:
        vendor: internal id.
        total: in its own currency, without sign; None where it can't be read.
        currency: internal id of that currency; None where the account shows none.
        currency_text: its display text.
    """

    id: str
    kind: str
    vendor: str | None
    external_id: str | None
    total: Decimal | None
    currency: str | None = None
    currency_text: str | None = None


class BillingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that the plan for one invoice is made from.

    Attributes:
        key: the invoice's number, or ``next``.
        invoice: None for ``next``, and where ShipBob knows no such invoice.
        groups: all its lines that were ever seen, in groups.
        listed: how many of its lines ShipBob still lists.
        bills: NetSuite's bills and credits with this reference number.
        vendor_currency: the display text of the vendor's currency, where there is one.
        periods: posting periods from the invoice's date on, open when bills may be dated
            into them; empty when unreadable.
        pulled: for ``next``: whether charges were pulled now; False right after another pull.
        rests_seconds: for ``next``: in how many seconds charges may be pulled again, where they
            were not pulled now.
        decisions: what people decided about it.
    """

    key: str
    invoice: InvoiceFact | None = None
    groups: tuple[ChargeGroup, ...] = ()
    listed: int = 0
    bills: tuple[BillFact, ...] = ()
    vendor_currency: str | None = None
    periods: tuple[PeriodFact, ...] = ()
    pulled: bool = False
    rests_seconds: float = 0.0
    decisions: tuple[Decided, ...] = ()
