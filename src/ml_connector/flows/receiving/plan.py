"""What to book of a WRO beyond what is posted. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.flows.receiving.booking import Task, booking_of, without_order
from ml_connector.flows.receiving.decided import (
    accounted_units,
    handled_elsewhere,
    lapsed,
    left_to_others,
    settled,
    split_handled,
    taken_back,
    takes_out,
)
from ml_connector.flows.receiving.decisions.corrections import corrections, said_of_order
from ml_connector.flows.receiving.decisions.less import less_units
from ml_connector.flows.receiving.documents import Increase, wro_mark
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.flows.receiving.found import lost_receipts
from ml_connector.flows.receiving.hubs import moved_on
from ml_connector.flows.receiving.over_receipt import from_order
from ml_connector.flows.receiving.stowed import (
    booked_otherwise,
    fewer,
    name_of,
    source_lines,
    stowed_units,
    unbooked,
)
from ml_connector.flows.receiving.wake import changed_order
from ml_connector.flows.receiving.whose.order import is_hidden, names_order, order_of
from ml_connector.ledger.conservation.equation import of_subject
from ml_connector.ledger.postings.documents import Document, Plan, Posted
from ml_connector.rules.adjustments import refuse_item_without_stock, refuse_unnamed_lot
from ml_connector.rules.booked import TAKEN_BACK, refuse_fewer_units, standing
from ml_connector.rules.decisions.corrections import as_posted
from ml_connector.rules.decisions.named import settled_documents
from ml_connector.rules.decisions.policies import decided_settings, is_adjusted
from ml_connector.rules.decisions.reduced import reduced_records
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.items import match, sku_of
from ml_connector.rules.locations import location_of
from ml_connector.rules.posting_dates import local_day
from ml_connector.rules.refused import ignored_wro, refusal
from ml_connector.rules.start_date import before_start
from ml_connector.rules.unknown_words import unknown_status
from ml_connector.shipbob.resources.receiving import COMPLETED, ENDED, KNOWN
from ml_connector.words import Cause, DocumentKind


def plan(facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what to book of a WRO beyond what is posted.

    Raises:
        NeedsData: the fulfillment center is not mapped, a SKU is no item in NetSuite yet,
            or the purchase order is not there. Nothing is planned then, so a WRO is never
            half booked.
        NeedsHuman: a quantity went down, a SKU is ambiguous, the order is closed, the
            period is closed, a date or an account is missing; the remedy says what to do.
            That the status is not known is said by ``remaining_failure``, beside what is booked.
    """
    left_out = before_start(local_day(facts.stowed_at, settings), settings)
    if not (left_out or posted):
        left_out = ignored_wro(settings.ignore, facts.purchase_order_number)
    if left_out:
        return refusal(source_lines(facts, settings), left_out)
    others = left_to_others(facts, posted, settings)
    if others is not None:
        return others
    if settings.policies.receipts == "completed" and facts.status not in ENDED:
        if facts.status not in KNOWN:
            return Plan(remaining_failure=_status_unknown(facts))
        waiting = "Waits for the WRO to be completed, as the policy receipts says"
        return Plan(note=waiting, waiting=waiting)
    corrected = corrections(facts, posted, settings)
    try:
        if corrected:
            decided = _corrected(facts, corrected, posted, settings)
        else:
            decided = _beyond_booked(facts, posted, settings)
    except (NeedsData, NeedsHuman) as error:
        _wake_by_orders(error, facts)
        raise
    if isinstance(decided.remaining_failure, (NeedsData, NeedsHuman)):
        _wake_by_orders(decided.remaining_failure, facts, books=bool(decided.documents))
    return decided


def _wake_by_orders(
    error: NeedsData | NeedsHuman, facts: ReceivingFacts, *, books: bool = False
) -> None:
    """Let a WRO that stops at its orders wait for any change of them."""
    if not error.waiting_for or error.cause == Cause.OVER_RECEIPT:
        changed = (changed_order(order, books=books) for order in facts.orders)
        error.waiting_for = (*error.waiting_for, *changed)


