"""Charges are kept for ever, each once, with all their digits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from ml_connector.ledger.sources import charges
from ml_connector.ledger.sources.charges import Charge, StoredInvoice
from ml_connector.reads.billing import charge
from ml_connector.shipbob import payloads
from ml_connector.shipbob.resources import billing
from ml_connector.storage.database import Database, rows

DAY = date(2026, 11, 18)


def transaction(number: int, amount: str = "6.12", **more: Any) -> dict[str, Any]:
    body = (
        f'{{"transaction_id": "T{number}", "transaction_type": "Charge", "amount": {amount},'
        ' "transaction_fee": "Shipping", "currency_code": "USD", "charge_date": "2026-11-18",'
        ' "invoice_type": "Shipping", "taxes": [{"tax_type": "GST", "tax_amount": 0.10}]}'
    )
    return {**payloads.read(body.encode()), **more}  # type: ignore[dict-item]  # an object


@pytest.fixture
async def books(database: Database) -> Database:
    async with database.transaction() as connection:
        await rows(
            connection,
            "insert into connection (name, mode, settings) values ('acme', 'live', '{}')",
        )
    return database


async def keep(books: Database, *found: dict[str, Any]) -> None:
    pairs = [(charge(payloads.decode(row, billing.Transaction)), row) for row in found]
    async with books.transaction() as connection:
        await charges.keep(connection, "acme", pairs)


async def kept(books: Database) -> Sequence[Charge]:
    return [one async for one in charges.charged_between(books, "acme", DAY, DAY)]


async def test_a_charge_that_is_pulled_twice_is_kept_once(books: Database) -> None:
    await keep(books, transaction(1))
    await keep(books, transaction(1), transaction(2))

    assert [one.transaction_id for one in await kept(books)] == ["T1", "T2"]


@pytest.mark.parametrize(
    "digits", ["0.1", "12.10", "1234567890123456.78", "-0.0049", "1250", "1.001"]
)
async def test_amounts_are_kept_with_all_their_digits(books: Database, digits: str) -> None:
    await keep(books, transaction(1, digits))
    [one] = await kept(books)

    assert str(one.amount) == digits
    assert [str(tax.tax_amount) for tax in one.taxes] == ["0.10"]


async def test_the_invoice_of_a_charge_is_never_lost_again(books: Database) -> None:
    await keep(books, transaction(1))
    await keep(books, transaction(1, invoice_id=71823))
    await keep(books, transaction(1))
    [one] = await kept(books)

    assert one.invoice_id == 71823


async def test_a_changed_amount_is_kept_beside_the_one_before(books: Database) -> None:
    await keep(books, transaction(1, "6.12"))
    await keep(books, transaction(1, "7.00"))
    [row] = await books.fetch("select amount, earlier -> 0 ->> 'amount' as before from charge")

    assert (row["amount"], row["before"]) == (Decimal("7.00"), "6.12")


@pytest.mark.parametrize("statement", ["delete from charge", "truncate charge"])
async def test_charges_can_not_be_removed(books: Database, statement: str) -> None:
    await keep(books, transaction(1))

    with pytest.raises(psycopg.errors.RaiseException, match="kept for ever"):
        await books.fetch(statement)


async def test_what_was_not_invoiced_at_a_day_is_told_by_the_invoices_dates(
    books: Database,
) -> None:
    await keep(
        books,
        transaction(1, invoice_id=1),
        transaction(2, invoice_id=2),
        transaction(3),
        transaction(4, charge_date="2026-11-30"),
    )
    heads = [
        StoredInvoice(id=number, amount=Decimal("6.12"), day=date(2026, 11, day))
        for number, day in ((1, 23), (2, 30))
    ]
    async with books.transaction() as connection:
        await charges.keep_invoices(connection, "acme", heads)
    found = [
        one.transaction_id
        async for one in charges.not_invoiced_at(books, "acme", date(2026, 11, 25))
    ]

    assert found == ["T2", "T3"]


async def test_an_invoice_is_told_with_what_its_kept_lines_come_to(books: Database) -> None:
    await keep(books, transaction(1, "6.12", invoice_id=1), transaction(2, "1.005", invoice_id=1))
    async with books.transaction() as connection:
        await charges.keep_invoices(
            connection, "acme", [StoredInvoice(id=1, amount=Decimal("7.13"), day=DAY)]
        )
        [one] = await charges.invoices_since(connection, "acme", DAY)

    assert (one.lines, one.total, one.amount) == (2, Decimal("7.125"), Decimal("7.13"))


async def test_when_charges_were_pulled_is_remembered(books: Database) -> None:
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    async with books.transaction() as connection:
        before = await charges.pulled(connection, "acme")
        await charges.was_pulled(connection, "acme", DAY, at=at)
        after = await charges.pulled(connection, "acme")

    assert (before, after) == (None, at)


async def test_lines_that_are_alike_are_added_up_exactly(books: Database) -> None:
    other = {"tax_type": "PST", "tax_amount": "0.005"}
    await keep(
        books,
        transaction(1, "0.1", invoice_id=1),
        transaction(2, "0.20", invoice_id=1, taxes=[other]),
        transaction(3, "5", invoice_id=1, transaction_fee="Per Pick Fee", taxes=[]),
    )
    found = {one.fee: one for one in await charges.sums(books, "acme", 1)}
    taxes = {tax.tax_type: str(tax.tax_amount) for tax in found["Shipping"].taxes}

    assert (found["Shipping"].count, str(found["Shipping"].amount)) == (2, "0.30")
    assert taxes == {"GST": "0.10", "PST": "0.005"}
    assert (found["Per Pick Fee"].amount, found["Per Pick Fee"].taxes) == (Decimal(5), ())
