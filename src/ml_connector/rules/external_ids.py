"""The external ids of item receipts, by which anybody can tell whose units they hold. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ml_connector.netsuite.queries.purchase_orders import ReceiptLine
from ml_connector.words import OUR_EXTERNAL_IDS, ExternalIdPrefix

_OF_WRO: Final = re.compile(rf"{re.escape(ExternalIdPrefix.RECEIPT)}(\d+)-")


def receipt_id(wro_id: int, number: int) -> str:
    """Return the external id of a WRO's item receipt, numbered from 1."""
    return f"{_of_wro(wro_id)}{number}"


def is_receipt_of(wro_id: int, external_id: str | None) -> bool:
    """Return whether an item receipt is one that we made for this WRO."""
    return (external_id or "").startswith(_of_wro(wro_id))


def is_receipt_of_other(wro_id: int, external_id: str | None) -> bool:
    """Return whether an item receipt is ours, but not for this WRO."""
    ours = (external_id or "").startswith(ExternalIdPrefix.RECEIPT)
    return ours and not is_receipt_of(wro_id, external_id)


def receipt_number(wro_id: int, external_id: str) -> int:
    """Return which receipt of a WRO it is, counted from 1; 0 where the external id names none."""
    number = external_id.removeprefix(_of_wro(wro_id))
    return int(number) if is_receipt_of(wro_id, external_id) and number.isdecimal() else 0


def wro_of(external_id: str | None) -> int | None:
    """Return the WRO that an item receipt of ours is of; None for any other document."""
    found = _OF_WRO.match(external_id or "")
    return int(found[1]) if found else None


def received_wros(lines: Sequence[ReceiptLine]) -> list[int]:
    """Return the WROs that receipts of ours are of, whatever became of their numbers."""
    found = (_OF_WRO.match(line.externalid or "") for line in known_by_memo(lines))
    return sorted({int(one[1]) for one in found if one})


def tags(memo: str) -> Iterator[str]:
    """Yield the external ids that a memo carries as tags (netsuite.md section 11.8)."""
    for part in memo.split("[")[1:]:
        tag, closed, _ = part.partition("]")
        if closed and tag.startswith(OUR_EXTERNAL_IDS):
            yield tag


def known_by_memo(lines: Sequence[ReceiptLine]) -> list[ReceiptLine]:
    """Return lines of receipts with the external id that the memo says, where there is none.

    Somebody has taken it away, or the account does not keep it. A tag that several receipts of
    an order carry, or that is the external id of another one, was copied: it says nothing.
    """
    named = {line.id: line.externalid or _tag(line.memo or "") for line in lines}
    held = {line.externalid for line in lines if line.externalid}
    receipts = Counter(named.values())
    return [
        line
        if line.externalid or named[line.id] in held or receipts[named[line.id]] > 1
        else msgspec.structs.replace(line, externalid=named[line.id])
        for line in lines
    ]


def _tag(memo: str) -> str | None:
    found = [one for one in tags(memo) if one.startswith(ExternalIdPrefix.RECEIPT)]
    return found[0] if len(found) == 1 else None


def _of_wro(wro_id: int) -> str:
    return f"{ExternalIdPrefix.RECEIPT}{wro_id}-"