def _corrected(
    facts: ReceivingFacts,
    documents: Sequence[Document],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan:
    """Take back what a person decided is booked too much, and then book the rest."""
    then = _beyond_booked(facts, (*posted, *map(as_posted, documents)), settings)
    note = "; ".join(filter(None, (said_of_order(posted), then.note)))
    return msgspec.structs.replace(then, documents=(*documents, *then.documents), note=note)


def _beyond_booked(
    facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    """Book what is stowed beyond what is booked; raises as ``plan`` does."""
    booked = settled(facts, posted)
    less = less_units(facts, posted)
    for units in less:
        booked[units.source_line] += units.quantity
    _refuse_fewer(facts, booked)
    raised = unbooked(facts.lines, booked)
    if not raised:
        note = "Nothing was stowed beyond what is booked"
        note = TAKEN_BACK if taken_back(facts, posted) else note
        decided = Plan(documents=_mark(facts, posted), note=note)
    else:
        decided = _book(facts, raised, posted, settings)
    if less:
        decided = msgspec.structs.replace(
            decided,
            handled=(*less, *decided.handled),
            corrected=reduced_records(filter(takes_out, facts.decisions)),
        )
    decided = moved_on(
        decided, facts, posted, settings, dated=lambda: booking_of(facts, "", settings)
    )
    if facts.status not in KNOWN and decided.remaining_failure is None:
        decided = msgspec.structs.replace(decided, remaining_failure=_status_unknown(facts))
    return _unmarked_while_unexplained(decided, facts, posted, settings)


def _status_unknown(facts: ReceivingFacts) -> NeedsHuman:
    return unknown_status(
        f"WRO {facts.wro_id}",
        facts.status,
        where="at ShipBob",
        unclear="whether more of it is to be stowed",
        remedy=(
            "Look at the WRO's page at ShipBob. What is stowed is booked in any case. If ShipBob"
            " still works on it, nothing: it goes on by itself at its next change. Report the"
            " status."
        ),
        waiting_for=[AwaitedKind.WRO.named(facts.wro_id)],
    )


def _book(
    facts: ReceivingFacts,
    raised: Sequence[tuple[StowedLine, int]],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan:
    """Book what is stowed beyond what is booked; raises as ``plan`` does."""
    location = location_of(facts.fulfillment_center_id, facts.fulfillment_center_name, settings)
    matched = match(
        {line.inventory_id: _sku(line) for line, _ in raised}, facts.matches, settings.skus
    )
    handled, left = split_handled(facts, raised, matched.items, settings)
    try:
        decided = _book_the_rest(facts, left, matched.items, location, posted, settings)
    except (NeedsData, NeedsHuman) as error:
        if not handled:
            raise
        decided = Plan(remaining_failure=error)
    return msgspec.structs.replace(decided, bindings=matched.bindings, handled=tuple(handled))


def _book_the_rest(  # noqa: PLR0917 - one call, one order
    facts: ReceivingFacts,
    left: Sequence[tuple[StowedLine, int]],
    items: Mapping[int, ItemFact],
    location: str,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan:
    """Book what no document of somebody else accounts for; raises as ``plan`` does."""
    doubt = lapsed(facts, settings) or handled_elsewhere(facts, left, items, settings)
    if doubt is not None:
        raise doubt
    if not left:
        note = "All that is not booked is handled by others"
        return Plan(documents=_mark(facts, posted), note=note)
    increases = [
        _increase(facts, line, quantity, items[line.inventory_id]) for line, quantity in left
    ]
    names = {name_of(line) for line, _ in left}
    settings = decided_settings(settings, facts.decisions, names)
    task = Task(
        booking=booking_of(facts, location, settings),
        increases=tuple(increases),
        posted=tuple(posted),
        settings=settings,
        mark=_mark(facts, posted),
        ended=facts.status in ENDED,
        unit_rates=facts.unit_rates,
        announced=local_day(facts.announced_at, settings),
        location_subsidiaries=facts.location_subsidiaries,
        settled_receipts=settled_documents(facts.decisions),
    )
    decided = _from_its_order(facts, task, names)
    note = "; ".join(filter(None, (decided.note, *_unclear_dates(left, increases))))
    return msgspec.structs.replace(decided, note=note)


def _from_its_order(facts: ReceivingFacts, task: Task, names: Collection[str]) -> Plan:
    """Book what is left of a WRO from its order, or adjust it where no order has its number.

    Args:
        facts: of the WRO.
        task: what is left to be booked.
        names: of the lines that are left.
    """
    if not names_order(facts):
        return without_order(task)
    try:
        order = order_of(facts, task)
    except (NeedsData, NeedsHuman) as error:
        is_missing = error.cause == Cause.PURCHASE_ORDER_NOT_FOUND and not is_hidden(facts)
        if is_missing and is_adjusted(facts.decisions, "unmatched_wro", names):
            number = facts.purchase_order_number
            return without_order(task, f"no purchase order {number}" if number else "")
        raise
    lost = lost_receipts(facts, order, task.posted, task.settings)
    if lost:
        note = "NetSuite has receipts of this WRO that the books lack: they are taken in first"
        return Plan(documents=tuple(lost), note=note, replan_after_posting=True)
    return from_order(order, task)


def _refuse_fewer(facts: ReceivingFacts, booked: Mapping[str, int]) -> None:
    """Stop where less is stowed than is booked, or it can't be told what of it is booked.

    Raises:
        NeedsHuman: a quantity went down, and where two looks were taken, both showed it; or
            units are booked by lot of which ShipBob names no lots now, or vice versa.
        Retryable: the second look showed something else.
    """
    otherwise = booked_otherwise(facts.lines, booked)
    if otherwise:
        units = ", ".join(f"{quantity} as {name}" for name, quantity in sorted(otherwise.items()))
        raise NeedsHuman(
            f"WRO {facts.wro_id}: {units} are booked, and ShipBob or NetSuite now keeps them by"
            " other lots: what of them is left to book can't be told",
            cause=Cause.LOT_TRACKED,
            remedy=(
                "Take those documents back (ml-connector journal undo): all of the WRO is then"
                " booked anew."
            ),
        )
    accounted = accounted_units(facts, booked)
    now = fewer(facts.lines, accounted)
    before = now if facts.seen_first is None else fewer(facts.seen_first, accounted)
    if now and not now & before:
        raise Retryable(
            f"WRO {facts.wro_id}: what ShipBob says is stowed went down for {min(before)} and a"
            f" moment later for {min(now)} instead",
            cause=Cause.QUANTITY_WENT_DOWN,
        )
    refuse_fewer_units(
        f"WRO {facts.wro_id}",
        {name: accounted[name] for name in sorted(now & before)},
        stowed_units(facts.lines),
        done=" were stowed",
        accounted="booked" if accounted == Counter(booked) else "booked or handled",
        remedy_ends=(
            "receipt in NetSuite, or decide correct: an inventory adjustment then takes out what"
            " is booked too much. Nothing is taken out by itself."
        ),
    )


def _unmarked_while_unexplained(
    decided: Plan, facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    """Leave the mark out while a line of the WRO waits, or is neither booked nor refused."""
    documents = tuple(one for one in decided.documents if one.kind != DocumentKind.WRO_MARK)
    if len(documents) == len(decided.documents):
        return decided
    lines = [
        *(line for one in standing(posted) for line in one.lines),
        *(line for one in documents for line in one.lines),
    ]
    not_posted = (*decided.not_posted, *taken_back(facts, posted))
    equation = of_subject(source_lines(facts, settings), lines, not_posted, waits=False)
    if equation.holds and not decided.waiting and decided.remaining_failure is None:
        return decided
    said = "The WRO is not marked as booked: not all of its lines are explained"
    note = "; ".join(filter(None, (decided.note, said)))
    return msgspec.structs.replace(decided, documents=documents, note=note)


def _mark(facts: ReceivingFacts, posted: Sequence[Posted]) -> tuple[Document, ...]:
    told = facts.synced or any(document.kind == DocumentKind.WRO_MARK for document in posted)
    if facts.status != COMPLETED or told:
        return ()
    return (wro_mark(facts.wro_id),)


def _increase(facts: ReceivingFacts, line: StowedLine, quantity: int, item: ItemFact) -> Increase:
    refuse_item_without_stock(item, _sku(line), f"WRO {facts.wro_id}")
    refuse_unnamed_lot(
        item,
        line.sku,
        line.lot,
        f"WRO {facts.wro_id}",
        remedy="Make the item lot-tracked at ShipBob as well, or receive it by hand.",
    )
    return Increase(
        inventory_id=line.inventory_id,
        sku=_sku(line),
        item=item,
        lot=line.lot if item.lot_tracked else None,
        lot_date=line.lot_date if item.lot_tracked else None,
        quantity=quantity,
    )


def _unclear_dates(
    raised: Sequence[tuple[StowedLine, int]], increases: Sequence[Increase]
) -> list[str]:
    """Return a sentence for each lot to be booked that ShipBob names several expiry dates of."""
    return [
        f"Lot {line.lot} of {increase.sku} has several expiry dates at ShipBob"
        f" ({', '.join(map(str, line.lot_dates))}): it is booked without one"
        for (line, _), increase in zip(raised, increases, strict=True)
        if increase.lot is not None and line.lot_dates
    ]


def _sku(line: StowedLine) -> str:
    return sku_of(line.inventory_id, line.sku).strip()
