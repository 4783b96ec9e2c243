"""What money is tied out from, and what comes of it: amounts by account and currency."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.reconcile.document_ref import DocumentRef

NO_ACCOUNT: Final = ""
"""Where charges go for which no account is set."""


class FeePlace(NamedTuple):
    """An account in a currency."""

    account: str
    currency: str


class FeeKind(StrEnum):
    """Why ShipBob charged another amount than NetSuite's bills hold, in a report's order."""

    NOT_INVOICED = "not_invoiced"
    BILLED_LATER = "billed_later"
    BILLED_EARLIER = "billed_earlier"
    FROM_EARLIER = "from_earlier"
    WAITING = "waiting"
    REFUSED = "refused"
    DECIDED = "decided"
    DIFFERS = "differs"
    OTHER_ACCOUNTS = "other_accounts"
    OTHER_MATTER = "other_matter"
    ROUNDING = "rounding"
    OTHER_CURRENCY = "other_currency"
    BILLED_TWICE = "billed_twice"
    NOT_CHARGED = "not_charged"
    UNEXPLAINED = "unexplained"

    @property
    def rule(self) -> "FeeRule":
        """What holds for items of the kind."""
        return RULES[self]


class FeeRule(NamedTuple):
    """What holds for the items of one kind.

    Attributes:
        words: the kind, for a person.
        acts: who has to do something about it; empty for nobody.
        ends: what ends it, for a person.
        red: whether it keeps the month open by itself.
    """

    words: str
    acts: str
    ends: str
    red: bool = False


RULES: Final[Mapping[FeeKind, FeeRule]] = MappingProxyType(
    {
        FeeKind.NOT_INVOICED: FeeRule(
            "accrued: charged, and on no invoice at the end of the month", "", "its invoice"
        ),
        FeeKind.BILLED_LATER: FeeRule(
            "accrued: the bill is posted in a later month", "", "the later month"
        ),
        FeeKind.BILLED_EARLIER: FeeRule(
            "the bill is posted in an earlier month", "", "the earlier month"
        ),
        FeeKind.FROM_EARLIER: FeeRule(
            "bill of an invoice of another month, accrued there", "", "this month"
        ),
        FeeKind.WAITING: FeeRule(
            "accrued: its invoice waits", "whoever its remedy names", "it is posted, or decided"
        ),
        FeeKind.REFUSED: FeeRule("refused on purpose, or undone by a person", "", "carried on"),
        FeeKind.DECIDED: FeeRule("taken as it is, by decision", "", "carried on"),
        FeeKind.DIFFERS: FeeRule(
            "a bill of ours that differs from what was posted",
            "finance",
            "the decision about the bill",
        ),
        FeeKind.OTHER_ACCOUNTS: FeeRule(
            "others entered the invoice whole, on other accounts", "", "both sides have it"
        ),
        FeeKind.OTHER_MATTER: FeeRule(
            "a bill that is another matter, by decision", "", "carried on"
        ),
        FeeKind.ROUNDING: FeeRule("fractions of the smallest coin", "", "the invoice ties"),
        FeeKind.OTHER_CURRENCY: FeeRule(
            "billed in another currency than charged",
            "finance",
            "the bill in the invoice's currency, or month decide --as accept",
            red=True,
        ),
        FeeKind.BILLED_TWICE: FeeRule(
            "billed, and more than ShipBob charged",
            "whoever entered the bill",
            "its deletion, or month decide --as accept",
            red=True,
        ),
        FeeKind.NOT_CHARGED: FeeRule(
            "billed on an account of fees, and no invoice of ShipBob's is behind it",
            "whoever entered the bill",
            "its deletion, the invoice's number on it, or month decide --as accept",
            red=True,
        ),
        FeeKind.UNEXPLAINED: FeeRule(
            "charged, and billed otherwise; nothing explains it",
            "finance",
            "the bill that is missing, or month decide --as accept",
            red=True,
        ),
    }
)
"""Every kind of item."""


class InvoiceCosts(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice of ShipBob's costs, by account.

    Attributes:
        day: of the invoice; None where it has none.
        currency: code; empty where ShipBob names none.
        accounts: signed amounts; charges without an account are on ``NO_ACCOUNT``.
        no_cost: payments and balances on it.
        exact: whether no amount has fractions of the currency's smallest coin.
        lines: how many groups of charges it has.
    """

    id: int
    day: date | None
    currency: str
    accounts: Mapping[str, Decimal]
    type: str = ""
    no_cost: Decimal = Decimal(0)
    exact: bool = True
    lines: int = 1

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return sum(self.accounts.values(), Decimal(0))


