"""The lines of each of the three sides, before anything is compared."""

from datetime import date
from decimal import Decimal

import msgspec


class Measured(msgspec.Struct, frozen=True, order=True):
    """A number of units, or an amount of money.

    Attributes:
        value: whole eaches, or money; signed.
        currency: of money; empty for units.
    """

    value: Decimal
    currency: str = ""


def measured(quantity: int | None, amount: Decimal | None, currency: str | None) -> Measured:
    """Return the units that a line moves; where it has none, the money."""
    if quantity is not None or amount is None:
        return Measured(Decimal(quantity or 0))
    return Measured(amount, currency or "")


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Why some lines of a source are not posted yet.

    Attributes:
        state: of the subject, such as ``parked``; ``done`` where a rule lets the lines wait.
    """

    state: str
    cause: str = ""
    sentence: str = ""
    remedy: str = ""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a source as ShipBob shows it, in full, in whichever months it is booked.

    Attributes:
        source: such as ``wro 90311``.
        source_line: such as ``inventory 8588331``; the name that the journal uses.
        fact_date: the merchant's local date of the latest state.
        location: NetSuite's location that it belongs to, where that is known.
        quantity: whole sellable eaches; None where the line is only money.
        refused: the units or money that are not posted on purpose.
        handled: of those, what documents of others account for.
        reason: why they are refused.
        by_person: whether a person decided about its source, or took a document of it back.
        waiting: why the rest is not posted yet; None when no reason is known.
        told: whether an event ever told us of this source.
    """

    flow: str
    source: str
    source_line: str
    fact_date: date
    sku: str | None = None
    location: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    refused: Decimal = Decimal(0)
    handled: Decimal = Decimal(0)
    reason: str = ""
    by_person: bool = False
    waiting: Waiting | None = None
    told: bool = True

    @property
    def moves(self) -> bool:
        """Whether it is of stock or money; otherwise it is only news, such as of a parcel."""
        return self.quantity is not None or self.amount is not None


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One journal row: a change that a document of ours made when it was posted.

    Attributes:
        number: of the row within the connection.
        kind: of the document, such as ``itemReceipt``.
        remote_id: its internal id in NetSuite when it was posted.
    """

    number: int
    flow: str
    source: str
    source_line: str
    kind: str
    remote_id: str
    external_id: str
    fact_date: date
    posting_date: date
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    account: str | None = None
    detail: str | None = None

    @property
    def measured(self) -> Measured:
        """The units or money that it moves."""
        return measured(self.quantity, self.amount, self.currency)

    @property
    def moves(self) -> bool:
        """Whether it moves stock or money; otherwise it only tells something."""
        return self.quantity is not None or self.amount is not None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a NetSuite transaction that moves stock, or money of ShipBob's bills.

    Attributes:
        id: internal id of the transaction.
        type: such as ItemRcpt, InvAdjst, VendBill.
        number: what people call it (``tranid``).
        created_from: the order it was made from.
        order_type: of that order, such as PurchOrd or RtnAuth.
        item: internal id; None for a line of money.
        item_name: its name, by default the SKU.
        quantity: base units, signed: positive into stock.
        amount: of a line of money, in the transaction's currency.
        account: that the money goes to.
        currency: code of the money's currency; empty for units, and where it is not known.
        posted: False while it changes neither stock nor accounts, such as a fulfilment that
            is only picked.
        kit: whether the item is a kit, which carries no stock itself.
    """

    id: str
    line: int
    type: str
    date: date
    number: str | None = None
    external_id: str | None = None
    memo: str | None = None
    entity: str | None = None
    created_from: str | None = None
    order_type: str | None = None
    item: str | None = None
    item_name: str | None = None
    location: str | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None
    account: str | None = None
    currency: str = ""
    voided: bool = False
    posted: bool = True
    kit: bool = False

    @property
    def value(self) -> Decimal:
        """Units of a line of stock, else money."""
        moved = self.quantity if self.item is not None else self.amount
        return moved if moved is not None else Decimal(0)
