"""Charges, credits, weekly invoices and payments (reference shipbob.md, 9.7)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Final

import msgspec

FEES: Final = {
    "Shipping": "Shipping",
    "Per Pick Fee": "AdditionalFee",
    "Address Correction": "AdditionalFee",
    "Kitting Fee": "AdditionalFee",
    "B2B Label Fee": "AdditionalFee",
    "WRO Receiving Fee": "Inbound Fee",
    "URO Fee": "Inbound Fee",
    "Warehousing Fee": "WarehouseStorage",
    "Long Term Storage Fee": "WarehouseStorage",
    "Return Processed by Operations Fee": "Return",
    "Return to sender - Processing Fees": "Return",
    "Credit": "Credits",
    "Payment": "Payment",
}
"""Fee: invoice type. Any other fee goes on an AdditionalFee invoice. Only a few of these names
are in the reference; the list of an account has some 86."""

LIVE_NAMES: Final = {"Inbound Fee": "WarehouseInboundFee", "Return": "ReturnsFee"}
"""Invoice types as live accounts showed them, outside the documented enum."""

NEGATIVE: Final = frozenset({"Credit", "Refund", "Payment"})
"""Transaction types whose amounts are negative."""

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax on a charge; the rate is in percent."""

    tax_type: str
    tax_rate: Decimal
    tax_amount: Decimal


class Transaction(msgspec.Struct, kw_only=True):
    """One line of the account, invoiced or not yet."""

    id: str
    type: str
    fee: str
    amount: Decimal
    charged: datetime
    reference_type: str
    reference_id: str
    center_name: str | None
    invoice_type: str
    details: dict[str, object]
    taxes: tuple[Tax, ...] = ()
    currency: str = "USD"
    invoice_id: int | None = None
    invoice_date: date | None = None


class Invoice(msgspec.Struct, kw_only=True):
    """One weekly invoice of one type, or a payment. Its total stays when its lines are gone."""

    id: int
    day: date
    type: str
    amount: Decimal
    running_balance: Decimal
    currency: str = "USD"


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """What is charged by itself; amounts in USD.

    Attributes:
        shipping: for each parcel.
        pick: for each unit beyond the first of a shipment.
        receiving: for each WRO.
        returned: for each return.
    """

    shipping: Decimal = Decimal("6.25")
    pick: Decimal = Decimal("0.25")
    receiving: Decimal = Decimal("35.00")
    returned: Decimal = Decimal("3.50")


class Billing:
    """The merchant's account with ShipBob.

    Attributes:
        lines_vanish_after: lines of older charges are no longer given, though the invoice's
            total stays ([S]); ``None`` keeps them.
        fees_appear_after: a charge is shown only after this time (up to 6 h, [D]).
    """

    def __init__(
        self,
        *,
        random: Random,
        now: Callable[[], datetime],
        announce: Callable[[str, Transaction], None],
        first: int | None = None,
    ) -> None:
        self._random = random
        self._now = now
        self._announce = announce
        self._invoice_ids = count(first or 7_000_001)
        self._balance = Decimal(0)
        self.transactions: dict[str, Transaction] = {}
        self.invoices: dict[int, Invoice] = {}
        self._open: list[Transaction] = []
        self._by_invoice: dict[int, list[Transaction]] = {}
        self.lines_vanish_after: timedelta | None = timedelta(days=7)
        self.fees_appear_after = timedelta(0)

    def charge(
        self,
        fee: str,
        amount: Decimal,
        *,
        kind: str = "Charge",
        reference_type: str = "Shipment",
        reference_id: str = "",
        center_name: str | None = None,
        details: Mapping[str, object] | None = None,
        taxes: Sequence[Tax] = (),
        at: datetime | None = None,
    ) -> Transaction:
        """A transaction that is not invoiced yet; credits and refunds are negative."""
        charged = at or self._now()
        made = Transaction(
            id=self._ulid(charged),
            type=kind,
            fee=fee,
            amount=-abs(amount) if kind in NEGATIVE else amount,
            charged=charged,
            reference_type=reference_type,
            reference_id=reference_id,
            center_name=center_name,
            invoice_type="Credits" if kind in NEGATIVE else FEES.get(fee, "AdditionalFee"),
            details=dict(details or {}),
            taxes=tuple(taxes),
        )
        self.transactions[made.id] = made
        self._open.append(made)
        topic = {"Credit": "credit", "Refund": "refund"}.get(kind, "charge")
        self._announce(f"billing.{topic}.created", made)
        return made

    def invoice(self, before: datetime | None = None) -> list[Invoice]:
        """Close the week: one invoice for each type of what is not invoiced yet.

        Args:
            before: only charges of before this instant; all when left out.
        """
        today = self._now().date()
        due = [each for each in self._open if before is None or each.charged < before]
        by_type: dict[str, list[Transaction]] = {}
        for each in due:
            by_type.setdefault(each.invoice_type, []).append(each)
        made = []
        for kind, lines in sorted(by_type.items()):
            total = sum((line.amount for line in lines), Decimal(0))
            invoice = self._new_invoice(kind, total, today)
            self._by_invoice[invoice.id] = lines
            for line in lines:
                line.invoice_id, line.invoice_date = invoice.id, today
            made.append(invoice)
        gone = {each.id for each in due}
        self._open = [each for each in self._open if each.id not in gone]
        return made

    def begin_invoice(self, kind: str, day: date, *, currency: str = "USD") -> Invoice:
        """An invoice without lines yet, over 0; lines come by ``put_on``."""
        invoice = self._new_invoice(kind, Decimal(0), day)
        invoice.currency = currency
        self._by_invoice[invoice.id] = []
        return invoice

    def put_on(self, line: Transaction, invoice: Invoice) -> None:
        """A line that is on no invoice comes on this one, whose amount stays as it is."""
        self._open = [each for each in self._open if each.id != line.id]
        self._by_invoice[invoice.id].append(line)
        line.invoice_id, line.invoice_date = invoice.id, invoice.day
        line.invoice_type, line.currency = invoice.type, invoice.currency

    def pay(self, amount: Decimal) -> Invoice:
        """The merchant pays ShipBob: an invoice of type Payment, never a bill."""
        now = self._now()
        invoice = self._new_invoice("Payment", -abs(amount), now.date())
        made = Transaction(
            id=self._ulid(now),
            type="Payment",
            fee="Payment",
            amount=-abs(amount),
            charged=now,
            reference_type="Ticket Number",
            reference_id=str(invoice.id),
            center_name=None,
            invoice_type="Payment",
            details={},
            invoice_id=invoice.id,
            invoice_date=invoice.day,
        )
        self.transactions[made.id] = made
        self._by_invoice[invoice.id] = [made]
        return invoice

    def lines(self, invoice_id: int) -> list[Transaction]:
        """The lines of an invoice that can still be seen."""
        return [line for line in self._by_invoice.get(invoice_id, []) if self.shown(line)]

    def shown(self, line: Transaction) -> bool:
        """Whether the API gives this line now: not too new and not too old."""
        age = self._now() - line.charged
        if age < self.fees_appear_after:
            return False
        return self.lines_vanish_after is None or age <= self.lines_vanish_after

    def _new_invoice(self, kind: str, amount: Decimal, day: date) -> Invoice:
        self._balance += amount
        invoice = Invoice(
            id=next(self._invoice_ids),
            day=day,
            type=kind,
            amount=amount,
            running_balance=self._balance,
        )
        self.invoices[invoice.id] = invoice
        return invoice

    def _ulid(self, at: datetime) -> str:
        number = (int(at.timestamp() * 1000) << 80) | self._random.getrandbits(80)
        return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
