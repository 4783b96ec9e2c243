"""Golden cases: what ShipBob and NetSuite say, and what is decided from it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from golden_billing import BillingCase
from golden_lines import GoldenOrderLines
from golden_owners import GoldenOwners
from golden_returns import CaseReturns
from golden_shipments import GoldenShipments

from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.decisions.decisions import KeptDecision, NamedDocument, NamedUnits
from ml_connector.ledger.decisions.kept import StandingDecision
from ml_connector.ledger.postings.documents import Posted
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.items import Item
from ml_connector.netsuite.queries.purchase_orders import OrderLine, PurchaseOrder, ReceiptLine
from ml_connector.netsuite.queries.setup import Period, daily_periods
from ml_connector.shipbob import payloads
from ml_connector.shipbob.payloads import Box, Variant, Wro

T = TypeVar("T", bound=msgspec.Struct)

CASES = Path(__file__).parents[1] / "golden"

SETTINGS: Mapping[str, Any] = {
    "name": "acme",
    "start_date": "2026-11-01",
    "netsuite": {"account_id": "TSTDRV1234567", "client_id": "c", "certificate_id": "k"},
    "shipbob": {"channel_id": 100102},
    "locations": {"228": "6", "10": "7"},
    "accounts": {"inventory_adjustment": "54"},
    "billing": {"vendor": "301", "default_account": "62", "accounts": {"Per Pick Fee": "63"}},
    "schedule": {"timezone": "America/Chicago"},
}


def names(flow: str) -> list[str]:
    return sorted(path.name for path in (CASES / flow).iterdir() if path.is_dir())


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        id=row["id"],
        itemid=row["name"],
        fullname=row.get("full_name", row["name"]),
        itemtype=row.get("type", "InvtPart"),
        isinactive=Flag.T if row.get("inactive") else Flag.F,
        islotitem=Flag.T if row.get("lot_tracked") else Flag.F,
        stockunit=row.get("stock_unit"),
    )


def fulfillable(line: Mapping[str, Any]) -> Flag | None:
    """Whether a line's item is marked to be fulfilled and received; None where nobody says."""
    return None if "fulfillable" not in line else Flag.T if line["fulfillable"] else Flag.F


def _line(order: Mapping[str, Any], line: Mapping[str, Any]) -> OrderLine:
    """An order's line; of an item that the role may not see only the line itself."""
    hidden = line.get("hidden", False)
    return OrderLine(
        transaction=order["id"],
        line=line["line"],
        item=line["item_id"],
        itemid="" if hidden else line["item_id"],
        itemtype="" if hidden else line.get("type", "InvtPart"),
        isfulfillable=fulfillable(line),
        quantity=Decimal(line["ordered"]),
        quantityshiprecv=Decimal(line["received"]),
        location=line.get("location"),
        units=line.get("unit"),
        stockunit=line.get("stock_unit"),
    )


