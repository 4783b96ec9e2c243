"""Reads about bills: ShipBob's invoices and charges, kept as they are read; NetSuite's bills.

ShipBob forgets the lines of an invoice after seven days (shipbob.md section 9.7), so all lines
that are read are kept at once and for ever, and decisions are made from the kept ones.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from ml_connector.ledger.sources import charges
from ml_connector.ledger.sources.charges import Charge, Kept, StoredInvoice, Summed
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import bills
from ml_connector.netsuite.queries.bills import ReferencedBill, Vendor
from ml_connector.shipbob.resources import billing
from ml_connector.shipbob.resources.billing import BillingApi, Transaction
from ml_connector.storage.database import Database
from ml_connector.transport.batch import Batch
from ml_connector.transport.call import Priority
from ml_connector.transport.spoiled import SpoiledRow, gather, gathering, unreadable

REMEMBERED: Final = timedelta(days=8)
"""A day more than ShipBob remembers the lines of an invoice."""

_A_DAY: Final = timedelta(days=1)
_LATELY: Final = timedelta(days=2)
# There is no call for one invoice: it is looked for in the list, this far back at most.
_OLDEST: Final = timedelta(days=400)
_AT_A_TIME: Final = 1000
# Webhooks may come thick and fast: after a pull, the next waits this many times as long as the
# pull took.
_REST: Final = 10


def _present() -> datetime:
    return datetime.now(UTC)


class BillingReads:
    """Reads charges, invoices and bills, for one connection.

    Args:
        shipbob: the calls about bills.
        netsuite: the client of the NetSuite account.
        database: where charges are kept.
        connection: its name.
        vendor: ShipBob's vendor in NetSuite; None: not set.
        now: the present, aware.
    """

    def __init__(
        self,
        shipbob: BillingApi,
        netsuite: NetSuite,
        database: Database,
        connection: str,
        *,
        vendor: str | None,
        now: Callable[[], datetime] = _present,
    ) -> None:
        self._shipbob = shipbob
        self._netsuite = netsuite
        self._database = database
        self._connection = connection
        self._vendor = vendor
        self._now = now
        self._heads: Batch[int, StoredInvoice] = Batch(self._fetch_heads, most=1000)
        self._bills: Batch[str, tuple[ReferencedBill, ...]] = Batch(self._fetch_bills, most=1000)
        self._rests_until = 0.0

    async def pull(self, since: datetime) -> None:
        """Pull and keep charges, as bulk work.

        The first time from ``since`` on, later from the day before the last pull on, and
        always as far back as ShipBob remembers: a charge of last week may have come on an
        invoice meanwhile.
        """
        today = self._now().date()
        async with self._database.transaction() as connection:
            last = await charges.pulled(connection, self._connection)
        begin = since.date() if last is None else last.date() - _A_DAY
        gather(await self._pull(min(begin, today - REMEMBERED)))

    async def pull_lately(self) -> float:
        """Pull recent charges; return 0, or in how many seconds to come again.

        The next pull waits ten times as long as this one takes.
        """
        rests = self._rests_until - time.monotonic()
        if rests > 0:
            return rests
        now = self._now()
        async with self._database.transaction() as connection:
            last = await charges.pulled(connection, self._connection)
        fresh = last is not None and now - last < _A_DAY
        await self._pull((now - (_LATELY if fresh else REMEMBERED)).date())
        return 0

    async def _pull(self, since: date) -> list[SpoiledRow]:
        began = time.monotonic()
        # One that can't be read is shown by its invoice, whose lines are read anew, and by the
        # sweep; it keeps nobody from the others.
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            await self._keep(self._shipbob.transactions(since))
        async with self._database.transaction() as connection:
            await charges.was_pulled(connection, self._connection, since, at=self._now())
        self._rests_until = time.monotonic() + _REST * (time.monotonic() - began)
        return spoiled

    async def invoices(self, since: datetime) -> Sequence[Kept]:
        """Return all invoices dated since a moment, with the sums of their kept lines."""
        heads = [_head(row) async for row in self._shipbob.invoices(since, priority=Priority.BULK)]
        async with self._database.transaction() as connection:
            await charges.keep_invoices(connection, self._connection, heads)
            return await charges.invoices_since(connection, self._connection, since.date())

    async def invoice(self, invoice_id: int) -> StoredInvoice | None:
        """Return the head of an invoice as it is now; None when there is no such invoice."""
        return await self._heads.get(invoice_id)

    async def pull_lines(self, invoice_id: int) -> int:
        """Pull and keep the lines of an invoice; return how many ShipBob still lists."""
        return await self._keep(self._shipbob.invoice_lines(invoice_id), invoice_id)

    async def kept_lines(self, invoice_id: int) -> Sequence[Summed]:
        """Return all lines of an invoice that were ever seen, those alike added up."""
        return await charges.sums(self._database, self._connection, invoice_id)

    async def forgotten(self, invoice: StoredInvoice) -> Sequence[Charge]:
        """Return charges that may be on an invoice although ShipBob does not say so any more.

        These are kept charges of the invoice's type and up to its day: we were told of no
        invoice that they are on, and ShipBob does not list them as not invoiced either.
        """
        if invoice.type is None or invoice.day is None:
            return ()
        candidates = [
            charge
            async for charge in charges.not_invoiced(
                self._database, self._connection, invoice_type=invoice.type, day=invoice.day
            )
        ]
        if not candidates:
            return ()
        since = min(one.charged_on for one in candidates if one.charged_on is not None)
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            listed = {
                transaction.transaction_id
                async for transaction, _ in self._shipbob.transactions(since, invoiced=False)
            }
        # One that can't be read is listed all the same, and another's is none of these.
        named = {one.ids.get("transaction_id") for one in spoiled}
        if None in named:
            raise unreadable("ShipBob", [one.sentence for one in spoiled])
        listed |= {one for one in named if one is not None}
        return [one for one in candidates if one.transaction_id not in listed]

    async def assign(self, invoice_id: int, found: Sequence[Charge]) -> None:
        """Keep that these charges are on an invoice."""
        async with self._database.transaction() as connection:
            await charges.assign(
                connection, self._connection, invoice_id, [one.transaction_id for one in found]
            )

    async def bills(self, number: str) -> tuple[ReferencedBill, ...]:
        """Return the vendor bills and credits with this reference number, ours and others."""
        return await self._bills.get(number) or ()

    async def vendor(self) -> Vendor | None:
        """Return ShipBob's vendor; None when it is not set, not there, or can't be seen."""
        if self._vendor is None:
            return None
        try:
            return await bills.vendor(self._netsuite.query, self._vendor)
        except UnknownIdentifier:
            return None

    async def _keep(
        self,
        found: AsyncIterator[tuple[Transaction, dict[str, Any]]],
        invoice_id: int | None = None,
    ) -> int:
        count = 0
        batch: list[tuple[Charge, dict[str, Any]]] = []
        async for transaction, raw in found:
            count += 1
            batch.append((charge(transaction, invoice_id), raw))
            if len(batch) >= _AT_A_TIME:
                await self._write(batch)
        await self._write(batch)
        return count

    async def _write(self, batch: list[tuple[Charge, dict[str, Any]]]) -> None:
        async with self._database.transaction() as connection:
            await charges.keep(connection, self._connection, batch)
        batch.clear()

    async def _fetch_heads(self, ids: Sequence[int]) -> Mapping[int, StoredInvoice]:
        """Read these invoices from the list: there is no call for one of them."""
        known: dict[int, StoredInvoice] = {}
        async with self._database.transaction() as connection:
            for one in ids:
                kept = await charges.invoice(connection, self._connection, one)
                if kept is not None:
                    known[one] = kept
        since = self._now() - _OLDEST
        days = [head.day for head in known.values() if head.day is not None]
        if len(days) == len(ids):
            since = max(since, datetime.combine(min(days), datetime.min.time(), UTC) - _A_DAY)
        wanted = set(ids)
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            listed = [
                _head(row)
                async for row in self._shipbob.invoices(since)
                if row.invoice_id in wanted
            ]
        # The list can't be asked for one of them: another's row is not theirs.
        named = {str(one) for one in ids}
        if theirs := [one for one in spoiled if one.ids.get("invoice_id") in named]:
            raise unreadable("ShipBob", [one.sentence for one in theirs])
        async with self._database.transaction() as connection:
            await charges.keep_invoices(connection, self._connection, listed)
        return {**known, **{head.id: head for head in listed}}

    async def _fetch_bills(
        self, numbers: Sequence[str]
    ) -> Mapping[str, tuple[ReferencedBill, ...]]:
        return await bills.bills_by_number(self._netsuite.query, numbers)


def charge(transaction: Transaction, invoice_id: int | None = None) -> Charge:
    """Return a transaction as it is kept.

    Args:
        transaction: as ShipBob gave it.
        invoice_id: of the invoice among whose lines it was found.
    """
    reference = transaction.reference_id
    return Charge(
        transaction_id=transaction.transaction_id,
        type=transaction.transaction_type,
        fee=transaction.transaction_fee,
        amount=transaction.amount,
        currency=currency_code(transaction.currency_code),
        tax=transaction.tax_amount,
        taxes=tuple(
            charges.StoredTax(tax_type=tax.tax_type, tax_amount=tax.tax_amount)
            for tax in transaction.taxes
        ),
        charged_on=transaction.charged_on,
        reference_type=transaction.reference_type,
        reference_id=None if reference is None else str(reference),
        center=transaction.fulfillment_center,
        invoice_id=invoice_id or transaction.invoice_id,
        invoice_type=transaction.invoice_type,
        details=transaction.additional_details,
    )


def _head(row: billing.Invoice) -> StoredInvoice:
    return StoredInvoice(
        id=row.invoice_id,
        type=row.invoice_type,
        day=row.day,
        amount=row.amount,
        currency=currency_code(row.currency_code),
    )


def currency_code(text: str | None) -> str | None:
    """Return a currency code as it is compared; None where none is named."""
    return (text or "").strip().upper() or None
