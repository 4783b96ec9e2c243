"""The rows of a report's temporary tables: how they are written, and how they are read back."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.reconcile.compare.document_pairs import moving
from ml_connector.reconcile.compare.sides import Fact, Movement, Waiting
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.transaction_types import kind_name
from ml_connector.words import OUR_EXTERNAL_IDS


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A document of ours that the month's lines in NetSuite do not show."""

    external_id: str
    kind: str
    remote_id: str


class LiveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source as ShipBob shows it now, where no run has seen it so."""

    flow: str
    key: str
    name: str
    currency: str
    fact_date: date
    sku: str | None
    quantity: int | None
    amount: Decimal | None
    center: int | None = None


def movement_row(line: Movement) -> Sequence[object]:
    """Return a line of NetSuite in the order of ``document_sql.MOVEMENT_COLUMNS``."""
    return (
        *(line.id, line.line, line.type, line.date, line.number, line.external_id, line.memo),
        *(line.entity, line.created_from, line.order_type, line.item, line.item_name),
        *(line.location, line.quantity, line.amount, line.account),
        *(line.currency, line.voided, line.posted),
        *(
            line.kit,
            bool(moving([line])),
            (line.external_id or "").startswith(OUR_EXTERNAL_IDS),
        ),
    )


def document_of(row: Mapping[str, Any]) -> DocumentRef:
    """Return the document of a row of ``source_sql.DOCUMENTS_OF``."""
    return DocumentRef(
        type=kind_name(row["kind"]),
        id=row["remote_id"],
        external_id=row["external_id"],
        date=row["posting_date"].isoformat(),
    )


def fact_of(row: Mapping[str, Any]) -> Fact:
    """Return the line of a source that a row of ``source_sql.STATES`` is about."""
    waiting = None
    if row["waits"]:
        waiting = Waiting(
            state=row["state"],
            cause=row["cause"] or "",
            sentence=row["sentence"] or "",
            remedy=row["remedy"] or "",
        )
    return Fact(
        flow=row["flow"],
        source=row["source"],
        source_line=row["name"],
        fact_date=row["fact_date"],
        sku=row["sku"],
        quantity=int(row["value"]) if row["moves"] and not row["money"] else None,
        amount=row["value"] if row["money"] else None,
        currency=row["currency"] or None,
        refused=row["refused"],
        handled=row["handled"],
        reason=row["reason"],
        by_person=row["by_person"],
        waiting=waiting,
        told=row["told"],
    )
