"""The vendor bill or credit that a document asks for, in NetSuite's own property names.

Source: netsuite.md section 8.7 and samples/payables.json. Amounts are Decimal from the charge
to the wire: the stored document holds them as texts, the request as numbers.
"""

from datetime import date
from decimal import Decimal

import msgspec


class Reference(msgspec.Struct, frozen=True):
    """A reference to another record by internal id."""

    id: str


class ExpenseLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One expense line.

    Attributes:
        line: from 1; the key of the sublist.
        amount: in the document's currency; negative where it lowers the document.
        class_: of the classification, where the merchant uses one.
    """

    line: int
    account: Reference
    amount: Decimal
    memo: str
    department: Reference | None = None
    class_: Reference | None = msgspec.field(default=None, name="class")
    location: Reference | None = None


class Expenses(msgspec.Struct, frozen=True):
    """The sublist ``expense``."""

    items: tuple[ExpenseLine, ...]


class Bill(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of a vendor bill or a vendor credit.

    Attributes:
        external_id: ours, such as ``mlc-vb-71823``.
        entity: the vendor.
        tran_id: the reference number, by which duplicates are known.
        tran_date: the date it is posted on.
        subsidiary: only where the vendor does not decide it (section 13.1).
        currency: only where the merchant has mapped it; else it is the vendor's (13.2).
    """

    external_id: str
    entity: Reference
    tran_id: str
    tran_date: date
    memo: str
    subsidiary: Reference | None = None
    currency: Reference | None = None
    department: Reference | None = None
    class_: Reference | None = msgspec.field(default=None, name="class")
    location: Reference | None = None
    expense: Expenses
