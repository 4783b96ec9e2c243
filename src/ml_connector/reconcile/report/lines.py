"""Every line as CSV: the journal's rows as the database streams them, then the differences."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from ml_connector.reconcile.amounts import plain
from ml_connector.reconcile.compare.report import Difference, OrderLineRow, Report
from ml_connector.reconcile.report import money as of_money
from ml_connector.reconcile.report.stock import equation, verdict
from ml_connector.reconcile.sections import MONEY, STOCK
from ml_connector.shown import cell

COLUMNS: Final = (
    *("record", "section", "verdict", "journal_number", "source", "source_line", "fact_date"),
    *("posting_date", "sku", "item", "location", "lot", "account", "detail", "currency"),
    *("shipbob", "journal", "netsuite", "document", "document_id", "external_id", "says"),
    *("remedy", "difference_id", "decided"),
)
"""The columns, which ``line_sql.HEADING_AND_LINES`` has too."""


PROVISIONAL: Final = "Provisional: the month has not ended, and more may move in it."
"""What every output says of a month that has not ended."""


def differences(report: Report) -> bytes:
    """Return every difference as CSV lines, without a heading."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    for one in report.differences:
        writer.writerow(_cells(one))
    return out.getvalue().encode()


def _cells(one: Difference) -> dict[str, str]:
    documents = [ref for ref in one.documents if ref.id]
    texts = {
        "section": one.section,
        "verdict": str(one.kind),
        "source": one.source,
        "source_line": one.source_line,
        "sku": "" if one.currency else one.what,
        "account": one.what if one.currency else "",
        "location": one.where,
        "currency": one.currency,
        "document": _joined(ref.type for ref in documents),
        "document_id": _joined(ref.id for ref in documents),
        "external_id": one.external_id,
        "says": one.says,
        "remedy": one.remedy,
        "difference_id": one.id,
        "decided": one.decided,
    }
    return {
        "record": _record(one),
        **{name: cell(text) for name, text in texts.items()},
        "fact_date": one.fact_date.isoformat() if one.fact_date else "",
        "shipbob": _number(one.shipbob, one.currency),
        "journal": _number(one.journal, one.currency),
        "netsuite": _number(one.netsuite, one.currency),
    }


def _record(one: Difference) -> str:
    if one.accepted:
        return "accepted"
    return "shown" if one.explained else "difference"


def order_lines(report: Report) -> bytes:
    """Return every purchase order line that was received on as CSV lines, without a heading."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    for row in report.order_lines:
        texts = {
            "section": report.sections.of_movement("ItemRcpt", "PurchOrd").key,
            "verdict": "left out" if row.left_out else "",
            "source_line": f"{row.order} line {row.line}",
            "sku": row.what,
            "item": row.item,
            "location": row.where,
            "document": "Purchase order",
            "document_id": row.order_id,
            "says": _said(row),
        }
        writer.writerow(
            {
                "record": "order_line",
                **{name: cell(text) for name, text in texts.items()},
                "netsuite": _number(row.month_ours + row.month_others, ""),
            }
        )
    return out.getvalue().encode()


def shipment_lines(report: Report) -> bytes:
    """Return the shipment lines that are not wholly ours as CSV lines, without a heading."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    for row in report.shipment_lines:
        texts = {
            "section": report.sections.of_movement("ItemShip", None).key,
            "source": row.source,
            "source_line": row.line,
            "sku": row.what,
            "document": _joined(ref.type for ref in row.documents),
            "document_id": _joined(ref.id for ref in row.documents),
            "says": (
                f"{plain(row.shipped)} shipped = {plain(row.ours)} fulfilled by us +"
                f" {plain(row.others)} by others + {plain(row.waiting)} waiting +"
                f" {plain(row.refused)} refused" + (f"; {row.says}" if row.says else "")
            ),
        }
        writer.writerow(
            {
                "record": "shipment_line",
                **{name: cell(text) for name, text in texts.items()},
                "fact_date": row.day.isoformat(),
                "shipbob": plain(row.shipped),
                "journal": plain(row.ours),
            }
        )
    return out.getvalue().encode()


def stock(report: Report) -> bytes:
    """Return every place with stock as CSV lines, without a heading."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    if report.provisional:
        writer.writerow({"record": "month", "verdict": "provisional", "says": PROVISIONAL})
    for line in report.tie_out.lines if report.tie_out else ():
        texts = {
            "section": STOCK.key,
            "verdict": verdict(line),
            "sku": line.place.what,
            "location": line.place.where,
            "says": equation(line),
        }
        writer.writerow(
            {
                "record": "stock",
                **{name: cell(text) for name, text in texts.items()},
                "shipbob": plain(line.shipbob.closed),
                "netsuite": plain(line.netsuite.closed),
            }
        )
    return out.getvalue().encode()


def money(report: Report) -> bytes:
    """Return every account of fees as CSV lines, without a heading."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    for line in report.money.lines if report.money else ():
        currency = line.place.currency
        texts = {
            "section": MONEY.key,
            "verdict": of_money.verdict(line),
            "account": line.place.account,
            "currency": currency,
            "says": of_money.said(line),
        }
        writer.writerow(
            {
                "record": "fees",
                **{name: cell(text) for name, text in texts.items()},
                "shipbob": plain(line.charged, currency),
                "netsuite": plain(line.billed, currency),
            }
        )
    return out.getvalue().encode()


def _said(row: OrderLineRow) -> str:
    if row.left_out:
        return f"left out: {row.left_out}"
    return (
        f"{plain(row.ordered)} ordered + {plain(row.surplus)} surplus ="
        f" {plain(row.ours)} received by us + {plain(row.others)} by others"
        f" + {plain(row.on_its_way)} on its way + {plain(row.to_come)} to come"
        f" + {plain(row.closed_short)} closed short"
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _number(value: Decimal | None, currency: str) -> str:
    return "" if value is None else plain(value, currency)
