"""The questions that the flows send to NetSuite, so that each can be sent before the first event.

A table or column that an account or a role hides looks like a misspelt one (netsuite.md section
4.5), and shows only when a query names it. So ``ping`` sends each of these texts, which are the
flows' own, with parameters that no row has.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ml_connector.netsuite.dialect import column_name
from ml_connector.netsuite.queries import (
    bills,
    items,
    line_links,
    month,
    order_polls,
    our_documents,
    purchase_orders,
    received_lines,
    return_authorizations,
    setup,
    stock,
    transactions,
    transfer_orders,
    units,
)
from ml_connector.netsuite.queries.sales_orders import fulfillments, orders

GOODS_IN: Final = frozenset({"receiving", "purchase_orders"})
SOLD: Final = frozenset({"tracking", "returns"})
GOODS: Final = GOODS_IN | SOLD
ALL: Final = GOODS | {"billing", "inventory"}
MONTH_END: Final = frozenset({"the month end"})
"""No flow: nothing is stopped by it, and ``reconcile`` asks."""

_PLACE: Final = re.compile(r"TO_DATE\(\?, '([^']+)'\)|\?")
_NO_NUMBER: Final = "999999999999"
_NO_DAY: Final = {"YYYY-MM-DD": "2999-12-31", "YYYY-MM-DD HH24:MI:SS": "2999-12-31 23:59:59"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query, and who sends it.

    Attributes:
        about: what it asks about; several are about the same.
        text: the query, with its optional parts in square brackets.
        flows: the keys under ``[flows]`` of the flows that send it.
        instead: what is sent where that can't be asked.
        without: what happens where it can't be asked; empty where the flows stop then.
    """

    about: str
    text: str
    flows: frozenset[str]
    instead: str = ""
    without: str = ""


def unmatched(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a query with parameters that no row has. Pure."""
    query = text.replace("{list}", "?")
    found = _PLACE.finditer(query)
    return query, tuple(_NO_DAY[place[1]] if place[1] else _NO_NUMBER for place in found)


_QUESTIONS: Final = (
    *(
        Question(about="items", text=items.ITEMS.replace("{column}", column), flows=flows)
        for column, flows in (
            ("itemid", GOODS),
            ("fullname", GOODS),
            ("id", GOODS | {"inventory"}),
        )
    ),
    Question(
        about="kits",
        text=items.KIT_MEMBERS,
        flows=frozenset({"tracking"}),
        without="shipments of kits wait",
    ),
    Question(
        about="units",
        text=units.UNITS,
        flows=GOODS,
        without="order lines in cases are refused",
    ),
    Question(
        about="locations",
        text=setup.LOCATIONS,
        flows=GOODS,
        without="documents name no subsidiary",
    ),
    Question(
        about="posting periods",
        text=setup.PERIODS,
        flows=frozenset({"receiving", "tracking", "returns", "billing"}),
        without="dates are not checked before documents are posted",
    ),
    Question(
        about="purchase orders",
        text=purchase_orders.ORDERS.replace("{where}", "{list}"),
        flows=GOODS_IN,
    ),
    Question(
        about="purchase orders",
        text=purchase_orders.ORDERS.replace("{where}", purchase_orders.NUMBERS_OF),
        flows=GOODS_IN,
    ),
    Question(about="purchase orders", text=purchase_orders.ORDER_LINES, flows=GOODS_IN),
    Question(about="receipts", text=purchase_orders.RECEIPT_LINES, flows=GOODS_IN),
    Question(
        about="changes of orders",
        text=purchase_orders.ORDER_CHANGES,
        flows=frozenset({"purchase_orders"}),
    ),
    *(
        Question(about="changes of orders", text=text, flows=frozenset({"purchase_orders"}))
        for text in (*order_polls.OPEN_ORDERS.values(), order_polls.CHANGED_ORDERS)
    ),
    *(
        Question(
            about="deleted records",
            text=text,
            flows=frozenset({"purchase_orders"}),
            without="deleted orders are noticed once a day",
        )
        for text in (order_polls.DELETED, order_polls.DELETED_AMONG)
    ),
    Question(about="transfer orders", text=transfer_orders.BY_NUMBER, flows=GOODS_IN),
    Question(about="transfer orders", text=transfer_orders.BY_ID, flows=GOODS_IN),
    Question(about="fulfillments", text=fulfillments.FULFILLMENTS, flows=SOLD),
    Question(
        about="tracking numbers",
        text=fulfillments.TRACKING_NUMBERS,
        flows=SOLD,
        without="tracking numbers of fulfillments by hand are not seen",
    ),
    Question(
        about="lots",
        text=orders.LOTS,
        flows=SOLD,
        without="shipments and returns of lots stop",
    ),
    *(
        Question(about="return authorizations", text=text, flows=frozenset({"returns"}))
        for text in (
            return_authorizations.BY_NAME,
            return_authorizations.BY_ID,
            return_authorizations.BY_ORDER,
            return_authorizations.LINES,
            return_authorizations.RECEIPT_LINES,
            *line_links.LINKS.values(),
        )
    ),
    Question(about="bills", text=bills.BILLS, flows=frozenset({"billing"})),
    Question(
        about="the vendor",
        text=bills.VENDOR,
        flows=frozenset({"billing"}),
        without="the vendor's currency is not compared",
    ),
    Question(
        about="stock",
        text=stock.ON_HAND[stock.TABLES[0]],
        instead=stock.ON_HAND[stock.TABLES[1]],
        flows=frozenset({"inventory"}),
    ),
    Question(about="movements", text=month.OTHERS_OF_ITEMS, flows=frozenset({"inventory"})),
    Question(
        about="documents",
        text=our_documents.MADE_FROM,
        flows=frozenset({"receiving", "tracking", "returns"}),
        without="what became of a call whose answer was lost can't be told",
    ),
    *(
        Question(
            about="documents",
            text=text,
            flows=ALL,
            without="decisions that name a document can't be made",
        )
        for text in (transactions.BY_NUMBER, transactions.LINES, transactions.CHANGES)
    ),
    *(
        Question(
            about="the month", text=text, flows=MONTH_END, without="the month end can't be proved"
        )
        for text in (
            month.OUR_STOCK,
            month.OTHERS_STOCK,
            month.STOCK_BY_EXTERNAL_ID,
            month.STOCK_BY_ID,
            month.BILLS,
            month.BILLS_BY_EXTERNAL_ID,
            month.BILLS_BY_ID,
            bills.VENDOR_BILLS,
            stock.MOVED,
            stock.MOVED_BESIDE_KITS,
            items.IN_KITS,
            month.OF_ITEMS,
            received_lines.RECEIVED,
            our_documents.CHANGED,
        )
    ),
)


def questions(off: frozenset[str], match_fields: Sequence[str]) -> Iterator[Question]:
    """Yield the questions of the flows that are on, and of the month end. Pure.

    Args:
        off: the keys under ``[flows]`` of the flows that are off.
        match_fields: the fields of sales orders by which ShipBob's orders are found.
    """
    for one in (*_QUESTIONS, *_sales_orders(match_fields)):
        if one.flows - off:
            yield one


def _sales_orders(match_fields: Sequence[str]) -> Iterator[Question]:
    for field in dict.fromkeys(("id", *match_fields)):
        for text in (orders.ORDERS, orders.HEADERS, orders.OTHER_SALES):
            yield Question(
                about=f"sales orders by {field}",
                text=text.replace("{column}", column_name(field)),
                flows=SOLD,
            )
