"""What a golden case of returns says of returns, authorizations and sales orders."""

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from golden_orders import GoldenOrders

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.return_authorizations import (
    AuthorizationLine,
    ReturnAuthorization,
    ReturnReceiptLine,
)
from ml_connector.netsuite.queries.sales_orders.orders import (
    Lot,
    SalesOrder,
    SalesOrderHeader,
    SalesOrderLine,
)
from ml_connector.shipbob import payloads
from ml_connector.shipbob.resources.returns import Return
from ml_connector.shipbob.resources.shipments import Order
from ml_connector.words import Cause


class CaseReturns(GoldenOrders):
    """Answers as ``reads.returns`` and ``reads.shipments`` would, for one case.

    ``return.json`` is what ShipBob says, ``order.json`` the order of the original shipment;
    ``netsuite.json`` has ``authorizations`` with lines and receipts, ``sales_orders`` and
    ``lots``.
    """

    def __init__(self, folder: Path, netsuite: Mapping[str, Any]) -> None:
        super().__init__(folder, self._sales_orders)
        self._folder = folder
        self._netsuite = netsuite

    async def get(self, return_id: int) -> Return:
        del return_id
        body = (self._folder / "return.json").read_bytes()
        return payloads.decode(payloads.read(body), Return)

    async def authorizations(self, *names: str) -> tuple[ReturnAuthorization, ...]:
        return tuple(
            _authorization(row)
            for row in self._netsuite.get("authorizations", [])
            if row["number"] in names or row.get("external_id") in names
        )

    async def authorization(self, authorization_id: str) -> ReturnAuthorization | None:
        found = [
            row
            for row in self._netsuite.get("authorizations", [])
            if row["id"] == authorization_id
        ]
        return _authorization(found[0]) if found else None

    async def authorizations_from(self, order_id: str) -> Sequence[ReturnAuthorization]:
        return [
            _authorization(row)
            for row in self._netsuite.get("authorizations", [])
            if order_id in {row.get("created_from"), row.get("through")}
        ]

    async def latest(self, flow: str, keys: Collection[str], record_type: str) -> dict[str, str]:
        """The authorization that was made for the return, where it is one that was deleted."""
        assert (flow, record_type) == ("returns", "returnAuthorization")
        deleted = self._netsuite.get("deleted_authorization")
        return dict.fromkeys(keys, deleted) if deleted else {}

    async def is_gone(self, authorization_id: str) -> bool:
        return authorization_id == self._netsuite.get("deleted_authorization")

    async def received(self, authorization_id: str) -> tuple[ReturnReceiptLine, ...]:
        return tuple(
            ReturnReceiptLine(
                id=receipt.get("id", "9001"),
                createdfrom=authorization_id,
                line=number,
                item=receipt["item_id"],
                quantity=Decimal(receipt["quantity"]),
                tranid=receipt["number"],
                externalid=receipt.get("external_id"),
                memo=receipt.get("memo"),
                location=receipt["location"],
            )
            for row in self._netsuite.get("authorizations", [])
            if row["id"] == authorization_id
            for number, receipt in enumerate(row.get("receipts", []), 1)
        )

    async def order_with(self, shipment_id: int) -> Order:
        path = self._folder / "order.json"
        if not path.exists():
            raise NeedsData(
                f"shipment {shipment_id} does not exist",
                cause=Cause.RECORD_NOT_FOUND,
                waiting_for=[AwaitedKind.SHIPMENT.named(shipment_id)],
                remedy="None.",
            )
        order = json.loads(path.read_bytes())
        assert shipment_id in {one["id"] for one in order["shipments"]}
        return payloads.decode(order, Order)

    def _sales_orders(self, field: str, value: str) -> tuple[SalesOrder, ...]:
        return tuple(
            SalesOrder(
                id=row["id"],
                tranid=row["number"],
                status=row["status"],
                matched=row["number"],
                subsidiary=row.get("subsidiary"),
                lines=tuple(
                    SalesOrderLine(
                        line=line["line"],
                        item=line["item_id"],
                        itemid=line["item_id"],
                        itemtype="InvtPart",
                        quantity=Decimal(-line["ordered"]),
                        quantityshiprecv=Decimal(line["fulfilled"]),
                        units=line.get("unit"),
                        stockunit=line.get("stock_unit"),
                    )
                    for line in row["lines"]
                ),
            )
            for row in self._netsuite.get("sales_orders", [])
            if row["id" if field == "id" else "number"] == value
        )

    async def sales_orders(self, name: str) -> tuple[SalesOrder, ...]:
        return (await self.find_orders(name)).orders

    async def order_headers(self, reference: str) -> tuple[SalesOrderHeader, ...]:
        return tuple(
            SalesOrderHeader(
                id=row["id"],
                tranid=row["number"],
                matched=row["number"],
                entity=row.get("customer"),
            )
            for row in self._netsuite.get("sales_orders", [])
            if row["number"] == reference
        )

    async def lots(self, numbers: Collection[str]) -> dict[str, tuple[Lot, ...]]:
        return {
            number: tuple(
                Lot(id=row["id"], item=row["item_id"], inventorynumber=number)
                for row in self._netsuite.get("lots", [])
                if row["number"] == number
            )
            for number in numbers
        }


def _authorization(row: Mapping[str, Any]) -> ReturnAuthorization:
    return ReturnAuthorization(
        id=row["id"],
        tranid=row["number"],
        status=row["status"],
        externalid=row.get("external_id"),
        memo=row.get("memo"),
        createdfrom=row.get("created_from"),
        through=row.get("through"),
        entity=row.get("customer"),
        subsidiary=row.get("subsidiary"),
        lines=tuple(
            AuthorizationLine(
                transaction=row["id"],
                line=line["line"],
                item=line["item_id"],
                quantity=Decimal(-line["authorized"]),
                quantityshiprecv=Decimal(line["received"]),
                isclosed=Flag.T if line.get("closed") else Flag.F,
                units=line.get("unit"),
                stockunit=line.get("stock_unit"),
                order_line=line.get("order_line"),
            )
            for line in row["lines"]
        ),
    )
