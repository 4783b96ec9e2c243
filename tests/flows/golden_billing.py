"""What billing reads, answered from the files of a golden case."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.ledger.sources.charges import Charge, StoredInvoice, Summed, summed
from ml_connector.netsuite.queries.bills import ReferencedBill, Vendor
from ml_connector.reads.billing import charge, currency_code
from ml_connector.shipbob import payloads
from ml_connector.shipbob.resources import billing


class BillingCase:
    """``invoice.json`` and ``lines.json`` as ShipBob gives them; ``kept.json``: lines that it
    gave earlier and has forgotten since."""

    def __init__(self, folder: Path, netsuite: dict[str, Any]) -> None:
        self._folder = folder
        self._netsuite = netsuite
        self._assigned: list[Charge] = []

    @property
    def key(self) -> str:
        row = self._rows("invoice.json")
        return str(row["invoice_id"]) if row else "next"

    def _rows(self, name: str) -> Any:
        path = self._folder / name
        return payloads.read(path.read_bytes()) if path.exists() else []

    async def invoice(self, invoice_id: int) -> StoredInvoice | None:
        row = payloads.decode(self._rows("invoice.json"), billing.Invoice)
        assert row.invoice_id == invoice_id
        if (self._folder / "unknown").exists():
            return None
        return StoredInvoice(
            id=row.invoice_id,
            type=row.invoice_type,
            day=row.day,
            amount=row.amount,
            currency=currency_code(row.currency_code),
        )

    async def forgotten(self, _: StoredInvoice) -> list[Charge]:
        rows = self._rows("forgotten.json")
        return [charge(payloads.decode(row, billing.Transaction)) for row in rows]

    async def assign(self, _: int, found: list[Charge]) -> None:
        self._assigned = found

    async def pull_lines(self, _: int) -> int:
        return len(self._rows("lines.json"))

    async def pull_lately(self) -> float:
        return float(self._netsuite.get("rests_seconds", 0))

    async def kept_lines(self, invoice_id: int) -> list[Summed]:
        rows = [*self._rows("kept.json"), *self._rows("lines.json")]
        kept = [charge(payloads.decode(row, billing.Transaction), invoice_id) for row in rows]
        return [summed(one) for one in (*kept, *self._assigned)]

    async def bills(self, number: str) -> tuple[ReferencedBill, ...]:
        return tuple(
            ReferencedBill(
                id=row["id"],
                type=row["type"],
                tranid=row["number"],
                entity=row["vendor"],
                externalid=row.get("external_id"),
                foreigntotal=Decimal(row["total"]) if "total" in row else None,
                currency=row.get("currency_id"),
                currencyname=row.get("currency"),
            )
            for row in self._netsuite.get("bills", [])
            if row["number"] == number
        )

    async def vendor(self) -> Vendor | None:
        return Vendor(id="301", currencyname=self._netsuite.get("vendor_currency"))
