"""Charges and invoices, kept for ever (ShipBob's lines are gone after seven days).

A charge is known by its transaction id. No charge is ever removed: a later pull may add the
invoice that it is on, and a changed amount is kept beside the one before.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg.rows import DictRow

from ml_connector.moments import known
from ml_connector.storage.database import Connection, Database, one, rows


class StoredTax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax on a charge."""

    tax_type: str | None = None
    tax_amount: Decimal = Decimal(0)


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction of ShipBob's, as it is kept.

    Attributes:
        type: Charge, Refund, Credit, Payment, BalanceAdjustment, or another.
        amount: signed, in ``currency``; credits are negative.
        tax: all its taxes together.
        charged_on: ShipBob's date of the charge.
        center: the fulfillment center's name.
        invoice_id: None until it is on an invoice.
        invoice_type: of the invoice that it is on, or will be on.
        details: ShipBob's additional details.
    """

    transaction_id: str
    type: str | None = None
    fee: str | None = None
    amount: Decimal
    currency: str | None = None
    tax: Decimal = Decimal(0)
    taxes: tuple[StoredTax, ...] = ()
    charged_on: date | None = None
    reference_type: str | None = None
    reference_id: str | None = None
    center: str | None = None
    invoice_id: int | None = None
    invoice_type: str | None = None
    details: dict[str, Any] = {}


class Summed(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of an invoice that are alike, added up. ``amount`` is signed."""

    fee: str | None = None
    type: str | None = None
    reference_type: str | None = None
    center: str | None = None
    currency: str | None = None
    count: int = 1
    amount: Decimal
    taxes: tuple[StoredTax, ...] = ()


def summed(charge: Charge) -> Summed:
    """Return one charge as a sum of one."""
    return Summed(
        fee=charge.fee,
        type=charge.type,
        reference_type=charge.reference_type,
        center=charge.center,
        currency=charge.currency,
        amount=charge.amount,
        taxes=charge.taxes,
    )


class StoredInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """The head of an invoice, as it is kept. ``amount`` is its total, signed."""

    id: int
    type: str | None = None
    day: date | None = None
    amount: Decimal
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An invoice as far as it is known: its head, and the sum of its kept lines.

    Attributes:
        amount: of the head.
        lines: how many are kept.
        total: their sum.
    """

    id: int
    type: str | None
    day: date | None
    amount: Decimal
    lines: int
    total: Decimal


_TAXES: Final = msgspec.json.Decoder(tuple[StoredTax, ...])
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

_KEEP_CHARGES: Final = """
insert into charge as c (connection, transaction_id, type, fee, amount, currency, tax, taxes,
    charged_on, reference_type, reference_id, center, invoice_id, invoice_type, details, raw)
select %(connection)s, n.transaction_id, n.type, n.fee, n.amount, n.currency, n.tax, n.taxes,
    n.charged_on, n.reference_type, n.reference_id, n.center, n.invoice_id, n.invoice_type,
    n.details, n.raw
from json_to_recordset(%(charges)s::json) as n (transaction_id text, type text, fee text,
    amount numeric, currency text, tax numeric, taxes json, charged_on date, reference_type text,
    reference_id text, center text, invoice_id bigint, invoice_type text, details json,
    raw json)
order by n.transaction_id
on conflict (connection, transaction_id) do update set
    type = excluded.type, fee = excluded.fee, amount = excluded.amount,
    currency = excluded.currency, tax = excluded.tax, taxes = excluded.taxes,
    charged_on = excluded.charged_on, reference_type = excluded.reference_type,
    reference_id = excluded.reference_id, center = excluded.center,
    invoice_id = coalesce(excluded.invoice_id, c.invoice_id),
    assigned = c.assigned and excluded.invoice_id is null,
    invoice_type = coalesce(excluded.invoice_type, c.invoice_type), details = excluded.details,
    raw = excluded.raw, changed_at = now(),
    earlier = case
        when (c.amount, c.tax, c.currency, c.type, c.fee)
            is distinct from (excluded.amount, excluded.tax, excluded.currency, excluded.type,
                excluded.fee)
        then c.earlier || jsonb_build_array(c.raw::jsonb) else c.earlier end
