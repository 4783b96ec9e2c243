"""What becomes of a transform whose line numbers are not proved. Pure."""

from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.records.order_lines import OrderType
from ml_connector.rules.line_numbers.compare import LineNumbers
from ml_connector.words import Cause

ALL: Final = "all"
"""Ends the name of an order of which every open line is awaited, not only the numbers."""


def refuse_unclear_lines(
    numbers: LineNumbers, record_type: OrderType, order_id: str, order_number: str
) -> None:
    """Stop where a transform of an order could take a line that is not meant.

    Args:
        numbers: what is known of the order's line numbers.
        record_type: of the order.
        order_id: its internal id.
        order_number: for people.

    Raises:
        NeedsHuman: the numbers are not proved, or the order has open lines that queries don't
            show: not being named, they would be taken in full (netsuite.md section 7.3).
    """
    refuse_unproved_lines(numbers, record_type, order_id, order_number)
    if numbers.unseen:
        lines = ", ".join(f"{one.line} (item {one.item_id})" for one in numbers.unseen[:5])
        raise NeedsHuman(
            f"{order_number} has open lines that NetSuite's queries don't show the integration"
            f" role, and a document would take them with the others: {lines}",
            cause=Cause.LINE_NUMBERS_UNCLEAR,
            remedy=(
                "Let the integration role see these items, or close the lines; what waits goes on"
                " by itself within minutes. Or book this order by hand in NetSuite."
            ),
            waiting_for=[AwaitedKind.ORDER_LINES.named(f"{record_type}:{order_id}:{ALL}")],
        )


def refuse_unproved_lines(
    numbers: LineNumbers, record_type: OrderType, order_id: str, order_number: str
) -> None:
    """Stop where the number of a line may be another line's. Arguments as above.

    Raises:
        NeedsHuman: the numbers are not proved.
    """
    if numbers.problem:
        raise NeedsHuman(
            f"Which line of {order_number} a document would take is not proved: {numbers.problem}",
            cause=Cause.LINE_NUMBERS_UNCLEAR,
            remedy=(
                "If somebody was just changing the order, or the integration role could not see"
                " it, what waits goes on by itself within minutes: query and record are compared"
                " again. If they stay different, book this order by hand in NetSuite and report"
                " it with the text above; no other numbering is guessed."
            ),
            waiting_for=[AwaitedKind.ORDER_LINES.named(f"{record_type}:{order_id}")],
        )