class Case:
    """A folder of facts; answers what a flow reads, as both clients would."""

    def __init__(self, flow: str, name: str) -> None:
        self.folder = CASES / flow / name
        self._netsuite = self._json("netsuite.json", {})
        self.skus = self._json("settings.json", {}).get("skus", {})
        self.policies = self.settings().policies
        self.bindings = self  # knows them as well
        self.units = self
        self.locations = self
        self.announcements = GoldenOwners(self._netsuite)
        self.purchase_orders = self.transfers = self.announcements
        self.order_lines = GoldenOrderLines(self._netsuite)
        self.decisions = self
        self.documents = self
        self.billing = BillingCase(self.folder, self._netsuite)
        self.returns = CaseReturns(self.folder, self._netsuite)
        self.shipments = self.returns if flow == "returns" else GoldenShipments(self.folder)
        self.own_records = self.shipments
        self._looks = 0
        self.key = self.billing.key if flow == "billing" else self._key()

    def _key(self) -> str:
        path = self.folder / "key.txt"
        return path.read_text("utf-8").strip() if path.exists() else "90311"

    def _json(self, name: str, default: Any = None) -> Any:
        path = self.folder / name
        return json.loads(path.read_text("utf-8")) if path.exists() else default

    def settings(self) -> ConnectionSettings:
        table = {**SETTINGS}
        for key, value in self._json("settings.json", {}).items():
            both = isinstance(value, dict) and isinstance(table.get(key), dict)
            table[key] = {**table[key], **value} if both else value
        return ConnectionSettings.model_validate(table)

    def posted(self) -> tuple[Posted, ...]:
        return msgspec.convert(self._json("posted.json", []), tuple[Posted, ...])

    def facts(self, kind: type[T]) -> T | None:
        """The facts as a run keeps them, where a case gives them so."""
        path = self.folder / "facts.json"
        return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None

    async def variants(self, skus: Collection[str]) -> dict[str, tuple[Variant, ...]]:
        return GoldenShipments(self.folder).variants(skus)

    # What receiving reads.

    async def wro(self, wro_id: int) -> Wro:
        self._looks += 1
        again = self.folder / "wro_again.json"
        second = self._looks % 2 == 0 and again.exists()
        path = again if second else self.folder / "wro.json"
        wro = payloads.decode(payloads.read(path.read_bytes()), Wro)
        assert wro.id == wro_id
        return wro

    async def boxes(self, _: int) -> Sequence[Box]:
        body = (self.folder / "boxes.json").read_bytes()
        return payloads.decode(payloads.read(body), list[Box])

    async def sku(self, inventory_id: int) -> str | None:
        sku: str | None = self._json("skus.json", {}).get(str(inventory_id))
        return sku

    async def items(
        self, wanted: Collection[str], *, spoiled: object = None
    ) -> dict[str, tuple[Item, ...]]:
        del spoiled
        return {
            name: tuple(
                _item(row)
                for row in self._netsuite["items"]
                if name in {row["name"], row.get("full_name")}
            )
            for name in sorted(wanted)
        }

    async def items_by_id(
        self, wanted: Collection[str], *, spoiled: object = None
    ) -> dict[str, Item]:
        del spoiled
        return {row["id"]: _item(row) for row in self._netsuite["items"] if row["id"] in wanted}

    def of_center(self, center_id: int) -> str | None:
        return self.settings().locations.get(str(center_id))

    async def subsidiaries(self, _: Iterable[str | None]) -> dict[str, tuple[str, ...]]:
        return {key: tuple(ids) for key, ids in self._netsuite.get("locations", {}).items()}

    async def rates(self, unit_ids: Collection[str]) -> dict[str, Decimal]:
        known = self._netsuite.get("units", {})
        return {unit: Decimal(known[unit]) for unit in sorted(unit_ids) if unit in known}

    async def quantities(self, record_type: str, order_id: str) -> dict[int, Decimal]:
        return {
            line["line"]: Decimal(line["in_units"])
            for row in self._netsuite["orders"]
            if (row.get("type", "purchaseOrder"), row["id"]) == (record_type, order_id)
            for line in row["lines"]
            if "in_units" in line
        }

    async def of_inventory(self, inventory_ids: Collection[int]) -> dict[int, Binding]:
        known = msgspec.convert(self._json("bindings.json", []), list[Binding])
        return {one.inventory_id: one for one in known if one.inventory_id in inventory_ids}

    async def order(self, order_id: str) -> PurchaseOrder | None:
        numbers = [row["number"] for row in self._netsuite["orders"] if row["id"] == order_id]
        return next((one for one in await self.orders(*numbers) if one.id == order_id), None)

    async def orders(self, *numbers: str) -> tuple[PurchaseOrder, ...]:
        return tuple(
            PurchaseOrder(
                id=row["id"],
                tranid=row["number"],
                status=row["status"],
                location=row.get("location"),
                subsidiary=row.get("subsidiary"),
                namesakes=self.announcements.namesakes(row),
                lines=tuple(_line(row, line) for line in row["lines"] if not line.get("hidden")),
                unseen=tuple(_line(row, line) for line in row["lines"] if line.get("hidden")),
            )
            for row in self._netsuite["orders"]
            if row["number"] in numbers
        )

    async def receipts(self, order_id: str) -> Sequence[ReceiptLine]:
        return [
            ReceiptLine(
                id=receipt.get("id", "9001"),
                line=1,
                item=receipt.get("item_id", "501"),
                quantity=Decimal(receipt["quantity"]),
                order_line=receipt.get("order_line"),
                externalid=receipt.get("external_id"),
                tranid=receipt.get("number"),
                trandate=date.fromisoformat(receipt["date"]) if "date" in receipt else None,
                createddate=date.fromisoformat(receipt["made"]) if "made" in receipt else None,
                location=receipt.get("location"),
                memo=receipt.get("memo"),
            )
            for row in self._netsuite["orders"]
            if row["id"] == order_id
            for receipt in row.get("receipts", [])
        ]

    # What people decided: the decisions about it, what others took, the documents as they are now.

    async def standing(self, _flow: str, _key: str) -> Sequence[StandingDecision]:
        return [
            StandingDecision(
                msgspec.convert(row["decision"], KeptDecision),
                msgspec.convert(row.get("taken", []), tuple[NamedUnits, ...]),
                row.get("counted", {}),
            )
            for row in self._json("decisions.json", [])
        ]

    async def naming_documents(self, _flow: str) -> dict[str, frozenset[str]]:
        return {}

    async def taken(
        self, document_ids: Collection[str], *, besides: tuple[str, str]
    ) -> dict[str, tuple[NamedUnits, ...]]:
        del besides
        known = self._netsuite.get("taken", {})
        return {
            one: msgspec.convert(known[one], tuple[NamedUnits, ...])
            for one in sorted(document_ids)
            if one in known
        }

    async def by_id(self, document_id: str) -> NamedDocument | None:
        known = self._netsuite.get("documents", [])
        found = [row for row in known if row["id"] == document_id]
        return msgspec.convert(found[0], NamedDocument) if found else None

    async def periods(self, day: date) -> Sequence[Period]:
        rows = [
            Period(
                id=str(number),
                periodname=row["name"],
                startdate=date.fromisoformat(row["start"]),
                enddate=date.fromisoformat(row["end"]),
                closed=Flag.F if row["open"] else Flag.T,
                aplocked=Flag.T if row.get("payables_locked") else Flag.F,
                isadjust=Flag.T if row.get("adjusting") else Flag.F,
                allownonglchanges=Flag.T if row.get("takes_news") else Flag.F,
            )
            for number, row in enumerate(self._netsuite["periods"], 1)
        ]
        return [period for period in daily_periods(rows) if period.enddate >= day]
