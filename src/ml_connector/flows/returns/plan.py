"""Deciding what to book of a return. Pure.

Assumptions: SB-040.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.work.backoff import LISTED_AFTER_SECONDS
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.flows.returns.authorizations import authorization, refuse_not_open, sale
from ml_connector.flows.returns.booked import booked_of, differs, is_pending, nothing_left
from ml_connector.flows.returns.coverage import authorizable, said, take
from ml_connector.flows.returns.decisions.corrections import corrections, said_of_authorization
from ml_connector.flows.returns.decisions.decided import (
    decided_for,
    handled_by_others,
    handled_wherever,
    in_doubt,
    is_handled,
    lapsed,
    left_to_others,
    split_unclear,
)
from ml_connector.flows.returns.decisions.less import less_units, taking_out, without_less
from ml_connector.flows.returns.documents import (
    ReturnedUnits,
    adjustment,
    item_receipt,
    lot_key,
    return_authorization,
    write_off,
)
from ml_connector.flows.returns.facts import (
    Action,
    Authorization,
    ReturnFacts,
    Sale,
    Unit,
    units_of,
)
from ml_connector.flows.returns.others_receipts import (
    received_already,
    refuse_received_for_order,
    resting_on,
)
from ml_connector.flows.returns.requirements import (
    adjustment_account,
    not_covered,
    nowhere,
    places,
    refuse_reopened,
    refuse_unbookable,
    refuse_unknown_status,
    refuse_unknown_type,
    too_many,
    write_off_account,
)
from ml_connector.flows.returns.source_lines import fact_date_of, source_lines, undated
from ml_connector.flows.returns.task import ReturnTask, task_of
from ml_connector.ledger.postings.documents import (
    Document,
    HandledUnits,
    Plan,
    Posted,
    RefusedUnits,
)
from ml_connector.rules.decisions.corrections import as_posted
from ml_connector.rules.decisions.not_ours import not_ours_reason
from ml_connector.rules.decisions.reduced import reduced_records
from ml_connector.rules.items import Matched, MatchFacts, match, sku_of
from ml_connector.rules.line_numbers.refusal import refuse_unclear_lines, refuse_unproved_lines
from ml_connector.rules.refused import ignored_return, refusal
from ml_connector.rules.start_date import before_start
from ml_connector.shipbob.resources.returns import COMPLETED
from ml_connector.words import Cause, ExternalIdPrefix

_IN_ORDER: Final[tuple[Action, ...]] = ("restock", "dispose", "quarantine")
"""Restocked and disposed units share a location, so they come in with one receipt."""

_ALL_BY_OTHERS: Final = "All that is not booked is handled by others"


def plan(facts: ReturnFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what to book of a return beyond what is posted.

    Everything that the whole return needs is looked at before its first document, so a
    return is not half booked because a setting is missing.

    Raises:
        NeedsData: a center, the quarantine location or an account is not set, a SKU is no
            item in NetSuite yet, or what should cover the return is not there.
        NeedsHuman: what is booked was reopened or cancelled, an action or the status is not
            known, a SKU or authorization is ambiguous, others have received something else, the
            period is closed; the remedy says what to do.
        Retryable: what was just made is not listed yet.
    """
    if facts.status != COMPLETED:
        refuse_reopened(facts, posted)
        left_out = _ignored(facts, settings) or not_ours_reason(facts.decisions)
        refuse_unknown_status(facts, settings, left_out=left_out)
        return Plan(note=f"The return is {facts.status}: only a completed one is booked")
    others = left_to_others(facts, posted, settings)
    if others is not None:
        return others
    rest, handled = split_unclear(facts, settings)
    try:
        decided = _of_completed(rest, posted, settings)
    except (NeedsData, NeedsHuman) as error:
        if not handled:
            raise
        decided = Plan(remaining_failure=error)
    return msgspec.structs.replace(decided, handled=(*handled, *decided.handled))


