"""Sums of kept charges and the invoices that they are on, as a month end asks for them."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from psycopg.rows import DictRow

from ml_connector.ledger.sources.charges import ALIKE, StoredInvoice, StoredTax, Summed
from ml_connector.storage.database import Database

_SUMS_OF: Final = f"""
select invoice_id, {", ".join(ALIKE)}, count(*) as count, sum(amount) as amount, sum(tax) as tax
from charge where connection = %(name)s and invoice_id = any (%(invoices)s)
    and not transaction_id = any (%(besides)s)
group by invoice_id, {", ".join(ALIKE)}
"""  # noqa: S608 - our own constants

_SUMS_ON_NONE: Final = f"""
select {", ".join(ALIKE)}, count(*) as count, sum(amount) as amount, sum(tax) as tax from charge
where connection = %(name)s and charged_on <= %(day)s and not transaction_id = any (%(besides)s)
    and (invoice_id is null or not invoice_id = any (%(dated)s) and not exists (
        select 1 from invoice as i where i.connection = charge.connection
            and i.id = charge.invoice_id and (i.day <= %(day)s or i.day is null)))
group by {", ".join(ALIKE)}
"""  # noqa: S608 - our own constants


async def sums_of(
    database: Database, name: str, invoices: Sequence[int], *, besides: Sequence[str] = ()
) -> dict[int, list[Summed]]:
    """Return what the kept lines of invoices come to, those alike together.

    Args:
        database: where they are kept.
        name: of the connection.
        invoices: their numbers.
        besides: transactions that are left out: ShipBob lists them now.
    """
    found: dict[int, list[Summed]] = {}
    parameters = {"name": name, "invoices": list(invoices), "besides": list(besides)}
    for row in await database.fetch(_SUMS_OF, parameters):
        found.setdefault(row.pop("invoice_id"), []).append(_summed_row(row))
    return found


async def sums_on_none(
    database: Database,
    name: str,
    day: date,
    *,
    dated: Sequence[int],
    besides: Sequence[str] = (),
) -> list[Summed]:
    """Return what was charged by the end of a day and is on no invoice dated by then.

    Args:
        database: where charges are kept.
        name: of the connection.
        day: the day.
        dated: invoices dated by then, beside those that are kept.
        besides: transactions that are left out: ShipBob lists them now.
    """
    parameters = {"name": name, "day": day, "dated": list(dated), "besides": list(besides)}
    return [_summed_row(row) for row in await database.fetch(_SUMS_ON_NONE, parameters)]


async def invoices_of(
    database: Database, name: str, first: date, after: date, *, numbers: Sequence[int] = ()
) -> list[StoredInvoice]:
    """Return the kept invoices dated in these days or without a date, and those named."""
    found = await database.fetch(
        "select id, type, day, amount, currency from invoice where connection = %(name)s"
        " and (day >= %(first)s and day < %(after)s or day is null or id = any (%(numbers)s))"
        " order by id",
        {"name": name, "first": first, "after": after, "numbers": list(numbers)},
    )
    return [StoredInvoice(**row) for row in found]


async def invoices_of_others(database: Database, name: str, numbers: Sequence[int]) -> set[int]:
    """Return which of these invoices other connections have."""
    found = await database.fetch(
        "select distinct id from invoice where connection <> %(name)s and id = any (%(numbers)s)",
        {"name": name, "numbers": list(numbers)},
    )
    return {row["id"] for row in found}


def _summed_row(row: DictRow) -> Summed:
    taxes = (StoredTax(tax_amount=row.pop("tax")),) if row["tax"] else ()
    row.pop("tax", None)
    return Summed(**row, taxes=taxes)
