"""What changed in a month after it was closed. Pure.

A seal keeps the figures of each line of the report: what ShipBob said, what was posted, what
NetSuite has of ours and of others. A later report of the month is held against them, whatever
explains its lines by now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile.amounts import shown
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report, Row, RowKey

_SIDES: Final = {
    "shipbob": "ShipBob",
    "journal": "journal",
    "netsuite": "NetSuite, ours",
    "others": "NetSuite, others",
}
"""The figures of a line that are kept, and what people call them."""


class SealedFigures(NamedTuple):
    """What a line said: in the order of the sides."""

    shipbob: Decimal = Decimal(0)
    journal: Decimal = Decimal(0)
    netsuite: Decimal = Decimal(0)
    others: Decimal = Decimal(0)


def figures(report: Report) -> list[list[str]]:
    """Return what a seal keeps of a report: of each line its key and its figures, as text."""
    return [
        [key.section, key.what, key.where, key.currency, *map(str, _of(row))]
        for key, row in report.rows
        if any(_of(row))
    ]


def after_close(report: Report, seal: Seal) -> list[Difference]:
    """Return the lines whose figures are others than when the month was closed.

    Args:
        report: of the month as it is now.
        seal: of the month, which stands.
    """
    sealed = dict(_kept(seal.figures))
    now = {key: _of(row) for key, row in report.rows}
    return [
        one for key in sorted({*sealed, *now}) for one in _changed(key, sealed, now, report, seal)
    ]


def _of(row: Row) -> SealedFigures:
    return SealedFigures(*(getattr(row, name) for name in _SIDES))


def _kept(lines: Iterable[Sequence[Any]]) -> Iterator[tuple[RowKey, SealedFigures]]:
    for section, what, where, currency, *sides in lines:
        yield RowKey(section, what, where, currency), SealedFigures(*map(Decimal, sides))


def _changed(
    key: RowKey,
    sealed: Mapping[RowKey, SealedFigures],
    now: Mapping[RowKey, SealedFigures],
    report: Report,
    seal: Seal,
) -> Iterator[Difference]:
    before, after = sealed.get(key, SealedFigures()), now.get(key, SealedFigures())
    if before == after:
        return
    changes = ", ".join(
        f"{words} {shown(was, key.currency)} then, {shown(now_, key.currency)} now"
        for words, was, now_ in zip(_SIDES.values(), before, after, strict=True)
        if was != now_
    )
    place = f" at location {key.where}" if key.where else ""
    part = report.sections.titles().get(key.section, key.section)
    yield Difference(
        kind=Kind.AFTER_CLOSE,
        section=key.section,
        what=key.what,
        where=key.where,
        currency=key.currency,
        says=(
            f"{key.what}{place} ({part}): changed since {seal.sealed_by} closed the month on"
            f" {seal.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {changes}"
        ),
        remedy=(
            "See who changed what: the other differences of this line, NetSuite's system notes,"
            " and ml-connector journal list. Put it back; or, if it is right, open the month with"
            f" ml-connector reconcile {report.month} --unseal --note TEXT and close it anew: the"
            " seal of before is kept."
        ),
    )
