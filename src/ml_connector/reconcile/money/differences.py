"""The accounts that do not tie out, as differences that people decide about. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from ml_connector.reconcile.amounts import with_unit
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.money.rows import (
    FeeItem,
    FeeKind,
    FeeLine,
    MoneyTie,
    OddBill,
)
from ml_connector.reconcile.sections import MONEY
from ml_connector.reconcile.sides.currency import name_it

KINDS: Final[Mapping[FeeKind, Kind]] = MappingProxyType(
    {
        FeeKind.UNEXPLAINED: Kind.FEES_UNEXPLAINED,
        FeeKind.BILLED_TWICE: Kind.FEES_BILLED_TWICE,
        FeeKind.NOT_CHARGED: Kind.FEES_NOT_CHARGED,
        FeeKind.OTHER_CURRENCY: Kind.FEES_OTHER_CURRENCY,
    }
)
"""The kind of difference that each red kind of item is shown as."""

TIED: Final = frozenset({*KINDS.values(), Kind.FEES_OTHER_SUBSIDIARY, Kind.FEES_OTHER_PERIOD})
"""All kinds that tying money out finds."""

_ACCEPT: Final = " To take it as it is: ml-connector month decide ID --as accept."

_REMEDIES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.FEES_UNEXPLAINED: (
            "Hold the invoice beside the bill, account by account; correct the bill in NetSuite,"
            " or enter the one that is missing with the invoice's number as its reference number."
        ),
        Kind.FEES_BILLED_TWICE: (
            "Ask whoever entered the bill that is too many; delete it in NetSuite, or have it"
            " credited if it is paid."
        ),
        Kind.FEES_NOT_CHARGED: (
            "Ask whoever entered it. If it is of an invoice of ShipBob's, set that number as its"
            " reference number; if it is of something else, move it to another account."
        ),
        Kind.FEES_OTHER_CURRENCY: (
            "Find out which currency is right, and enter the bill in that of the invoice."
        ),
        Kind.FEES_OTHER_SUBSIDIARY: (
            "Enter the bill in the subsidiary of the settings, or correct the settings."
        ),
        Kind.FEES_OTHER_PERIOD: (
            "Set the bill's posting period to that of its date, or its date into the period."
        ),
    }
)


def differences(tied: MoneyTie) -> list[Difference]:
    """Return what of money somebody must do something about."""
    return [
        *(one for line in tied.lines for one in _of_line(line, tied)),
        *(_odd(one) for one in tied.odd),
    ]


def _of_line(line: FeeLine, tied: MoneyTie) -> Iterator[Difference]:
    red: dict[tuple[FeeKind, object], list[FeeItem]] = defaultdict(list)
    for one in line.items:
        if one.kind in KINDS:
            about = one.invoice if one.invoice is not None else one.documents
            red[one.kind, about].append(one)
    for (kind, _), items in red.items():
        amount = sum((one.amount for one in items), Decimal(0))
        account, currency = line.place
        more = "ShipBob charged" if amount > 0 else "NetSuite's bills hold"
        told = "; ".join(dict.fromkeys(one.says for one in items))
        yield Difference(
            kind=KINDS[kind],
            section=MONEY.key,
            what=account,
            item=account,
            currency=currency,
            shipbob=max(amount, Decimal(0)),
            netsuite=max(-amount, Decimal(0)),
            source="" if items[0].invoice is None else f"invoice {items[0].invoice}",
            documents=tuple(dict.fromkeys(ref for one in items for ref in one.documents)),
            says=(
                f"Account {tied.account(account)}: {more}"
                f" {with_unit(abs(amount), currency, 'units')} more. {told}"
            ),
            remedy=_REMEDIES[KINDS[kind]] + name_it(currency) + _ACCEPT,
        )


def _odd(one: OddBill) -> Difference:
    kind = Kind.FEES_OTHER_SUBSIDIARY if one.what == "subsidiary" else Kind.FEES_OTHER_PERIOD
    return Difference(
        kind=kind,
        section=MONEY.key,
        currency=one.bill.currency,
        netsuite=one.bill.total,
        source=f"invoice {one.invoice}",
        external_id=one.bill.external_id,
        documents=(one.bill.ref,),
        says=one.says,
        remedy=_REMEDIES[kind] + _ACCEPT,
    )
