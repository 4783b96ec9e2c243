"""Money of a month as its newest report shows it, for a page. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.reconcile.amounts import shown as amount_shown
from ml_connector.reconcile.report.money import MONEY


class MoneyAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a currency.

    Attributes:
        name: its id and, where it is known, its name.
        amounts: by column.
        items: what its difference is made of, each a sentence.
    """

    name: str
    currency: str
    red: bool
    amounts: Mapping[str, Decimal]
    items: tuple[str, ...]


class MonthMoney(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a month, those accounts first that keep it open.

    Attributes:
        vendor: ShipBob's, in NetSuite; empty where money was not tied out.
        columns: field and heading of each.
    """

    vendor: str
    notes: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    lines: tuple[MoneyAccount, ...]


def month_money(shown: Mapping[str, Any]) -> MonthMoney | None:
    """Return money as a kept report shows it; None in reports of earlier versions."""
    tied = shown.get("money")
    if tied is None:
        return None
    return MonthMoney(
        vendor=tied["vendor"] or "",
        notes=tuple(tied["notes"]),
        columns=tuple((column.field, column.heading) for column in MONEY),
        lines=tuple(map(_account, tied["lines"])),
    )


def _account(one: Mapping[str, Any]) -> MoneyAccount:
    currency = one["currency"] or ""
    return MoneyAccount(
        name=f"{one['account'] or 'No account'} {one['account_name']}".strip(),
        currency=currency,
        red=one["red"],
        amounts={column.field: Decimal(one[column.field]) for column in MONEY},
        items=tuple(_items(one["items"], currency)),
    )


def _items(items: Sequence[Mapping[str, Any]], currency: str) -> list[str]:
    return [
        f"{amount_shown(Decimal(item['amount']), currency)} {item['words']}"
        + (f": {item['says']}" if item["says"] else "")
        for item in items
    ]
