"""The report of a month for a program: what ``--json`` prints, pages show, and is kept with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.report.page import totals

MOST_KEPT: Final = 1_000


def as_json(
    report_id: int, report: Report, *, files: Sequence[Path], asked_shipbob: bool
) -> dict[str, Any]:
    """Return a report for a program, as JSON builtins, with every line that it shows."""
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "report": report_id,
            "connection": report.connection,
            "month": report.month,
            "timezone": report.zone,
            "sections": [
                {
                    "key": one.key,
                    "title": one.title,
                    "facts": one.facts or one.title,
                    "money": one.money,
                }
                for one in report.sections.ordered
            ],
            "green": report.green,
            "head": report.head,
            "journal_rows": report.journal_rows,
            "documents": report.documents,
            "totals": [
                {
                    "section": key.section,
                    "currency": key.currency or None,
                    **{name: str(getattr(row, name)) for name in row.__struct_fields__},
                }
                for key, row in totals(report)
            ],
            "equations": report.equations,
            "differences": report.open,
            "decided": [one for one in report.differences if one.decided],
            "accepted": report.accepted,
            "order_lines": report.order_lines,
            "shown": dict(Counter(one.kind for one in report.explained)),
            "explained": report.explained,
            "asked_shipbob": asked_shipbob,
            "files": [str(path) for path in files],
        }
    )
    return found


def seal_as_json(seal: Seal | None) -> dict[str, Any] | None:
    """Return the seal of a month for a program; None where it is open."""
    if seal is None:
        return None
    return {
        "by": seal.sealed_by,
        "at": seal.sealed_at.isoformat(),
        "report": seal.report,
        "version": seal.version,
        "head": {"number": seal.head_number, "hash": seal.head_hash},
    }


def kept(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of it: of the differences with a reason the first, and all counted."""
    return {**shown, "explained": shown["explained"][:MOST_KEPT]}
