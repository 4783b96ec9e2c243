"""The kinds of difference, by stable codes that people filter on."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """How two sides can differ."""

    FACT_NEVER_TOLD = "fact_never_told"
    FACT_NOT_POSTED = "fact_not_posted"
    FACT_WAITING = "fact_waiting"
    FACT_WENT_DOWN = "fact_went_down"
    SKU_CHANGED = "sku_changed"
    DOCUMENT_DELETED = "document_deleted"
    DOCUMENT_VOIDED = "document_voided"
    DOCUMENT_CHANGED = "document_changed"
    DOCUMENT_DOUBLED = "document_doubled"
    DOCUMENT_UNKNOWN = "document_unknown"
    EXTERNAL_ID_CHANGED = "external_id_changed"
    LOCATION_CHANGED = "location_changed"
    DATE_CHANGED = "date_changed"
    PERIOD_CHANGED = "period_changed"
    AMOUNT_CHANGED = "amount_changed"
    ACCOUNT_CHANGED = "account_changed"
    CURRENCY_CHANGED = "currency_changed"
    DOCUMENT_REENTERED = "document_reentered"
    DOCUMENT_NOT_NEEDED = "document_not_needed"
    DOCUMENT_CORRECTED = "document_corrected"
    FACT_ACCEPTED = "fact_accepted"
    FACT_REFUSED = "fact_refused"
    FACT_HANDLED = "fact_handled"
    HANDLED_CHANGED = "handled_changed"
    REFUSAL_NOT_HELD = "refusal_not_held"
    DECISION_ROWS_DIFFER = "decision_rows_differ"
    ORDER_LINE_OF_OTHER_LOCATION = "order_line_of_other_location"
    ORDER_LINE_OF_OTHER_ITEM = "order_line_of_other_item"
    ORDER_LINE_EXCEEDED = "order_line_exceeded"
    FULFILLED_FROM_OTHER_ORDER = "fulfilled_from_other_order"
    POSTED_TOO_EARLY = "posted_too_early"
    ROW_UNREADABLE = "row_unreadable"
    AFTER_CLOSE = "after_close"
    ACCEPTED_CHANGED = "accepted_changed"
    IN_TRANSIT = "in_transit"
    MOVED_BY_OTHERS = "moved_by_others"
    POSTED_LATER = "posted_later"
    POSTED_FROM_EARLIER = "posted_from_earlier"
    STOCK_UNEXPLAINED = "stock_unexplained"
    STOCK_MOVED_AT_SHIPBOB = "stock_moved_at_shipbob"
    STOCK_MOVED_BY_OTHERS = "stock_moved_by_others"
    STOCK_CORRECTED = "stock_corrected"
    STOCK_INSIDE_SHIPBOB = "stock_inside_shipbob"
    STOCK_INSIDE_NETSUITE = "stock_inside_netsuite"
    STOCK_OPENING = "stock_opening"
    FEES_UNEXPLAINED = "fees_unexplained"
    FEES_BILLED_TWICE = "fees_billed_twice"
    FEES_NOT_CHARGED = "fees_not_charged"
    FEES_OTHER_CURRENCY = "fees_other_currency"
    FEES_OTHER_SUBSIDIARY = "fees_other_subsidiary"
    FEES_OTHER_PERIOD = "fees_other_period"

    @property
    def words(self) -> str:
        """The kind in words, for a person."""
        return _TITLES[self]

    @property
    def explained(self) -> bool:
        """Whether it is only shown, and nobody has to do anything about it."""
        return self in EXPLAINED


EXPLAINED: Final = frozenset(
    {
        Kind.DOCUMENT_REENTERED,
        Kind.DOCUMENT_NOT_NEEDED,
        Kind.DOCUMENT_CORRECTED,
        Kind.FACT_ACCEPTED,
        Kind.FACT_REFUSED,
        Kind.FACT_HANDLED,
        Kind.IN_TRANSIT,
        Kind.MOVED_BY_OTHERS,
        Kind.POSTED_LATER,
        Kind.POSTED_FROM_EARLIER,
        Kind.STOCK_OPENING,
    }
)
"""The kinds that are only shown with their reason: they do not keep a month open."""

ROW_REMEDY: Final = (
    "See whether the value named can be corrected there, and make the report again. Else report it"
    " as a fault of this software, with the text above."
)
"""What a person does about a row that can't be read."""

