"""Vendor bills and credits as they are read back (netsuite.md sections 6.3 and 8.7)."""

from decimal import Decimal

import msgspec

from ml_connector.netsuite.records.records import ReadRef


class ReadExpense(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An expense line as it is read. ``amount`` is in the bill's currency, signed."""

    account: ReadRef | None = None
    amount: Decimal | None = None


class ReadExpenses(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The sublist ``expense`` as it is read with ``expandSubResources``."""

    items: tuple[ReadExpense, ...] = ()


class ReadBill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vendor bill or credit, leniently: what a comparison with our own needs."""

    id: str | int
    tran_id: str | None = None
    entity: ReadRef | None = None
    currency: ReadRef | None = None
    expense: ReadExpenses = ReadExpenses()
