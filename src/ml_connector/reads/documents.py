"""Documents that people name in decisions, as NetSuite has them now."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ml_connector.ledger.decisions.decisions import NamedDocument, named_units
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries import month, transactions
from ml_connector.netsuite.queries.transactions import NamedLine, TransactionHeader
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.transport.batch import Batch
from ml_connector.words import OUR_EXTERNAL_IDS

_TAKES_OUT: Final = frozenset({"InvAdjst", "CashSale", "CustInvc"})
"""Types of documents that may take units out of stock, beside item fulfilments."""


class DocumentReads:
    """Reads stock documents by what people call them, for one connection.

    Args:
        netsuite: the client of the account.
    """

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._by_id: Batch[str, NamedDocument] = Batch(self._fetch, most=200)

    async def by_id(self, document_id: str) -> NamedDocument | None:
        """Return a document as it is now; None when it was deleted, or moves no stock any more."""
        return await self._by_id.get(document_id)

    async def headers(self, number: str) -> Sequence[TransactionHeader]:
        """Return the headers of all transactions with this number, of whatever type."""
        return await transactions.transactions_by_number(self._netsuite.query, number)

    async def changes(self, document_ids: Collection[str]) -> Mapping[str, str]:
        """Return when documents were changed last, by the account's clock; none deleted."""
        return await transactions.last_changes(self._netsuite.query, sorted(document_ids))

    async def check_rows(self, document_id: str) -> None:
        """Ask for the lines of a document as the month end reads them; nothing is kept.

        Raises:
            Unreadable: one of them can't be read.
        """
        await month.stock_of(self._netsuite.query, ids=[document_id])
        await month.bills_of(self._netsuite.query, ids=[document_id])

    async def _fetch(self, ids: Sequence[str]) -> Mapping[str, NamedDocument]:
        lines: dict[str, list[NamedLine]] = {}
        for line in await transactions.lines_of_documents(self._netsuite.query, ids):
            lines.setdefault(line.id, []).append(line)
        return {document_id: _document(found) for document_id, found in lines.items()}


def _is_ours(line: NamedLine) -> bool:
    tag = f"[{OUR_EXTERNAL_IDS}"
    return (line.externalid or "").startswith(OUR_EXTERNAL_IDS) or tag in (line.memo or "")


def _document(lines: Sequence[NamedLine]) -> NamedDocument:
    """Put a document together from its lines; what takes stock away counts against the rest.

    The quantities of an item fulfilment are negative, or all positive where an account shows
    them so (netsuite.md section 5.2): it holds them. Assumptions: NS-032.
    """
    head = lines[0]
    leaves = head.type == "ItemShip" and any(one.quantity < 0 for one in lines)
    sign = -1 if leaves else 1
    moved: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if line.moves_stock and line.location is not None:
            moved[line.item, line.location] += math.floor(sign * line.quantity)
    waits = head.type == "ItemShip" and head.status in FULFILLMENT_NOT_SHIPPED
    posts = head.posting is not Flag.F and head.voided is not Flag.T and not waits
    return NamedDocument(
        id=head.id,
        type=head.type,
        number=head.tranid or "",
        day=head.trandate,
        subsidiary=head.subsidiary,
        created_from=head.createdfrom,
        voided=not posts,
        ours=_is_ours(head),
        units=named_units(moved),
        taken_out=named_units({place: -many for place, many in moved.items()})
        if head.type in _TAKES_OUT
        else None,
    )
