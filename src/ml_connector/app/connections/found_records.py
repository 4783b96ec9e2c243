"""Reading our documents that NetSuite shows, each with its lines, and whose they are."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from ml_connector.engine.flow import Flow
from ml_connector.engine.found import FoundLine, FoundRecord
from ml_connector.flows import FLOWS
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.month import bills_of, stock_of
from ml_connector.netsuite.queries.our_documents import OurDocument, our_documents
from ml_connector.netsuite.records.records import ReadTransaction
from ml_connector.reconcile.compare.document_pairs import moving
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.sides.netsuite import of_bills, of_stock
from ml_connector.reconcile.transaction_types import BILLS
from ml_connector.words import DocumentKind

_NUMBERED: Final = re.compile(r"(\d+)(?:-(\d+))?")


async def changed_since(netsuite: NetSuite, moment: datetime | None) -> list[OurDocument]:
    """Return the headers of our documents that were made or changed since a moment.

    Raises:
        NeedsHuman, Retryable: NetSuite can't be read.
    """
    return [
        header
        async for page in our_documents(netsuite.query, since=moment, now=datetime.now(UTC))
        for header in page
    ]


async def read_records(netsuite: NetSuite, headers: Sequence[OurDocument]) -> list[FoundRecord]:
    """Read the lines of documents.

    Raises:
        NeedsHuman, Retryable: NetSuite can't be read.
    """
    bills = [one.externalid for one in headers if one.type in BILLS]
    stock = [one.externalid for one in headers if one.type not in BILLS]
    movements: dict[str, list[Movement]] = defaultdict(list)
    for movement in (
        *map(of_stock, await stock_of(netsuite.query, external_ids=stock)),
        *of_bills(await bills_of(netsuite.query, external_ids=bills)),
    ):
        movements[movement.id].append(movement)
    accounts = await asyncio.gather(*(_account(netsuite, one) for one in headers))
    return [
        _record(one, moving(movements[one.id]), account)
        for one, account in zip(headers, accounts, strict=True)
    ]


async def _account(netsuite: NetSuite, header: OurDocument) -> str | None:
    """Return the account of an adjustment, which SuiteQL's lines do not say."""
    if header.type != "InvAdjst":
        return None
    record = await netsuite.get(
        DocumentKind.INVENTORY_ADJUSTMENT, record_id=header.id, shape=ReadTransaction
    )
    return str(record.account.id) if record and record.account else None


def _record(
    header: OurDocument, movements: Iterable[Movement], account: str | None
) -> FoundRecord:
    _, _, number = whose(header.externalid)
    return FoundRecord(
        id=header.id,
        type=header.type,
        external_id=header.externalid,
        number=number,
        date=header.trandate,
        memo=header.memo or "",
        created_from=header.createdfrom,
        account=account,
        voided=bool(header.voided),
        lines=tuple(
            FoundLine(
                item=one.item,
                location=one.location,
                quantity=one.quantity or Decimal(0),
                amount=one.amount,
                account=one.account,
            )
            for one in movements
        ),
    )


def whose(external_id: str) -> tuple[Flow | None, str, int]:
    """Return whose document an external id names: flow, key, and which of its sort it is."""
    prefixes = {
        prefix: flow
        for flow in FLOWS.values()
        if flow.found_document is not None
        for prefix in flow.documents
    }
    longest = max((one for one in prefixes if external_id.startswith(one)), key=len, default=None)
    rest = _NUMBERED.fullmatch(external_id.removeprefix(longest or ""))
    if longest is None or rest is None:
        return None, "", 1
    return prefixes[longest], rest[1], int(rest[2] or 1)
