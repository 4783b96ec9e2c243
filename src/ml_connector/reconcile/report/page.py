"""The report as a page that a controller files: one HTML file, with a style for print."""

import functools
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import jinja2

from ml_connector.engine.flow import Section
from ml_connector.reconcile.amounts import shown
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import (
    Difference,
    OrderLineRow,
    Report,
    Row,
    RowKey,
)
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.report import money
from ml_connector.reconcile.report.columns import ORDER_LINE, SHIPMENT_LINE, THREE_WAYS
from ml_connector.reconcile.report.lines import PROVISIONAL
from ml_connector.reconcile.report.money import MONEY
from ml_connector.reconcile.report.stock import BASES, STOCK, said, shown_lines
from ml_connector.reconcile.tie_out.judge import totals as sums
from ml_connector.shown import visible

MOST_ROWS: Final = 200
"""The most lines of a part on the page, those that differ first; the workbook has all."""

MOST_EXPLAINED: Final = 200
"""The most explained differences of a kind on the page."""


class MadePage(NamedTuple):
    """Who made a report, as its page says it.

    Attributes:
        report: number of the record that it was made.
        at: when, for a person.
        version: of this software.
        netsuite: the address under which people see a transaction, its internal id left out;
            empty where there is none.
    """

    report: int
    by: str
    at: str
    version: str
    netsuite: str = ""


def html(report: Report, month: Month, made: MadePage | None = None) -> str:
    """Return the page. The same report gives the same text.

    Args:
        report: of the month.
        month: which.
        made: who made it; None leaves that out.
    """
    sections = report.sections.ordered
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            made=made,
            month_name=f"{_NAMES[month.first.month - 1]} {month.first.year}",
            first=month.first.isoformat(),
            last=month.last.isoformat(),
            titles=report.sections.titles(),
            facts_title=report.sections.facts_title,
            of_money={section.key for section in sections if section.money},
            totals=totals(report),
            parts=[part for section in sections if (part := _part(report, section))[1]],
            open=_by_kind(report.open),
            accepted=_by_kind(report.accepted),
            explained=_by_kind(one for one in report.explained if not one.accepted),
            most=MOST_EXPLAINED,
            columns=THREE_WAYS,
            order_lines=_order_lines(report),
            order_columns=ORDER_LINE,
            shipments=report.shipment_lines[:MOST_ROWS],
            shipment_columns=SHIPMENT_LINE,
            stock=shown_lines(report.tie_out, MOST_ROWS) if report.tie_out else None,
            stock_columns=STOCK,
            stock_sums=sums(report.tie_out.lines) if report.tie_out else {},
            basis=BASES[report.tie_out.basis] if report.tie_out else "",
            said=said,
            money_columns=MONEY,
            money_sums=money.totals(report.money.lines) if report.money else [],
            money_notes=money.notes(report.money) if report.money else [],
            item_said=money.item_said,
            provisional=PROVISIONAL if report.provisional else "",
            left_out=[one for one in report.order_lines if one.left_out][:MOST_ROWS],
        )
    )


def totals(report: Report) -> list[tuple[RowKey, Row]]:
    """Return the sums of each part, in each currency."""
    sums: dict[RowKey, Row] = {}
    for key, row in report.rows:
        sums.setdefault(RowKey(key.section, "", "", key.currency), Row()).add(row)
    places = [section.key for section in report.sections.ordered]
    return sorted(sums.items(), key=lambda one: (places.index(one[0].section), one[0].currency))


def differs(row: Row) -> bool:
    """Return whether somebody must look at a line of the table."""
    return bool(row.open or row.difference)


def _part(report: Report, section: Section) -> tuple[Section, Sequence[tuple[RowKey, Row]], int]:
    rows = [(key, row) for key, row in report.rows if key.section == section.key]
    first = [one for one in rows if differs(one[1])]
    rest = [one for one in rows if not differs(one[1])]
    kept = max(0, MOST_ROWS - len(first))
    return section, [*first, *rest[:kept]], len(rest[kept:])


def _order_lines(report: Report) -> tuple[Sequence[OrderLineRow], int]:
    """Return the order lines that are shown, those with a surplus first, and how many are not."""
    ours = [one for one in report.order_lines if not one.left_out]
    first = sorted(ours, key=lambda one: not one.surplus)
    return first[:MOST_ROWS], len(first[MOST_ROWS:])


def _by_kind(found: Iterable[Difference]) -> list[tuple[Kind, list[Difference]]]:
    by_kind = sorted(found, key=lambda one: list(Kind).index(one.kind))
    return [(kind, list(ones)) for kind, ones in groupby(by_kind, key=lambda one: one.kind)]


@functools.cache
def _visible(value: object) -> object:
    return visible(value, keep="\n") if type(value) is str else value


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ml_connector.reconcile.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.globals["shown"] = shown
    return environment


# Month names of the page; the machine's locale has no say in it.
_NAMES: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
