"""What is to be booked of a WRO, and the adjustment for units that no order line takes. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.documents import Booking, Increase, adjustment
from ml_connector.flows.receiving.facts import ReceivingFacts, ReceivingOrder
from ml_connector.flows.receiving.hubs import ordered_at
from ml_connector.ledger.postings.documents import Document, Plan, Posted
from ml_connector.rules.adjustments import Subsidiaries, adjustment_subsidiary
from ml_connector.rules.external_ids import receipt_number
from ml_connector.rules.posting_dates import needed_day, posting_date
from ml_connector.words import Cause, DocumentKind


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be booked of a WRO, and what is needed to book it.

    Attributes:
        mark: the document that tells ShipBob that all is booked; empty while it is not.
        ended: whether nothing more will be stowed of the WRO.
        unit_rates: base units in one of each unit that items are kept in.
        announced: the day on which the WRO was made, in the merchant's time zone, where known.
        location_subsidiaries: of each location that shows any.
        settled_receipts: internal ids of other people's receipts that a person has decided
            about: nothing asks about them again.
    """

    booking: Booking
    increases: tuple[Increase, ...]
    posted: tuple[Posted, ...]
    settings: ConnectionSettings
    mark: tuple[Document, ...]
    ended: bool
    unit_rates: dict[str, Decimal] = {}
    announced: date | None = None
    location_subsidiaries: dict[str, tuple[str, ...]] = {}
    settled_receipts: frozenset[str] = frozenset()


def booking_of(facts: ReceivingFacts, location: str, settings: ConnectionSettings) -> Booking:
    """Return what the documents of a WRO share: where, and when.

    Args:
        facts: of the WRO.
        location: NetSuite's internal id.
        settings: of the connection.

    Raises:
        NeedsHuman: ShipBob does not say when it was stowed, or the period is closed.
    """
    fact_date = needed_day(
        facts.stowed_at, settings, of=f"the units of WRO {facts.wro_id} were stowed"
    )
    return Booking(
        wro_id=facts.wro_id,
        number=1,
        location=location,
        fact_date=fact_date,
        date=posting_date(
            fact_date,
            facts.periods,
            settings.policies.closed_period,
            document=f"the receipt of WRO {facts.wro_id}",
        ),
        bound_for=ordered_at(facts, settings) if facts.destination_id else None,
    )


def adjust(
    task: Task,
    units: Sequence[tuple[Increase, int]],
    why: str,
    order: ReceivingOrder | None = None,
) -> Document:
    """Return the inventory adjustment that books units which no order line takes.

    Args:
        task: what is to be booked.
        units: those that are adjusted, in eaches.
        why: the reason, for the memo.
        order: that the units came for, where there is one.

    Raises:
        NeedsHuman: no account is set for it, an item is kept in another unit than eaches, or its
            subsidiary is not clear.
    """
    account = task.settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"WRO {task.booking.wro_id} needs an inventory adjustment ({why}), but no account is"
            " set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    for one, _ in units:
        rate = task.unit_rates.get(one.item.stock_unit or "", Decimal(1))
        if rate != 1:
            raise NeedsHuman(
                f"WRO {task.booking.wro_id} needs an inventory adjustment ({why}), but"
                f" {one.item.name} is kept in a unit of {rate:f} base units, and ShipBob counts"
                " eaches",
                cause=Cause.UNIT_DIFFERS,
                remedy="Adjust the stock by hand in NetSuite, in the unit that is right.",
            )
    return adjustment(
        numbered(task, DocumentKind.INVENTORY_ADJUSTMENT),
        units,
        account=account,
        subsidiary=adjustment_subsidiary(
            task.booking.location,
            Subsidiaries(
                task.location_subsidiaries,
                order=order.subsidiary if order is not None else None,
                setting=task.settings.netsuite.subsidiary,
            ),
            f"WRO {task.booking.wro_id}",
        ),
        why=why,
    )


def numbered(task: Task, kind: str) -> Booking:
    """Return the booking with the number of the next document of a kind.

    Where documents were taken in that the books lacked, others before them may be gone.
    """
    same = [document for document in task.posted if document.kind == kind]
    taken = [receipt_number(task.booking.wro_id, document.external_id) for document in same]
    return msgspec.structs.replace(task.booking, number=1 + max([len(same), *taken]))


def without_order(task: Task, why: str = "") -> Plan:
    """Book the units of a WRO without a purchase order number, or with one that no order has.

    Args:
        task: what is to be booked.
        why: the reason, for the memo; empty: it carries no number.

    Raises:
        NeedsHuman: the policy ``unmatched_wro`` is to park, or the adjustment can't be made.
    """
    if task.settings.policies.unmatched_wro == "park":
        raise NeedsHuman(
            f"WRO {task.booking.wro_id} carries no purchase order number",
            cause=Cause.PURCHASE_ORDER_NOT_FOUND,
            remedy=(
                'Put the number on the WRO at ShipBob, or set unmatched_wro = "adjust" to book'
                " such WROs as inventory adjustments."
            ),
            waiting_for=[AwaitedKind.POLICY.named("unmatched_wro")],
        )
    units = [(one, one.quantity) for one in task.increases]
    whole = adjust(task, units, why or "no purchase order")
    return Plan(documents=(whole, *task.mark))
