"""What still stands of the documents that were posted of an invoice. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ml_connector.errors import NeedsHuman
from ml_connector.flows.billing.documents import TargetAmount
from ml_connector.flows.billing.invoice_lines import InvoiceFact
from ml_connector.flows.billing.money import said
from ml_connector.flows.billing.taken import is_taken
from ml_connector.ledger.postings.documents import Posted, SourceLine
from ml_connector.words import Cause


def standing(posted: Iterable[Posted]) -> list[Posted]:
    """Return our documents that no counter-document has taken back.

    Not the rows by which a bill of others is taken as it is.
    """
    return [one for one in posted if not one.undone and not is_taken(one)]


def settled_by(lines: Sequence[SourceLine], posted: Sequence[Posted]) -> str:
    """Return why an invoice with these lines needs nothing more; empty where it may need it."""
    kept = standing(posted)
    if kept and are_posted(lines, kept):
        return "All of it is posted"
    if stay_taken_back(lines, posted):
        return "A person took it back, and it has not changed since: not billed again"
    return ""


def are_posted(lines: Sequence[SourceLine], posted: Iterable[Posted]) -> bool:
    """Whether each line of the source is posted with exactly its amount, and nothing else is.

    The same total is not enough: a line may have been renamed, or another may have come.
    """
    there: dict[str, Decimal] = {}
    for document in posted:
        for line in document.lines:
            before = there.get(line.source_line, Decimal(0))
            there[line.source_line] = before + (line.amount or Decimal(0))
    wanted = {line.source_line: line.amount for line in lines if line.amount}
    return wanted == {name: amount for name, amount in there.items() if amount}


def stay_taken_back(lines: Sequence[SourceLine], posted: Sequence[Posted]) -> bool:
    """Whether the invoice is still what it was when a person took its documents back.

    Then it stays so: what a person took back is not posted again by itself. What was taken back
    before another document was posted counts no more: the invoice had changed by then.
    """
    taken_back = [one for one in posted if one.undone and not one.superseded]
    return bool(taken_back) and are_posted(lines, [*standing(posted), *taken_back])


def others_at_the_same_total(
    invoice: InvoiceFact, rest: Sequence[TargetAmount], kept: Sequence[Posted]
) -> NeedsHuman:
    """Return the failure of an invoice that comes to what is posted by other lines.

    Args:
        invoice: the head.
        rest: what would have to be posted; it comes to 0.
        kept: the documents that stand.
    """
    changes: dict[str, Decimal] = {}
    for one in rest:
        changes[one.source_line] = changes.get(one.source_line, Decimal(0)) + one.amount
    named = "; ".join(
        f"{said(amount, invoice.currency)} of {name}" for name, amount in sorted(changes.items())
    )
    undo = " ".join(one.external_id for one in kept)
    return NeedsHuman(
        f"The lines of invoice {invoice.id} are others now than those that were posted, at the"
        f" same total: {named}",
        cause=Cause.INVOICE_DOES_NOT_TIE,
        remedy=(
            "Nothing more or less is owed. Compare the lines with ShipBob's invoice. If they are"
            f" right now, take back what is posted (journal undo {undo}): the invoice"
            " is then billed whole, with the lines of now."
        ),
    )