where c.raw::text <> excluded.raw::text
    or excluded.invoice_id is not null and c.invoice_id is distinct from excluded.invoice_id
"""

_KEEP_INVOICES: Final = """
insert into invoice as i (connection, id, type, day, amount, currency)
select %(connection)s, n.id, n.type, n.day, n.amount, n.currency
from json_to_recordset(%(invoices)s::json) as n (id bigint, type text, day date, amount numeric,
    currency text)
order by n.id
on conflict (connection, id) do update set
    type = excluded.type, day = excluded.day, amount = excluded.amount,
    currency = excluded.currency, changed_at = now()
where (i.type, i.day, i.amount, i.currency)
    is distinct from (excluded.type, excluded.day, excluded.amount, excluded.currency)
"""

ALIKE: Final = ("fee", "type", "reference_type", "center", "currency")
"""What charges have in common that are added up."""

_SUMS: Final = f"""
select {", ".join(ALIKE)}, count(*) as count, sum(amount) as amount from charge
where connection = %(name)s and invoice_id = %(invoice)s group by {", ".join(ALIKE)}
"""  # noqa: S608 - our own constants

_TAX_SUMS: Final = f"""
select {", ".join(ALIKE)}, t ->> 'tax_type' as tax_type,
    sum((t ->> 'tax_amount')::numeric) as tax_amount
