"""Bills of others that decisions name: looked up, and as they are now."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from ml_connector.errors import UserError
from ml_connector.ledger.currencies import code_of
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.netsuite.queries.bills import ReferencedBill
from ml_connector.reads.reads import Reads
from ml_connector.words import OUR_EXTERNAL_IDS

BILL_TYPES: Final = frozenset({"VendBill", "VendCred"})


async def bill_now(then: NamedDocument, reads: Reads) -> NamedDocument | None:
    """Return a bill as it is now; None where none of its number is there any more, or counts."""
    found = await reads.billing.bills(then.number)
    return next((bill_document(one) for one in found if one.id == then.id), None)


async def named_bill(invoice: str, text: str, reads: Reads) -> NamedDocument:
    """Return a bill or credit that somebody else has entered with the number of an invoice.

    Args:
        invoice: the number.
        text: the number of the bill, which may be that of a correction; or its internal id.
        reads: of the connection.

    Raises:
        UserError: there is none, or there are several; or it is ours.
    """
    numbers = [invoice, *([text] if text.startswith(f"{invoice}-") else [])]
    listed = [one for number in numbers for one in await reads.billing.bills(number)]
    found = [one for one in map(bill_document, listed) if text in {one.id, one.number}]
    others = [one for one in found if not one.ours]
    if len(others) > 1:
        ids = ", ".join(one.id for one in others)
        raise _refused(
            f"NetSuite has several bills with the number {text}: internal ids {ids}",
            "Name the one that is meant by its internal id.",
        )
    if others:
        return others[0]
    if found:
        raise _refused(
            f"The bill {text} is ours: it is in the journal",
            "Name the bill that somebody else entered.",
        )
    raise _refused(
        f"NetSuite has no bill and no credit {text} with the number of invoice {invoice}",
        "Give its number as NetSuite shows it, or its internal id.",
    )


def total_changes(then: NamedDocument, now: NamedDocument) -> list[str]:
    """Return how the total of a bill has changed; nothing where only its sign did.

    Queries show a bill's total negative or not (netsuite.md section 16.5).
    """
    if then.total is not None and now.total is not None and abs(then.total) == abs(now.total):
        return []
    return [f"its total is {now.total}, and was {then.total}"] if then.total != now.total else []


class GoneBill(NamedTuple):
    """A bill of ours that is not in NetSuite any more, for which another one is to stand.

    Attributes:
        total: signed: what is owed is positive.
        currency: code.
        vendor: internal id; None where none is set.
        currencies: NetSuite's internal ids by code, as the connection maps them.
    """

    name: str
    total: Decimal
    currency: str
    vendor: str | None
    currencies: Mapping[str, str]


async def bill_instead(text: str, gone: GoneBill, reads: Reads) -> NamedDocument:
    """Return the bill that somebody entered in place of ours, by its number.

    It must be of the same vendor, in the same currency, and over the same amount.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    listed = await reads.billing.bills(text)
    others = [one for one in listed if not (one.externalid or "").startswith(OUR_EXTERNAL_IDS)]
    fitting = [one for one in others if not _apart(one, gone)]
    if len(fitting) == 1:
        return bill_document(fitting[0])
    if fitting:
        ids = ", ".join(one.id for one in fitting)
        raise _refused(
            f"NetSuite has several such bills with the number {text}: internal ids {ids}",
            "Give the right one a number of its own in NetSuite, and name that.",
        )
    why = "; ".join(f"{one.id} {_apart(one, gone)}" for one in others)
    ours = "; the one that is there is ours" if listed and not others else ""
    raise _refused(
        f"NetSuite has no bill and no credit {text} that stands for {gone.name} over"
        f" {abs(gone.total):f} {gone.currency}{f': {why}' if why else ours}",
        "Nothing was decided. Give the number of the bill as NetSuite shows it.",
    )


def _apart(row: ReferencedBill, gone: GoneBill) -> str:
    """Return how a bill is not the one that stands for ours; empty where it may be."""
    wanted = "VendCred" if gone.total < 0 else "VendBill"
    if row.type != wanted:
        return "is of another sort"
    if gone.vendor is not None and row.entity not in {None, gone.vendor}:
        return f"is of vendor {row.entity}, and not of {gone.vendor}"
    if not _is_in(row, gone):
        return f"is in {row.currencyname or row.currency}"
    if row.foreigntotal is None:
        return "does not show its total"
    if abs(row.foreigntotal) != abs(gone.total):
        return f"is over {abs(row.foreigntotal):f}"
    return ""


def _is_in(row: ReferencedBill, gone: GoneBill) -> bool:
    """Return whether a bill is in our bill's currency; where none is shown, there is only one."""
    if row.currency is None and row.currencyname is None:
        return True
    mapped = {code.upper(): one for code, one in gone.currencies.items()}
    if gone.currency.upper() in mapped:
        return row.currency == mapped[gone.currency.upper()]
    return not gone.currency or code_of(row.currencyname) == gone.currency.upper()


def bill_document(row: ReferencedBill) -> NamedDocument:
    """Return a bill as decisions name it."""
    return NamedDocument(
        id=row.id,
        type=row.type,
        number=row.tranid,
        ours=(row.externalid or "").startswith(OUR_EXTERNAL_IDS),
        total=None if row.foreigntotal is None else abs(row.foreigntotal),
    )


def _refused(what: str, next_step: str) -> UserError:
    return UserError(what, where="--document", next_step=next_step)
