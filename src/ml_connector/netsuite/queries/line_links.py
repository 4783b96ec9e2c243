"""Which line of an order a line of a later document stands for (netsuite.md section 5.3)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

LaterType = Literal["RtnAuth"]

_OF_TYPE: Final = """
SELECT k.previousline, k.nextdoc, k.nextline FROM nexttransactionlinelink k
WHERE k.previousdoc IN ({list}) AND k.nexttype = '{type}'
ORDER BY k.nextdoc, k.nextline, k.previousline
"""
LINKS: Final[Mapping[LaterType, str]] = MappingProxyType(
    {
        "RtnAuth": _OF_TYPE.replace("{type}", "RtnAuth"),
    }
)


class _LineLink(msgspec.Struct, frozen=True, kw_only=True):
    previousline: int
    nextdoc: str
    nextline: int


async def order_lines_of(
    suiteql: SuiteQL,
    order_ids: Sequence[str],
    later: LaterType,
    *,
    operation: str,
    priority: Priority,
) -> Mapping[tuple[str, int], int]:
    """Return the order's line by document and line, for documents made from orders.

    Args:
        suiteql: the account.
        order_ids: internal ids of the orders.
        later: the type of those documents.
        operation: name of the call.
        priority: its place in the queue.
    """
    links = await suiteql.rows_in(
        LINKS[later],
        order_ids,
        type=_LineLink,
        operation=operation,
        priority=priority,
    )
    return {(link.nextdoc, link.nextline): link.previousline for link in links}