_TITLES: Final = MappingProxyType(
    {
        Kind.FACT_NEVER_TOLD: "ShipBob has it, and nothing ever told us",
        Kind.FACT_NOT_POSTED: "A fact that was never posted",
        Kind.FACT_WAITING: "A fact that waits",
        Kind.FACT_WENT_DOWN: "ShipBob says less than was posted",
        Kind.SKU_CHANGED: "Posted under another SKU than ShipBob's",
        Kind.DOCUMENT_DELETED: "A document of ours was deleted",
        Kind.DOCUMENT_VOIDED: "A document of ours was voided",
        Kind.DOCUMENT_CHANGED: "A document of ours was changed",
        Kind.DOCUMENT_DOUBLED: "A document of ours was doubled",
        Kind.DOCUMENT_UNKNOWN: "A document with our external id that we never posted",
        Kind.EXTERNAL_ID_CHANGED: "The external id of a document was changed",
        Kind.LOCATION_CHANGED: "A document of ours was moved to another location",
        Kind.DATE_CHANGED: "The date of a document was changed",
        Kind.PERIOD_CHANGED: "A document of ours was moved to another month",
        Kind.AMOUNT_CHANGED: "A bill that does not tie any more",
        Kind.ACCOUNT_CHANGED: "A bill with another account than was posted",
        Kind.CURRENCY_CHANGED: "A bill in another currency than was posted",
        Kind.DOCUMENT_REENTERED: "A document of ours was entered again by hand, alike",
        Kind.DOCUMENT_NOT_NEEDED: "A document of ours was deleted, and nothing needs it any more",
        Kind.DOCUMENT_CORRECTED: "A document of ours was corrected to what ShipBob says now",
        Kind.FACT_ACCEPTED: "Taken as it is, as a person decided",
        Kind.FACT_REFUSED: "Refused on purpose",
        Kind.FACT_HANDLED: "Handled by a document of others, as a person decided",
        Kind.HANDLED_CHANGED: "A document that handled a fact was changed",
        Kind.DECISION_ROWS_DIFFER: "Booked otherwise than a person decided",
        Kind.REFUSAL_NOT_HELD: "Refused because of a document that holds fewer units",
        Kind.ORDER_LINE_OF_OTHER_LOCATION: "Received on an order line of another location",
        Kind.ORDER_LINE_OF_OTHER_ITEM: "Received on an order line of another item",
        Kind.ORDER_LINE_EXCEEDED: "More received on an order line than it orders",
        Kind.FULFILLED_FROM_OTHER_ORDER: "Fulfilled from another order than its shipment's",
        Kind.POSTED_TOO_EARLY: "Posted in a month before its fact",
        Kind.ROW_UNREADABLE: "A row of one of the systems that can't be read",
        Kind.AFTER_CLOSE: "Changed after the month was closed",
        Kind.ACCEPTED_CHANGED: "What a person took as it is, and is not so any more",
        Kind.IN_TRANSIT: "In transit from a hub, or between centers",
        Kind.MOVED_BY_OTHERS: "Moved by others in NetSuite",
        Kind.POSTED_LATER: "Fact of this month, posted in a later one",
        Kind.POSTED_FROM_EARLIER: "Posted in this month, fact of another one",
        Kind.STOCK_UNEXPLAINED: "Stock that does not tie out, and nothing explains why",
        Kind.STOCK_MOVED_AT_SHIPBOB: "Stock that ShipBob alone has moved",
        Kind.STOCK_MOVED_BY_OTHERS: "Stock that others moved in NetSuite, and not at ShipBob",
        Kind.STOCK_CORRECTED: "Stock that was corrected by decision, and not at ShipBob",
        Kind.STOCK_INSIDE_SHIPBOB: "ShipBob's history does not add up to its own stock",
        Kind.STOCK_INSIDE_NETSUITE: "NetSuite's lines do not add up to its own stock",
        Kind.STOCK_OPENING: "Stock that differed before the movements of the month",
        Kind.FEES_UNEXPLAINED: "Fees that do not tie out, and nothing explains why",
        Kind.FEES_BILLED_TWICE: "Fees that are billed, and more than ShipBob charged",
        Kind.FEES_NOT_CHARGED: "A bill on an account of fees that no invoice is behind",
        Kind.FEES_OTHER_CURRENCY: "Fees that are billed in another currency than charged",
        Kind.FEES_OTHER_SUBSIDIARY: "A bill in another subsidiary than the settings say",
        Kind.FEES_OTHER_PERIOD: "A bill of ours in another posting period than its date",
    }
)