def _of_completed(
    facts: ReturnFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    """Plan what is booked of a return that is completed; raises as ``plan`` does."""
    units = units_of(facts)
    left_out = ""
    if facts.completed_at is not None or not is_handled(facts):
        left_out = before_start(fact_date_of(facts, settings), settings)
    if not (left_out or posted):
        left_out = _ignored(facts, settings)
    if left_out:
        return refusal(source_lines(facts, settings), left_out)
    corrected = corrections(facts, posted, settings)
    if not corrected:
        return _beyond_booked(facts, units, posted, settings)
    # Whatever becomes of the rest, what was decided on is posted.
    after = (*posted, *map(as_posted, corrected))
    try:
        then = _beyond_booked(facts, units, after, settings)
    except (NeedsData, NeedsHuman) as error:
        then = Plan(remaining_failure=error)
    note = "; ".join(filter(None, (said_of_authorization(posted), then.note)))
    return msgspec.structs.replace(then, documents=(*corrected, *then.documents), note=note)


def _beyond_booked(
    facts: ReturnFacts,
    units: Sequence[Unit],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan:
    """Plan what is booked beyond what is booked already; raises as ``plan`` does."""
    less = less_units(facts, posted, {unit.source_line: unit.quantity for unit in units})
    try:
        then = _beyond_less(without_less(facts, less), units, posted, settings, less)
    except (NeedsData, NeedsHuman) as error:
        if not less:
            raise
        then = Plan(remaining_failure=error)
    return msgspec.structs.replace(
        then, handled=(*less, *then.handled), corrected=reduced_records(taking_out(facts))
    )


def _beyond_less(
    facts: ReturnFacts,
    units: Sequence[Unit],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    less: Sequence[HandledUnits],
) -> Plan:
    """Plan what is booked beyond what is booked already and was not taken out again."""
    booked = booked_of(facts, units, posted, less)
    pending = [unit for unit in units if is_pending(unit, booked)]
    if not pending:
        refuse_unknown_type(facts, units)
        return Plan(note=nothing_left(facts, units, posted))
    if is_handled(facts) and (facts.completed_at is None or facts.center_id is None):
        return _by_others_alone(facts, pending, booked, settings)
    locations = places(facts, settings, {unit.action for unit in pending})
    matched = _matched(facts, pending, settings)
    parts = [
        ReturnedUnits(
            unit=unit,
            item=matched.items[unit.inventory_id],
            location=locations[unit.action],
            quantity=unit.quantity,
        )
        for unit in sorted(pending, key=lambda unit: _IN_ORDER.index(unit.action))
    ]
    handled = handled_by_others(facts, parts, booked)
    try:
        decided = _book(facts, parts, handled, booked, posted, settings)
    except (NeedsData, NeedsHuman) as error:
        if not handled:
            raise
        decided = Plan(remaining_failure=error)
    return msgspec.structs.replace(decided, bindings=matched.bindings, handled=tuple(handled))


def _matched(facts: ReturnFacts, units: Sequence[Unit], settings: ConnectionSettings) -> Matched:
    return match(
        {unit.inventory_id: sku_of(unit.inventory_id, unit.sku) for unit in units},
        MatchFacts(facts.items, facts.bindings, facts.bound, facts.near_items),
        settings.skus,
    )


def _by_others_alone(
    facts: ReturnFacts,
    pending: Sequence[Unit],
    booked: Mapping[str, int],
    settings: ConnectionSettings,
) -> Plan:
    """Plan a return without a date or a center: no document of ours can be made of it.

    What documents of others account for is handled; the rest stays as unclear as it is.
    """
    matched = _matched(facts, pending, settings)
    handled = handled_wherever(facts, pending, matched.items, booked, settings)
    accounted = Counter(booked)
    for units in handled:
        accounted[units.source_line] += units.quantity
    left = [unit for unit in pending if is_pending(unit, accounted)]
    unclear = undated(facts) if facts.completed_at is None else nowhere(facts)
    failure = lapsed(facts, settings) or (unclear if left else None)
    if failure is not None and not handled:
        raise failure
    return Plan(
        note="" if failure else _ALL_BY_OTHERS,
        handled=tuple(handled),
        bindings=matched.bindings,
        remaining_failure=failure,
    )


def _book(  # noqa: PLR0917 - one call, one order
    facts: ReturnFacts,
    parts: Sequence[ReturnedUnits],
    handled: Sequence[HandledUnits],
    booked: Mapping[str, int],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan:
    """Book what no document of others accounts for; raises as ``plan`` does."""
    accounted = Counter(booked)
    for units in handled:
        accounted[units.source_line] += units.quantity
    left = [part for part in parts if is_pending(part.unit, accounted)]
    doubt = in_doubt(facts, left, settings)
    if doubt is not None:
        raise doubt
    if not left:
        return Plan(note=_ALL_BY_OTHERS)
    for part in left:
        refuse_unbookable(facts, part)
    task = task_of(facts, posted, decided_for(facts, left, settings), left, accounted)
    return _bring_in(task) if task.coming else _finish(task, (), "")


def _ignored(facts: ReturnFacts, settings: ConnectionSettings) -> str:
    return ignored_return(
        settings.ignore,
        channel=facts.channel,
        reference=facts.reference,
        order=facts.store_order,
    )


def _bring_in(task: ReturnTask) -> Plan:
    """Receive, authorise or adjust what is not in NetSuite yet."""
    found = authorization(task.facts, task.coming, task.posted)
    if found is not None:
        return _receive(task, found)
    order = sale(task.facts)
    if order is not None:
        units, surplus = authorizable(order, task.facts, task.coming)
        if surplus and not task.parks_unmatched:
            adjustment_account(task.facts, task.settings.accounts)
        if units:
            return _authorize(task, order, units, surplus)
        refuse_received_for_order(order, task.facts, task.coming, task.posted)
    if task.parks_unmatched:
        raise not_covered(task.facts, task.coming, order)
    why = f"beyond {order.number}" if order else "no return authorization"
    return _finish(task, (), why, surplus=task.coming)


def _authorize(
    task: ReturnTask, order: Sale, units: Mapping[int, int], surplus: Sequence[ReturnedUnits]
) -> Plan:
    # Only what is named stays on the authorization, so lines that can't be seen are no matter.
    refuse_unproved_lines(order.line_numbers, "salesOrder", order.id, order.number)
    beyond = f", of which it does not cover {said(surplus)}" if surplus else ""
    return Plan(
        documents=(return_authorization(task.booking, order, units),),
        note=f"Then what came back is booked: {said(task.coming)}{beyond}",
        replan_after_posting=True,
    )


def _receive(task: ReturnTask, found: Authorization) -> Plan:
    already, by_others = received_already(found, task.facts, task.coming, task.posted)
    theirs = Counter({part.unit.source_line: part.quantity for part in already})
    rests = (part.of(part.quantity - theirs[part.unit.source_line]) for part in task.coming)
    coming = [part for part in rests if part.quantity > 0]
    if coming:
        refuse_not_open(found, task.facts)
    known = {document.external_id for document in task.posted}
    taken = take(found, task.facts, coming, known)
    if taken.by_location:
        refuse_unclear_lines(found.line_numbers, "returnAuthorization", found.id, found.number)
    first = task.number(ExternalIdPrefix.RETURN_RECEIPT)
    receipts = [
        item_receipt(task.booking, first + number, found, taken.open_lines[location], lines)
        for number, (location, lines) in enumerate(taken.by_location.items())
    ]
    decided = _finish(task, receipts, f"beyond {found.number}", surplus=taken.surplus)
    if not already:
        return decided
    reason = f"Received in NetSuite already by {by_others}, which is not ours: not booked again"
    return msgspec.structs.replace(
        decided,
        note="; ".join(filter(None, (reason, decided.note))),
        refused=tuple(
            RefusedUnits(source_line=part.unit.source_line, reason=reason, quantity=part.quantity)
            for part in already
        ),
        rests_on=resting_on(found, task.facts, already, task.posted),
    )


def _finish(
    task: ReturnTask,
    receipts: Sequence[Document],
    why: str,
    *,
    surplus: Sequence[ReturnedUnits] = (),
) -> Plan:
    """Adjust what nothing covers, by policy, and write off what was disposed of and is in.

    Args:
        task: the return.
        receipts: what was planned for it so far.
        why: nothing covers the surplus, for memo and message.
        surplus: units that nothing in NetSuite covers.
    """
    facts = task.facts
    documents = list(receipts)
    failure = None
    if surplus and task.parks_unmatched:
        failure = too_many(facts, surplus, why)
    elif surplus:
        documents += _adjustments(task, surplus, why)
    due = _to_write_off(task, documents)
    unlisted = [part for part in due if part.lot and lot_key(part) not in facts.lots]
    if unlisted and not documents:
        raise Retryable(
            f"The lots of {said(unlisted)} were just received and are not listed yet",
            cause=Cause.LOT_TRACKED,
            retry_after_seconds=LISTED_AFTER_SECONDS,
        )
    if unlisted:
        # What goes out names a lot that is there: it comes in first.
        note = f"Then {said(due)} are written off"
        return Plan(documents=tuple(documents), note=note, replan_after_posting=True)
    if due:
        number = task.number(ExternalIdPrefix.RETURN_WRITE_OFF)
        account = write_off_account(facts, task.settings.accounts)
        documents.append(write_off(task.booking, number, due, facts.lots, account=account))
    return Plan(documents=tuple(documents), remaining_failure=failure, note=differs(facts))


def _adjustments(task: ReturnTask, surplus: Sequence[ReturnedUnits], why: str) -> list[Document]:
    """Return the adjustments for units that nothing covers, one for each location."""
    account = adjustment_account(task.facts, task.settings.accounts)
    first = task.number(ExternalIdPrefix.RETURN_ADJUSTMENT)
    return [
        adjustment(
            task.booking,
            number,
            [part for part in surplus if part.location == location],
            account=account,
            why=why,
        )
        for number, location in enumerate(dict.fromkeys(part.location for part in surplus), first)
    ]


def _to_write_off(task: ReturnTask, documents: Sequence[Document]) -> list[ReturnedUnits]:
    """Return disposed units that are in NetSuite, or will be, and are not written off."""
    arrived: dict[str, int] = defaultdict(int, task.booked)
    for document in documents:
        for line in document.lines:
            arrived[line.source_line] += line.quantity or 0
    due = (
        part.of(arrived[part.unit.source_line] + arrived[part.unit.write_off_line])
        for part in task.disposed
    )
    return [part for part in due if part.quantity > 0]
