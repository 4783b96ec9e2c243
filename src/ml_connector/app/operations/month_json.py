"""The report of a month for a program: what ``--json`` prints, pages show, and is kept with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile.amounts import plain
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.report import money
from ml_connector.reconcile.report.page import totals
from ml_connector.reconcile.tie_out.judge import figures
from ml_connector.reconcile.tie_out.judge import totals as figures_of

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
            "provisional": report.provisional,
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
            "shipment_lines": report.shipment_lines,
            "tie_out": _stock(report),
            "money": _money(report),
            "locations": report.tie_out.named if report.tie_out else {},
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
    tied = shown["tie_out"]
    return {
        **shown,
        "explained": shown["explained"][:MOST_KEPT],
        "tie_out": {**tied, "lines": tied["lines"][:MOST_KEPT]},
    }


def _money(report: Report) -> dict[str, Any]:
    """Return money, account by account, those that are red first."""
    tied = report.money
    if tied is None:
        return {"vendor": None, "notes": [report.money_not_tied], "lines": [], "fees": []}
    return {
        "vendor": tied.vendor,
        "notes": money.notes(tied),
        "totals": [
            {"currency": one.place.currency or None, **money.figures(one)}
            for one in money.totals(tied.lines)
        ],
        "lines": [
            {
                "account": one.place.account,
                "account_name": tied.accounts.get(one.place.account, ""),
                "currency": one.place.currency or None,
                **money.figures(one),
                "red": one.red,
                "items": [
                    {
                        "kind": item.kind,
                        "words": item.kind.rule.words,
                        "amount": plain(item.amount, item.place.currency),
                        "invoice": item.invoice,
                        "says": item.says,
                        "acts": item.kind.rule.acts,
                        "ends": item.kind.rule.ends,
                        "documents": item.documents,
                    }
                    for item in one.items
                ],
            }
            for one in tied.lines
        ],
        "fees": [
            {
                "fee": one.fee,
                "type": one.type,
                "account": one.account,
                "account_name": tied.accounts.get(one.account, ""),
                "currency": one.currency or None,
                "invoiced": plain(one.invoiced, one.currency),
                "not_invoiced": plain(one.not_invoiced, one.currency),
                "charges": one.charges,
            }
            for one in tied.fees
        ],
        "no_cost": tied.no_cost,
    }


def _stock(report: Report) -> dict[str, Any]:
    """Return the tie-out, place by place, those that are red first."""
    tied = report.tie_out
    if tied is None:
        return {"basis": None, "notes": [report.not_tied], "totals": {}, "lines": []}
    return {
        "basis": tied.basis,
        "notes": list(tied.notes),
        "totals": {name: str(value) for name, value in figures_of(tied.lines).items()},
        "lines": [
            {
                "sku": one.place.what,
                "location": one.place.where,
                "location_name": tied.named.get(one.place.where, ""),
                **{name: str(value) for name, value in figures(one).items()},
                "red": one.red,
                "items": [
                    {
                        "kind": item.kind,
                        "words": item.kind.rule.words,
                        "quantity": str(item.quantity),
                        "says": item.says,
                        "source": item.source,
                        "acts": item.kind.rule.acts,
                        "ends": item.kind.rule.ends,
                        "documents": item.documents,
                    }
                    for item in one.items
                ],
                "may_have_to_do_with_it": [item.says for item in one.hints],
                "causes": [
                    {
                        "kind": cause.kind,
                        "words": cause.kind.rule.words,
                        "says": cause.says,
                        "units": str(cause.units.get(one.place.where, 0)),
                    }
                    for cause in one.causes
                ],
            }
            for one in tied.lines
        ],
    }
