"""Which records of ours are in NetSuite that were made or changed since a moment.

Tables and columns: netsuite.md section 5.1; paging by keyset: section 4.3; times are the
account's own: section 4.2. All values from outside are bound parameters.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import OURS
from ml_connector.netsuite.queries.setup import account_clock
from ml_connector.netsuite.suiteql import SuiteQL

CHANGED: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate[, t.voided]
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.externalid LIKE ? AND t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')
    AND t.id > ?
ORDER BY t.id
"""

# What was made from an order, by whomever, and says in its memo that it is a document of ours.
MADE_FROM: Final = """
SELECT t.id, t.memo FROM transaction t
JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.type = ? AND m.createdfrom = ? AND t.memo LIKE ?
ORDER BY t.id
"""

_BEGINNING: Final = "1900-01-01 00:00:00"

_OVERLAP: Final = timedelta(days=1)
"""How much earlier it is looked: more than clocks, zones and summer time can differ."""


class OurDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a transaction with an external id of ours.

    Attributes:
        createdfrom: internal id of the order it was made from.
    """

    id: str
    type: str
    externalid: str
    trandate: date
    tranid: str | None = None
    memo: str | None = None
    createdfrom: str | None = None
    voided: Flag = Flag.F


class _Tagged(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    memo: str | None = None


async def with_tag(
    suiteql: SuiteQL, transaction_type: str, order_id: str, external_id: str
) -> list[str]:
    """Return the internal ids of documents made from an order whose memo carries our tag.

    So a document of ours is known where a transform has not kept its external id (sections 11.4
    and 11.8).

    Args:
        suiteql: the account.
        transaction_type: such as ``ItemRcpt``.
        order_id: internal id of the order.
        external_id: that the tag names.

    Returns:
        The oldest first.
    """
    tag = f"[{external_id}]"
    rows = await suiteql.rows(
        MADE_FROM,
        (transaction_type, order_id, f"%{tag}%"),
        type=_Tagged,
        operation="suiteql.with_tag",
    )
    return sorted((row.id for row in rows if tag in (row.memo or "")), key=int)


async def our_documents(
    suiteql: SuiteQL, *, since: datetime | None, now: datetime
) -> AsyncIterator[Sequence[OurDocument]]:
    """Yield our documents that were made or changed since a day before a moment, by id.

    Args:
        suiteql: the account.
        since: the moment, aware; None: all that there ever were.
        now: the time, aware.

    Raises:
        NeedsHuman, Retryable: NetSuite can't be read.
    """
    begin = _BEGINNING
    if since is not None:
        account_now = datetime.fromisoformat(await account_clock(suiteql))
        begin = f"{account_now - (now - since) - _OVERLAP:%Y-%m-%d %H:%M:%S}"
    async for page in suiteql.pages(
        CHANGED,
        (OURS, begin),
        type=OurDocument,
        start=(0,),
        key=lambda row: (int(row.id),),
        operation="suiteql.our_documents",
    ):
        yield page