class Uninvoiced(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of one account that are on no invoice at the end of the month."""

    account: str
    currency: str
    amount: Decimal
    charges: int


class VendorBill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill or credit of ShipBob's vendor in NetSuite, or one of ours: money owed is positive.

    Attributes:
        day: that it carries.
        posted: first day of the month whose posting period it is in.
        currency: code; empty where the account shows none.
        subsidiary: internal id; empty where the account has none.
        ours: whether it has an external id of ours.
        accounts: amounts by account.
    """

    id: str
    type: str
    number: str
    external_id: str
    day: date
    posted: date
    currency: str
    accounts: Mapping[str, Decimal]
    subsidiary: str = ""
    ours: bool = False

    @property
    def total(self) -> Decimal:
        """What it comes to."""
        return sum(self.accounts.values(), Decimal(0))

    @property
    def ref(self) -> DocumentRef:
        """How a difference names it."""
        return DocumentRef(
            type="Vendor credit" if self.type == "VendCred" else "Vendor bill",
            id=self.id,
            number=self.number,
            external_id=self.external_id,
            date=self.day.isoformat(),
        )


class OpenInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """What of an invoice is not posted, as its source says it.

    Attributes:
        waiting: neither posted nor refused.
        refused: not posted as a person wanted it, who decided so or took its bill back. What the
            flow alone refused explains nothing: a rule that is wrong refuses in good faith.
        says: why.
        lines: how many of its lines are neither posted nor refused.
        decided: what it costs beyond a bill that people took for it as it is.
    """

    waiting: Decimal = Decimal(0)
    refused: Decimal = Decimal(0)
    says: str = ""
    lines: int = 0
    decided: Decimal = Decimal(0)


class FeeItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that makes the difference of an account, or a part of it.

    Attributes:
        amount: what ShipBob charged more than NetSuite's bills hold because of it.
        invoice: number of ShipBob's invoice; None where it is of none.
        says: what it is, for a person.
    """

    kind: FeeKind
    place: FeePlace
    amount: Decimal
    invoice: int | None = None
    says: str = ""
    documents: tuple[DocumentRef, ...] = ()


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account in a currency, side by side.

    ``charged`` - ``billed`` = the sum of the items.

    Attributes:
        charged: by ShipBob: on invoices of the month, and on none at its end.
        billed: by all bills and credits of the vendor in the month's posting period.
    """

    place: FeePlace
    charged: Decimal
    billed: Decimal
    items: tuple[FeeItem, ...] = ()

    def of(self, *kinds: FeeKind) -> Decimal:
        """Return what the items of some kinds come to."""
        return sum((one.amount for one in self.items if one.kind in kinds), Decimal(0))

    @property
    def unexplained(self) -> Decimal:
        """What no item accounts for that needs nobody to act on the account."""
        return sum((one.amount for one in self.items if one.kind.rule.red), Decimal(0))

    @property
    def red(self) -> bool:
        """Whether it keeps the month open."""
        return any(one.kind.rule.red for one in self.items)


class OddBill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill that is in another subsidiary or posting period than it must be.

    Attributes:
        what: "subsidiary" or "period".
    """

    what: str
    bill: VendorBill
    invoice: int
    says: str


class NoCost(msgspec.Struct, frozen=True, kw_only=True):
    """Payments and balances of the month: they are no fees, and left out of them by name."""

    type: str
    currency: str
    invoices: int
    amount: Decimal


class ChargedFee(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What ShipBob charged for one fee, and the account that it goes to.

    Attributes:
        type: Charge, Refund, Credit, or another.
        invoiced: on invoices of the month, as ShipBob gives it: with or without its taxes.
        not_invoiced: on no invoice at the end of the month.
        charges: how many.
    """

    account: str
    currency: str
    fee: str
    type: str
    invoiced: Decimal = Decimal(0)
    not_invoiced: Decimal = Decimal(0)
    charges: int = 0


class MoneyTie(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a month, tied out.

    Attributes:
        vendor: ShipBob's vendor in NetSuite.
        lines: of all accounts with charges or bills, those that are red first.
        odd: bills in another subsidiary or period.
        fees: what was charged, by account and fee.
        no_cost: payments and balances.
        notes: what could not be had, for a person.
        accounts: the names of accounts, by internal id.
    """

    vendor: str
    lines: tuple[FeeLine, ...]
    odd: tuple[OddBill, ...] = ()
    fees: tuple[ChargedFee, ...] = ()
    no_cost: tuple[NoCost, ...] = ()
    notes: tuple[str, ...] = ()
    accounts: Mapping[str, str] = MappingProxyType({})

    def account(self, account: str) -> str:
        """Return how an account is shown: its id and, where it is known, its name."""
        if account == NO_ACCOUNT:
            return "no account"
        return f"{account} {self.accounts[account]}" if account in self.accounts else account
