"""Bills of others that decisions name: looked up, and as they are now."""

from typing import Final

from ml_connector.errors import UserError
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
