"""What ends each kind of difference: the decisions that people have, and what is seen by itself.

One table for all kinds. Who adds a kind of difference adds its row.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.tie_out.differences import TIED
from ml_connector.words import DecisionKind


class DifferenceEnding(NamedTuple):
    """How a difference ends.

    Attributes:
        cure: what is done in NetSuite or at ShipBob, which the next report sees by itself.
        decisions: that a person has about it, in the order in which they are offered.
        with_fact: whether it is decided with the fact that it is of, as ``events decide`` does.
        of_others: whether it is about a document beside ours, which the journal never has.
    """

    cure: str
    decisions: tuple[DecisionKind, ...] = ()
    with_fact: bool = False
    of_others: bool = False


_ACCEPT, _HANDLED, _CORRECT, _NOT_OURS = (
    DecisionKind.ACCEPT,
    DecisionKind.HANDLED,
    DecisionKind.CORRECT,
    DecisionKind.NOT_OURS,
)

_LINE: Final = DifferenceEnding("the line of the order, or the receipt, is put right", (_ACCEPT,))

ENDINGS: Final[Mapping[Kind, DifferenceEnding]] = MappingProxyType(
    {
        Kind.FACT_NEVER_TOLD: DifferenceEnding("a sweep, or sync, finds the fact", with_fact=True),
        Kind.FACT_NOT_POSTED: DifferenceEnding("its fact runs again", with_fact=True),
        Kind.FACT_WAITING: DifferenceEnding("what its fact waits for is there", with_fact=True),
        Kind.FACT_WENT_DOWN: DifferenceEnding("ShipBob says what is posted", with_fact=True),
        Kind.HANDLED_CHANGED: DifferenceEnding("the document is changed back", with_fact=True),
        Kind.DECISION_ROWS_DIFFER: DifferenceEnding(
            "its fact runs again, or the decision is taken back", with_fact=True
        ),
        Kind.REFUSAL_NOT_HELD: DifferenceEnding(
            "the document holds the units, or its shipment is posted", (_ACCEPT,)
        ),
        Kind.ACCEPTED_CHANGED: DifferenceEnding("the decision is taken back"),
        Kind.AFTER_CLOSE: DifferenceEnding(
            "it is put back, or the month is opened and closed anew"
        ),
        Kind.DOCUMENT_CHANGED: DifferenceEnding(
            "the lines are set back", (_ACCEPT, _CORRECT, _HANDLED)
        ),
        Kind.DOCUMENT_DELETED: DifferenceEnding(
            "it is entered again with its external id", (_ACCEPT, _CORRECT, _HANDLED)
        ),
        Kind.DOCUMENT_VOIDED: DifferenceEnding(
            "it is entered again with its external id", (_ACCEPT, _CORRECT, _HANDLED)
        ),
        Kind.LOCATION_CHANGED: DifferenceEnding("the location is set back", (_ACCEPT, _CORRECT)),
        Kind.AMOUNT_CHANGED: DifferenceEnding("the amount is set back", (_ACCEPT,)),
        Kind.ACCOUNT_CHANGED: DifferenceEnding("the account is set back", (_ACCEPT,)),
        Kind.CURRENCY_CHANGED: DifferenceEnding("the currency is set back", (_ACCEPT,)),
        Kind.DATE_CHANGED: DifferenceEnding("the date is set back", (_ACCEPT,)),
        Kind.PERIOD_CHANGED: DifferenceEnding("the date is set back", (_ACCEPT,)),
        Kind.EXTERNAL_ID_CHANGED: DifferenceEnding("the external id is set back", (_ACCEPT,)),
        Kind.SKU_CHANGED: DifferenceEnding("the SKU is set back at ShipBob", (_ACCEPT,)),
        Kind.ORDER_LINE_OF_OTHER_LOCATION: _LINE,
        Kind.ORDER_LINE_OF_OTHER_ITEM: _LINE,
        Kind.ORDER_LINE_EXCEEDED: _LINE,
        Kind.FULFILLED_FROM_OTHER_ORDER: DifferenceEnding(
            "it is deleted, and the right order fulfilled", (_ACCEPT,)
        ),
        Kind.POSTED_TOO_EARLY: DifferenceEnding(
            "it is undone, and posted again with a later date", (_ACCEPT,)
        ),
        Kind.ROW_UNREADABLE: DifferenceEnding("the row can be read, there or by another version"),
        Kind.DOCUMENT_DOUBLED: DifferenceEnding(
            "the copy is deleted", (_NOT_OURS, _CORRECT), of_others=True
        ),
        Kind.DOCUMENT_UNKNOWN: DifferenceEnding(
            "it is deleted, or its source is replayed", (_NOT_OURS, _CORRECT), of_others=True
        ),
        Kind.STOCK_MOVED_AT_SHIPBOB: DifferenceEnding(
            "ShipBob takes it back, or NetSuite's stock follows", (_ACCEPT, _CORRECT)
        ),
        Kind.STOCK_MOVED_BY_OTHERS: DifferenceEnding(
            "the document is deleted, or ShipBob's stock follows", (_ACCEPT, _CORRECT)
        ),
        Kind.STOCK_CORRECTED: DifferenceEnding("the correction is undone", (_ACCEPT,)),
        Kind.STOCK_INSIDE_SHIPBOB: DifferenceEnding("ShipBob's history is complete", (_ACCEPT,)),
        Kind.STOCK_INSIDE_NETSUITE: DifferenceEnding("all lines can be seen", (_ACCEPT,)),
        Kind.FEES_UNEXPLAINED: DifferenceEnding("the bill says what was charged", (_ACCEPT,)),
        Kind.FEES_BILLED_TWICE: DifferenceEnding(
            "the bill that is too many is deleted", (_ACCEPT,)
        ),
        Kind.FEES_NOT_CHARGED: DifferenceEnding(
            "the bill is deleted, names its invoice, or goes to another account", (_ACCEPT,)
        ),
        Kind.FEES_OTHER_CURRENCY: DifferenceEnding(
            "the bill is entered in the invoice's currency", (_ACCEPT,)
        ),
        Kind.FEES_OTHER_SUBSIDIARY: DifferenceEnding(
            "the bill is entered in the subsidiary of the settings", (_ACCEPT,)
        ),
        Kind.FEES_OTHER_PERIOD: DifferenceEnding(
            "the bill's period is that of its date", (_ACCEPT,)
        ),
        Kind.STOCK_UNEXPLAINED: DifferenceEnding(
            "what moved is booked, or NetSuite's stock is corrected by drift decide", (_ACCEPT,)
        ),
    }
)
"""By kind, all that keep a month open."""

_STOCK_ALONE: Final = frozenset({_CORRECT})
_WHOLE_BILLS: Final = frozenset({Kind.DOCUMENT_DELETED, Kind.DOCUMENT_VOIDED})


def offered(one: Difference) -> tuple[DecisionKind, ...]:
    """Return which decisions a person has about a difference of a document.

    A counter-document is of stock alone, at a location. Another document stands for units that
    ours does not move any more, or for a bill of ours that is gone whole.
    """
    if one.explained or one.kind not in ENDINGS:
        return ()
    return tuple(kind for kind in ENDINGS[one.kind].decisions if _fits(kind, one))


def _fits(kind: DecisionKind, one: Difference) -> bool:
    if kind is _HANDLED and one.currency:
        return one.kind in _WHOLE_BILLS
    if kind is _CORRECT and one.kind in TIED and not one.item:
        return False  # NetSuite has no such item
    if kind in _STOCK_ALONE | {_HANDLED}:
        return bool(one.where) and not one.currency
    return True
