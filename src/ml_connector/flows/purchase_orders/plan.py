"""Which WROs and products should exist at ShipBob for an order. Pure."""

from collections.abc import Sequence

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.work.backoff import LISTED_AFTER_SECONDS
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.flows.purchase_orders.announcing import announce
from ml_connector.flows.purchase_orders.documents import product
from ml_connector.flows.purchase_orders.ended_orders import plan_deleted, plan_not_open
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts
from ml_connector.flows.purchase_orders.open_units import centers_by_location
from ml_connector.flows.purchase_orders.products import unknown
from ml_connector.flows.purchase_orders.whose.ambiguous import refuse_ambiguous
from ml_connector.flows.purchase_orders.wro_receipts import with_hand_receipts
from ml_connector.flows.purchase_orders.wros import made_wros, wros_of
from ml_connector.ledger.postings.documents import Document, Plan, Posted, SourceLine
from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.statuses import PURCHASE_ORDER_KNOWN, PURCHASE_ORDER_OPEN
from ml_connector.rules.decisions.not_ours import not_ours_reason
from ml_connector.rules.refused import ignored_wro
from ml_connector.rules.start_date import is_before_start
from ml_connector.rules.unknown_words import unknown_status
from ml_connector.words import Cause


def plan(
    facts: PurchaseOrderFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    """Decide which WROs should exist for an order beyond those that do.

    Raises:
        NeedsData: ShipBob does not know a SKU, or a WRO is at an unmapped center.
        NeedsHuman: a fraction of a unit or a lot-tracked product is ordered, a location has
            several fulfillment centers, a transfer order has the number of a purchase order,
            the role sees the order no more, another order has its number, a WRO may be
            another order's, somebody cancelled a WRO of it at ShipBob, or it changed when its
            stock was on its way already, or its status is not known.
        Retryable: a WRO that was just made is not listed yet.
    """
    not_announced = _not_announced(facts, posted, settings)
    if not_announced:
        return Plan(note=not_announced)
    seen = msgspec.structs.replace(facts, wros=with_hand_receipts(facts, settings))
    wros = wros_of(seen, posted)
    if not facts.number:
        return plan_deleted(facts, posted)
    if facts.status not in PURCHASE_ORDER_KNOWN:
        raise _status_unknown(facts)
    if facts.status not in PURCHASE_ORDER_OPEN:
        return plan_not_open(facts, wros.standing_ours, settings)
    refuse_ambiguous(facts, wros, settings)
    new_products = _new_products(facts, settings)
    if new_products:
        return Plan(
            documents=new_products,
            remaining_failure=Retryable(
                f"Products of {facts.number} were just made at ShipBob",
                cause=Cause.SKU_MISSING_IN_SHIPBOB,
                retry_after_seconds=LISTED_AFTER_SECONDS,
            ),
        )
    return announce(facts, wros, settings)


def _not_announced(
    facts: PurchaseOrderFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> str:
    """Return why an order is not announced at all; empty where it is.

    One that we have announced goes on, whatever rule names it since: its WROs are to be cancelled
    when it is closed.

    Raises:
        NeedsHuman: a transfer order has the number of a purchase order.
    """
    here = set(settings.locations.values())
    if is_before_start(facts.ordered_on, settings):
        begins = settings.start_date
        return f"{facts.number} was ordered before the start date {begins}: not announced"
    ignored = "" if made_wros(posted) else ignored_wro(settings.ignore, facts.number)
    not_ours = not_ours_reason(facts.decisions) or ignored
    if not_ours:
        return f"{facts.number} is not announced. {not_ours}"
    if facts.unreadable:
        return (
            f"{facts.number} is a transfer order, which the role may not read: not announced."
            ' Give it "Transfer Order" (View) if it should be'
        )
    if facts.moved_from in here:
        return (
            f"{facts.number} moves stock between two locations of ShipBob, which sees to its own"
            " moves: not announced"
        )
    if facts.shares_number and any(line.location in here for line in facts.lines):
        raise NeedsHuman(
            f"{facts.number} is the number of a transfer order and of a purchase order, so"
            " nobody could tell whose goods arrive",
            cause=Cause.TRANSFER_ORDER,
            remedy="Give one of the two another number in NetSuite. It then goes on by itself.",
        )
    return ""


def _status_unknown(facts: PurchaseOrderFacts) -> NeedsHuman:
    return unknown_status(
        f"Order {facts.number}",
        facts.status,
        where="in NetSuite",
        unclear="whether it may be received, so it is neither announced nor cancelled",
        remedy=(
            "Look at the order in NetSuite. It goes on by itself when its status is one of a"
            " purchase order's; report this one."
        ),
    )


def _new_products(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> tuple[Document, ...]:
    """Return the products to make for open lines whose SKU ShipBob has never heard of.

    Only by the policy ``missing_product``; a SKU that is there and inactive is a person's.
    """
    if settings.policies.missing_product != "create":
        return ()
    centers = centers_by_location(facts, settings)
    wanted = {
        line.ordered_item
        for line in facts.lines
        if line.open_quantity and line.location in centers and line.item_type in STOCKED
    }
    return tuple(
        product(facts.order_id, sku, item.names[0])
        for sku, item in sorted(unknown(wanted, facts.products, settings.skus).items())
    )


def source_lines(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return none: announcing moves no stock. What arrives is receiving's to account for."""
    del facts, settings
    return ()