from charge, json_array_elements(taxes) as t
where connection = %(name)s and invoice_id = %(invoice)s
group by {", ".join(ALIKE)}, t ->> 'tax_type'
"""  # noqa: S608 - our own constants

_COLUMNS: Final = (
    "transaction_id, type, fee, amount, currency, tax, taxes::text, charged_on, reference_type,"
    " reference_id, center, invoice_id, invoice_type, details"
)

# Rows of a long answer that are fetched at a time: memory stays flat.
_FETCH: Final = 2000


async def keep(
    connection: Connection, name: str, charges: Sequence[tuple[Charge, dict[str, Any]]]
) -> None:
    """Keep charges, each with the row it came in; known ones are brought up to date.

    Amounts go into the database with all the digits that ShipBob sent. Each transaction id
    must be among them once.
    """
    if not charges:
        return
    encoded = _ENCODER.encode(
        [{**msgspec.structs.asdict(charge), "raw": raw} for charge, raw in charges]
    )
    await rows(connection, _KEEP_CHARGES, {"connection": name, "charges": encoded.decode()})


async def keep_invoices(
    connection: Connection, name: str, invoices: Sequence[StoredInvoice]
) -> None:
    """Keep the heads of invoices; each id must be among them once."""
    if invoices:
        encoded = _ENCODER.encode(invoices)
        await rows(connection, _KEEP_INVOICES, {"connection": name, "invoices": encoded.decode()})


async def invoice(connection: Connection, name: str, invoice_id: int) -> StoredInvoice | None:
    """Return the head of an invoice; None when it was never seen."""
    row = await one(
        connection,
        "select id, type, day, amount, currency from invoice"
        " where connection = %(name)s and id = %(id)s",
        {"name": name, "id": invoice_id},
    )
    return StoredInvoice(**row) if row else None


async def invoices_since(connection: Connection, name: str, day: date) -> list[Kept]:
    """Return the invoices dated since a day, and those without a date, oldest first."""
    found = await rows(
        connection,
        "select i.id, i.type, i.day, i.amount, count(c.transaction_id) as lines,"
        " coalesce(sum(c.amount), 0) as total"
        " from invoice as i left join charge as c"
        "  on c.connection = i.connection and c.invoice_id = i.id"
        " where i.connection = %(name)s and (i.day >= %(day)s or i.day is null)"
        " group by i.connection, i.id order by i.id",
        {"name": name, "day": day},
    )
    return [Kept(**row) for row in found]


async def sums(database: Database, name: str, invoice_id: int) -> list[Summed]:
    """Return what the kept lines of an invoice come to, those alike together.

    An invoice may have a hundred thousand lines: the database adds them up, exactly.
    """
    parameters = {"name": name, "invoice": invoice_id}
    amounts = await database.fetch(_SUMS, parameters)
    taxes: dict[tuple[Any, ...], list[StoredTax]] = {}
    for row in await database.fetch(_TAX_SUMS, parameters):
        tax = StoredTax(tax_type=row["tax_type"], tax_amount=row["tax_amount"])
        taxes.setdefault(_alike(row), []).append(tax)
    return [Summed(**row, taxes=tuple(taxes.get(_alike(row), ()))) for row in amounts]


def _alike(row: DictRow) -> tuple[Any, ...]:
    return tuple(row[column] for column in ALIKE)


async def charged_between(
    database: Database, name: str, first: date, last: date
) -> AsyncIterator[Charge]:
    """Yield what was charged from one day to another, both included, in order of days."""
    async for charge in _stream(
        database,
        f"select {_COLUMNS} from charge"  # noqa: S608 - our own constant
        " where connection = %(name)s and charged_on between %(first)s and %(last)s"
        " order by charged_on, transaction_id",
        {"name": name, "first": first, "last": last},
    ):
        yield charge


async def not_invoiced_at(database: Database, name: str, day: date) -> AsyncIterator[Charge]:
    """Yield what was charged by the end of a day and was on no invoice dated by then.

    An invoice without a date counts as dated by then; one whose lines no run has seen yet
    counts as none.
    """
    async for charge in _stream(
        database,
        f"select {_COLUMNS} from charge"  # noqa: S608 - our own constant
        " where connection = %(name)s and charged_on <= %(day)s"
        " and not exists (select 1 from invoice as i where i.connection = charge.connection"
        "  and i.id = charge.invoice_id and (i.day <= %(day)s or i.day is null)"
        "  and not exists (select 1 from subject as s where s.connection = i.connection"
        "   and s.flow = 'billing' and s.key = i.id::text"
        "   and not exists (select 1 from source_line as l where l.subject_id = s.id)))"
        " order by charged_on, transaction_id",
        {"name": name, "day": day},
    ):
        yield charge


async def not_invoiced(
    database: Database, name: str, *, invoice_type: str, day: date
) -> AsyncIterator[Charge]:
    """Yield the charges up to a day that would be on an invoice of this type and are on none."""
    async for charge in _stream(
        database,
        f"select {_COLUMNS} from charge"  # noqa: S608 - our own constant
        " where connection = %(name)s and invoice_id is null and charged_on <= %(day)s"
        " and lower(replace(invoice_type, ' ', '')) = lower(replace(%(type)s, ' ', ''))"
        " order by charged_on, transaction_id",
        {"name": name, "day": day, "type": invoice_type},
    ):
        yield charge


async def assign(
    connection: Connection, name: str, invoice_id: int, transaction_ids: Sequence[str]
) -> None:
    """Record that charges are on an invoice although ShipBob never said so."""
    await rows(
        connection,
        "update charge set invoice_id = %(invoice)s, assigned = true, changed_at = now()"
        " where connection = %(name)s and invoice_id is null"
        " and transaction_id = any (%(ids)s)",
        {"name": name, "invoice": invoice_id, "ids": list(transaction_ids)},
    )


async def pulled(connection: Connection, name: str) -> datetime | None:
    """Return when the charges were last pulled; None: never."""
    row = await one(
        connection,
        "select pulled_at from charge_pull"  # noqa: S608 - a text of ours
        f" where connection = %(name)s and {known('pulled_at')}",
        {"name": name},
    )
    return row["pulled_at"] if row else None


async def was_pulled(connection: Connection, name: str, since: date, *, at: datetime) -> None:
    """Record when all that was charged since a day was pulled."""
    await rows(
        connection,
        "insert into charge_pull (connection, pulled_at, since)"
        " values (%(name)s, %(at)s, %(since)s) on conflict (connection) do update"
        " set pulled_at = excluded.pulled_at, since = excluded.since",
        {"name": name, "since": since, "at": at},
    )


async def _stream(
    database: Database, query: str, parameters: dict[str, Any]
) -> AsyncIterator[Charge]:
    async with database.transaction() as connection, connection.cursor("charges") as cursor:
        cursor.itersize = _FETCH
        await cursor.execute(query, parameters)
        async for row in cursor:
            # Read from its text: the driver would make a float of a tax.
            row["taxes"] = () if row["taxes"] == "[]" else _TAXES.decode(row["taxes"])
            yield Charge(**row)
