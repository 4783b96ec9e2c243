"""Whether what a flow refuses on purpose may explain a difference of stock. Pure.

A flow's word is no reason: a rule that is wrong refuses in good faith. So the premise of a refusal
is looked for outside of the flow: a day, a rule or a policy that the merchant has set, an act of a
person, an item of which NetSuite keeps no stock.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.reconcile.tie_out.open_items import OpenStock
from ml_connector.rules.refused import names_rule
from ml_connector.rules.start_date import is_before_start

_POLICY: Final = re.compile(
    r"\b(extra_items|over_receipt|unmatched_shipment) (?:=|is) \"?([a-z-]+)\"?"
)
_NO_STOCK: Final = re.compile(r"\bNetSuite fulfils no .+: it is a .+ that is not marked")


def judged(
    lines: Iterable[OpenStock], settings: ConnectionSettings, stocked: Collection[str]
) -> list[OpenStock]:
    """Return lines that are not posted, each with whether its refusal stands.

    Args:
        lines: of the month's sources.
        settings: of the connection, as they are.
        stocked: SKUs of which NetSuite has stock, or had movements.
    """
    return [
        msgspec.structs.replace(
            one, founded=not one.refused or is_founded(one, settings, stocked=one.sku in stocked)
        )
        for one in lines
    ]


def is_founded(one: OpenStock, settings: ConnectionSettings, *, stocked: bool) -> bool:
    """Return whether something beside the flow shows why units of a line are refused.

    Args:
        one: the line.
        settings: of the connection.
        stocked: whether NetSuite has stock of its SKU, or had movements.
    """
    if one.by_person or is_before_start(one.fact_date, settings):
        return True
    named = _POLICY.search(one.reason)
    if named is not None and getattr(settings.policies, named[1]) == named[2]:
        return True
    if names_rule(settings.ignore, one.reason):
        return True
    return not stocked and bool(_NO_STOCK.search(one.reason))
