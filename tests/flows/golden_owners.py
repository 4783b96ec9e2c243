"""Which order a WRO is of, in golden cases of receiving: what the books know, and namesakes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ml_connector.ledger.postings.announcements import OrderLink
from ml_connector.netsuite.queries.purchase_orders import Namesake
from ml_connector.netsuite.queries.transfer_orders import TransferOrder


class GoldenOwners:
    """What ``netsuite.json`` says under ``links``, ``parts``, ``books_lack`` and ``deleted``."""

    def __init__(self, netsuite: Mapping[str, Any]) -> None:
        self._netsuite = netsuite

    # Of the books

    async def order_of(self, wro_id: int) -> OrderLink | None:
        link = self._netsuite.get("links", {}).get(str(wro_id))
        return OrderLink(link["order"], link.get("how", "announced")) if link else None

    async def parts(self, order_id: str) -> dict[int, int]:
        made = self._netsuite.get("parts", {}).get(order_id, {})
        return {int(part): wro_id for part, wro_id in made.items()}

    async def may_lack(self, made_at: datetime | None) -> bool:
        lacks: bool = made_at is not None and self._netsuite.get("books_lack", False)
        return lacks

    # Of NetSuite

    async def is_deleted(self, order_id: str) -> bool:
        return order_id in self._netsuite.get("deleted", [])

    async def order(self, order_id: str) -> TransferOrder | None:
        return next((one for one in self._transfers() if one.id == order_id), None)

    async def named(self, number: str) -> tuple[TransferOrder, ...]:
        return tuple(one for one in self._transfers() if one.tranid == number)

    def _transfers(self) -> list[TransferOrder]:
        return [
            TransferOrder(id="5801", tranid=number, status="F")
            for number in self._netsuite.get("transfer_orders", [])
        ]

    def namesakes(self, row: Mapping[str, Any]) -> tuple[Namesake, ...]:
        others = [
            Namesake(
                id=other["id"],
                is_transfer=False,
                status=other["status"],
                subsidiary=other.get("subsidiary"),
            )
            for other in self._netsuite["orders"]
            if other["number"] == row["number"] and other["id"] != row["id"]
        ]
        transfers = [
            Namesake(id=one.id, is_transfer=True, status=one.status)
            for one in self._transfers()
            if one.tranid == row["number"]
        ]
        return (*others, *transfers)
