"""How a vendor bill in NetSuite differs from the one that was meant. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from ml_connector.ledger.postings.bills import Bill
from ml_connector.netsuite.records.bills import ReadBill


def differs(meant: Bill, record: ReadBill) -> str:
    """Return how a bill or credit differs from the one that was meant; empty: not at all.

    Compared are vendor, currency where both are known, and the amounts by account, exactly.
    Memo, date and reference number are a person's to change.
    """
    if record.entity is not None and not record.entity.is_(meant.entity.id):
        return f"it is of vendor {record.entity.id}, not of {meant.entity.id}"
    if meant.currency and record.currency and not record.currency.is_(meant.currency.id):
        return f"it is in currency {record.currency.id}, not in {meant.currency.id}"
    wanted = _by_account((line.account.id, line.amount) for line in meant.expense.items)
    found = _by_account(
        (str(line.account.id) if line.account else "?", line.amount or Decimal(0))
        for line in record.expense.items
    )
    if wanted == found:
        return ""
    return f"its expenses say {_said(found)}; meant was {_said(wanted)}"


def _by_account(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in lines:
        amounts[account] += amount
    return {account: amount for account, amount in amounts.items() if amount}


def _said(amounts: Mapping[str, Decimal]) -> str:
    said = ", ".join(f"{amount:f} for account {key}" for key, amount in sorted(amounts.items()))
    return said or "nothing"
