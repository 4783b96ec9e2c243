"""What in NetSuite covers the units of a return, and which units nothing covers. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.work.backoff import LISTED_AFTER_SECONDS
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import (
    Authorization,
    AuthorizedLine,
    ReceivedUnits,
    ReturnFacts,
    Sale,
    SoldLine,
    authorization_id,
    fits,
)
from ml_connector.flows.returns.wake import more_fulfilled_units
from ml_connector.ledger.postings.documents import Posted
from ml_connector.netsuite.statuses import (
    RETURN_CANCELLED,
    RETURN_EXPECTING,
    RETURN_NOT_RECEIVABLE,
    RETURN_RECEIVABLE,
    SALES_ORDER_CANCELLED,
)
from ml_connector.words import OUR_EXTERNAL_IDS, Cause, ExternalIdPrefix


class CoveredUnits(NamedTuple):
    """Which lines of an authorization take which units.

    Attributes:
        by_location: units by location and line; a receipt for each location, in this order.
        open_lines: by location, the lines that are open before its receipt.
        surplus: units that no line takes.
    """

    by_location: Mapping[str, Mapping[int, Sequence[ReturnedUnits]]]
    open_lines: Mapping[str, Sequence[int]]
    surplus: Sequence[ReturnedUnits]


def authorization(
    facts: ReturnFacts, parts: Sequence[ReturnedUnits], posted: Sequence[Posted]
) -> Authorization | None:
    """Return the authorization that the units are received from; None when there is none.

    The one that was made for this return; else the one with its reference; else the one that
    somebody made from the sales order and that still expects units of these items. A parcel
    returned to its sender has only the one that was made for it.

    Raises:
        Retryable: the one that was made is not listed yet.
        NeedsHuman: several fit, or the one with the reference is of another customer; or the
            sales order is not the only one of its number.
    """
    order = sale(facts) if not facts.named else None
    candidates = [*facts.named, *(order.authorizations if order else ())]
    found = _made_for(facts, candidates, posted)
    if facts.is_return_to_sender:
        return _the_one(facts, found)
    found = found or _fitting(facts)
    if not found:
        items = {part.item.id for part in parts}
        found = [one for one in candidates if _expects(one, items)]
    return _the_one(facts, found)


def _the_one(facts: ReturnFacts, found: Sequence[Authorization]) -> Authorization | None:
    """Return the only one of these; None when there is none, and none was made before.

    Raises:
        NeedsHuman: there are several; or there is none, and the one that was made for this
            return was deleted.
    """
    if len(found) > 1:
        raise NeedsHuman(
            f"Return {facts.return_id} fits {len(found)} return authorizations:"
            f" {', '.join(one.number for one in found)}",
            cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
            remedy=(
                "Let only one of them carry the reference of the return as its number or external"
                " id, or close the others; then replay."
            ),
        )
    if not found and facts.deleted_authorization is not None:
        raise _deleted(facts)
    return found[0] if found else None


def _deleted(facts: ReturnFacts) -> NeedsHuman:
    own = authorization_id(facts.return_id)
    waiting_for = [AwaitedKind.RETURN_AUTHORIZATION.named(own)]
    name = f"the external id {own}"
    if facts.reference and not facts.is_return_to_sender and not facts.named:
        waiting_for.append(AwaitedKind.RETURN_AUTHORIZATION.named(facts.reference))
        name += f" or the number {facts.reference}"
    return NeedsHuman(
        f"The return authorization {own} (internal id {facts.deleted_authorization}) that was"
        f" made for return {facts.return_id} was deleted in NetSuite: its units have nothing to"
        " be received from",
        cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
        remedy=(
            f"If that was a mistake, enter an authorization for these units with {name}; what"
            " waits goes on by itself. None is made a second time."
        ),
        waiting_for=waiting_for,
    )


def _fitting(facts: ReturnFacts) -> list[Authorization]:
    """Return the authorizations with the return's reference that are of its order or customer.

    All of them where nothing is known of the order: then the reference says what it can.

    Raises:
        NeedsHuman: all of them are of others.
    """
    if not facts.original_orders:
        return list(facts.named)
    found = [one for one in facts.named if fits(one, facts.original_orders)]
    if facts.named and not found:
        raise NeedsHuman(
            f"Return {facts.return_id} has the reference {facts.reference}, and in NetSuite that"
            f" is {', '.join(one.number for one in facts.named)} of another order and another"
            f" customer than {', '.join(one.number for one in facts.original_orders)}, the order"
            " of its shipment: nothing is received from it",
            cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
            remedy=(
                "Find out whose parcel it is. Correct the reference of the return at ShipBob, or"
                " give the customer's own authorization this reference as its external id or"
                " number; then replay. Or receive it by hand."
            ),
            waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
        )
    return found


def _made_for(
    facts: ReturnFacts, candidates: Iterable[Authorization], posted: Sequence[Posted]
) -> list[Authorization]:
    """Return the authorization that was made for this return; none where none was made.

    Raises:
        Retryable: it is posted, but not listed yet.
    """
    own = authorization_id(facts.return_id)
    posted_ids = {document.remote_id for document in posted if document.external_id == own}
    posted_ids.discard(facts.deleted_authorization)
    made = [one for one in candidates if one.external_id == own or one.id in posted_ids]
    if posted_ids and not made:
        raise Retryable(
            f"The return authorization {own} was just made and is not listed yet",
            cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
            retry_after_seconds=LISTED_AFTER_SECONDS,
        )
    return made


def sale(facts: ReturnFacts) -> Sale | None:
    """Return the sales order of the original shipment; None when there is none.

    Raises:
        NeedsHuman: several orders match, or another channel has an order that fits as well.
    """
    found = [one for one in facts.sales if one.status != SALES_ORDER_CANCELLED]
    if len(found) > 1:
        raise NeedsHuman(
            f"{len(found)} sales orders in NetSuite match {facts.order_key}, the order that return"
            f" {facts.return_id} belongs to: {', '.join(one.number for one in found)}",
            cause=Cause.SALES_ORDER_AMBIGUOUS,
            remedy=(
                "Make the field that order_match names differ between them, or cancel the wrong"
                " ones; what waits goes on by itself."
            ),
            waiting_for=[AwaitedKind.SALES_ORDER.named(facts.order_key)],
        )
    if found and facts.rival_channels:
        raise NeedsHuman(
            f"Sales order {found[0].number} fits the order that return {facts.return_id} belongs"
            f" to, and may as well be an order of channel"
            f" {', '.join(map(str, facts.rival_channels))} at ShipBob: a reference or order number"
            " is unique within its channel only",
            cause=Cause.SALES_ORDER_AMBIGUOUS,
            remedy=(
                "Say under [policies.order_match_by_channel] how each of these channels finds its"
                " sales orders, by fields or texts that differ, and apply; what waits goes on by"
                " itself. Or enter a return authorization with the reference of the return."
            ),
            waiting_for=[AwaitedKind.POLICY.named("order_match_by_channel")],
        )
    return found[0] if found else None


def _expects(found: Authorization, items: Collection[str]) -> bool:
    """Whether somebody made it and it still expects units of these items."""
    ours = (found.external_id or "").startswith(OUR_EXTERNAL_IDS)
    return (
        not ours
        and found.status in RETURN_EXPECTING
        and any(line.open_quantity and line.item_id in items for line in found.lines)
    )


def received_already(
    found: Authorization,
    facts: ReturnFacts,
    parts: Sequence[ReturnedUnits],
    posted: Sequence[Posted],
) -> tuple[Sequence[ReturnedUnits], str]:
    """Return which of the units others received, and by which receipts.

    The guard that needs no external id (netsuite.md section 11.4): receipts that NetSuite
    links to the authorization and that are not made for any return by us. Units that the
    authorization still expects were received by nobody. Of the others, no more were received
    than such receipts hold at the same location.

    Returns:
        The units, and the numbers of the receipts; both empty where nobody else has received
        any of them.

    Raises:
        NeedsHuman: others received units of these items elsewhere, or disposed ones.
    """
    others = _receipts_of_others(found, {part.item.id for part in parts}, posted)
    left = _left_to_receive(found, facts, {document.external_id for document in posted})
    already: list[ReturnedUnits] = []
    for item in dict.fromkeys(receipt.item_id for receipt in others):
        still_open = sum(left[line.line] for line in found.lines if line.item_id == item)
        these = [part for part in parts if part.item.id == item]
        excess = sum(part.quantity for part in these) - still_open
        theirs = _held_by_others(these, excess, _held_of(item, others))
        if theirs is None or any(part.unit.action == "dispose" for part in theirs):
            raise _received_otherwise(found, facts, these, _numbers(others, {item}))
        already += theirs
    return already, _numbers(others, {part.item.id for part in already})


def _held_of(item: str, receipts: Iterable[ReceivedUnits]) -> Counter[str | None]:
    """Return the units of an item on these receipts, by location."""
    held = Counter[str | None]()
    for receipt in receipts:
        held[receipt.location] += receipt.quantity if receipt.item_id == item else 0
    return held


def _held_by_others(
    parts: Iterable[ReturnedUnits], excess: int, held: Counter[str | None]
) -> list[ReturnedUnits] | None:
    """Return the units of an item that receipts of others hold.

    Args:
        parts: the units.
        excess: how many more these are than the authorization still expects.
        held: units on receipts of others, by location.

    Returns:
        None where units are in excess, and receipts hold some at another location.
    """
    theirs: list[ReturnedUnits] = []
    for part in parts:
        units = min(part.quantity, excess, held[part.location])
        if units > 0:
            theirs.append(part.of(units))
            excess -= units
            held[part.location] -= units
    return None if excess > 0 and any(held.values()) else theirs


def _numbers(receipts: Iterable[ReceivedUnits], items: Collection[str]) -> str:
    return ", ".join(sorted({one.number for one in receipts if one.item_id in items}))


def _received_otherwise(
    found: Authorization, facts: ReturnFacts, parts: Sequence[ReturnedUnits], numbers: str
) -> NeedsHuman:
    return NeedsHuman(
        f"Return {facts.return_id} brought back {said(parts)}; {found.number} was received in"
        f" NetSuite already by {numbers}, which is not ours and does not hold exactly that",
        cause=Cause.RECEIVED_BY_OTHERS,
        remedy=(
            "Delete that receipt and replay: the return is then booked as ShipBob tells it. Or"
            " leave it and adjust the stock by hand where it differs; nothing is booked twice."
        ),
        waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
    )


def _receipts_of_others(
    found: Authorization, items: Collection[str], posted: Sequence[Posted]
) -> list[ReceivedUnits]:
    """Return the receipts of these items that we did not make for any return."""
    ours = {document.remote_id for document in posted}
    return [
        receipt
        for receipt in found.receipts
        if receipt.item_id in items
        and not (receipt.external_id or "").startswith(ExternalIdPrefix.RETURN_RECEIPT)
        and receipt.id not in ours
    ]


def refuse_not_open(found: Authorization, facts: ReturnFacts) -> None:
    """Stop where nothing can be received from an authorization in its present status.

    Raises:
        NeedsHuman: it is pending approval, cancelled or closed.
    """
    why = RETURN_NOT_RECEIVABLE.get(found.status)
    if why is not None:
        # Another one of the same number may be open, and is not what is waited for.
        namesake = any(
            one.number == found.number and one.status in RETURN_RECEIVABLE for one in facts.named
        )
        awaited = (
            AwaitedKind.RETURN.named(facts.return_id)
            if namesake
            else AwaitedKind.RETURN_AUTHORIZATION.named(found.number)
        )
        raise NeedsHuman(
            f"Return authorization {found.number} of return {facts.return_id} is {why} in"
            " NetSuite: nothing can be received from it",
            cause=Cause.RETURN_AUTHORIZATION_NOT_OPEN,
            remedy=(
                "Approve or reopen it in NetSuite, then replay."
                if namesake
                else "Approve or reopen it in NetSuite; what waits goes on by itself."
            ),
            waiting_for=[awaited],
        )


def take(
    found: Authorization,
    facts: ReturnFacts,
    parts: Sequence[ReturnedUnits],
    known: Collection[str],
) -> CoveredUnits:
    """Fill the open lines of an authorization, one location after the other.

    A receipt takes a line at one location only, so each location is a receipt of its own.
    Units on a receipt of this return that these books do not know count as open: the same
    receipt is then planned again, found to be there, and adopted.

    Args:
        found: what is received from.
        facts: of the return.
        parts: the units.
        known: external ids of what these books know to be posted for the return.

    Raises:
        NeedsHuman: a line counts in another unit than eaches (netsuite.md section 13.3).
    """
    left = _left_to_receive(found, facts, known)
    by_location: dict[str, dict[int, list[ReturnedUnits]]] = {}
    open_lines: dict[str, tuple[int, ...]] = {}
    surplus: list[ReturnedUnits] = []
    for location in dict.fromkeys(part.location for part in parts):
        open_lines[location] = tuple(line for line, units in left.items() if units)
        for part in (one for one in parts if one.location == location):
            filled, rest = _fill(found.number, found.lines, part, left)
            for line, units in filled:
                lines = by_location.setdefault(location, {})
                lines.setdefault(line, []).append(part.of(units))
            if rest:
                surplus.append(part.of(rest))
    return CoveredUnits(by_location, open_lines, surplus)


def _left_to_receive(
    found: Authorization, facts: ReturnFacts, known: Collection[str]
) -> dict[int, int]:
    """Return how many units of each line are open.

    Units on a receipt of this return that these books do not know count as open.
    """
    left = {line.line: line.open_quantity for line in found.lines}
    for receipt in found.receipts:
        ours = (receipt.external_id or "").startswith(
            f"{ExternalIdPrefix.RETURN_RECEIPT}{facts.return_id}-"
        )
        if ours and receipt.external_id not in known:
            _open_again(found, receipt.item_id, receipt.quantity, left)
    return left


def _open_again(found: Authorization, item_id: str, quantity: int, left: dict[int, int]) -> None:
    for line in found.lines:
        room = line.authorized - left[line.line]
        units = min(quantity, room) if line.item_id == item_id else 0
        left[line.line] += units
        quantity -= units


def authorizable(
    order: Sale, facts: ReturnFacts, parts: Sequence[ReturnedUnits]
) -> tuple[dict[int, int], Sequence[ReturnedUnits]]:
    """Return the units that an authorization made from a sales order can hold, and the rest.

    By line of the order: units that were fulfilled and are on no other authorization.

    Raises:
        NeedsData: units came back that NetSuite does not know to have left yet.
        NeedsHuman: a line counts in another unit than eaches, or a parcel came back to its
            sender whose units an authorization of a customer expects.
    """
    left = _left_to_authorize(order)
    taken: dict[int, int] = defaultdict(int)
    surplus: list[ReturnedUnits] = []
    for part in parts:
        filled, rest = _fill(order.number, order.lines, part, left)
        for line, units in filled:
            taken[line] += units
        if rest:
            surplus.append(part.of(rest))
    waits = {part.item.id for part in surplus}
    _refuse_authorized_otherwise(order, facts, surplus)
    if any(line.unfulfilled and line.item_id in waits for line in order.lines):
        raise NeedsData(
            f"Return {facts.return_id} brought back {said(surplus)}, which sales order"
            f" {order.number} does not show as fulfilled yet",
            cause=Cause.SALES_ORDER_NOT_FULFILLED,
            waiting_for=[
                more_fulfilled_units(facts.order_key, sum(line.fulfilled for line in order.lines))
            ],
            remedy=(
                "Let the shipment reach NetSuite: see what waits in ml-connector events list"
                " --flow tracking, or fulfil the order by hand. The return then goes on by itself."
            ),
        )
    return dict(taken), surplus


def _refuse_authorized_otherwise(
    order: Sale, facts: ReturnFacts, surplus: Sequence[ReturnedUnits]
) -> None:
    """Stop where a parcel came back to its sender, and its units are expected from a customer.

    The customer never had them: nobody but a person knows what the authorization is for.
    """
    items = {part.item.id for part in surplus}
    others = [one.number for one in order.authorizations if _expects(one, items)]
    if facts.is_return_to_sender and others:
        raise NeedsHuman(
            f"Return {facts.return_id} came back to its sender with {said(surplus)}, which"
            f" {', '.join(others)} from sales order {order.number} expects from the customer",
            cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
            remedy=(
                "Close the authorization in NetSuite and replay: the return is then authorised"
                " from its sales order. Or receive the parcel by hand."
            ),
            waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
        )


def _left_to_authorize(order: Sale) -> dict[int, int]:
    """Return how many units of each line were fulfilled and are on no authorization yet."""
    left = {line.line: line.fulfilled for line in order.lines}
    for made in order.authorizations:
        if made.status != RETURN_CANCELLED:
            for spent in made.lines:
                _spend(order, spent.order_line, spent.item_id, spent.authorized, left)
    return left


def _spend(
    order: Sale, order_line: int | None, item_id: str, quantity: int, left: dict[int, int]
) -> None:
    """Take units off the order's line they stand for, or else off lines of their item."""
    for line in order.lines:
        fits = line.line == order_line if order_line in left else line.item_id == item_id
        units = min(quantity, left[line.line]) if fits else 0
        left[line.line] -= units
        quantity -= units


def _fill(
    number: str,
    lines: Iterable[AuthorizedLine | SoldLine],
    part: ReturnedUnits,
    left: dict[int, int],
) -> tuple[list[tuple[int, int]], int]:
    """Fill the lines of an item with its units, and take them off what these have left.

    Args:
        number: of the authorization or sales order, for the message.
        lines: all of them, in order.
        part: the units.
        left: by line, the units it can still hold; reduced by what it takes.

    Returns:
        Pairs of a line and its units, and how many units no line takes.

    Raises:
        NeedsHuman: a line counts in another unit than eaches.
    """
    filled: list[tuple[int, int]] = []
    rest = part.quantity
    for line in lines:
        units = min(rest, left[line.line]) if line.item_id == part.item.id else 0
        if units:
            _refuse_other_unit(number, line.line, line.unit)
            filled.append((line.line, units))
            left[line.line] -= units
            rest -= units
    return filled, rest


def _refuse_other_unit(number: str, line: int, unit: str | None) -> None:
    if unit is not None:
        raise NeedsHuman(
            f"{number} line {line} counts in unit {unit}, not in the item's stock unit; ShipBob"
            " counts eaches",
            cause=Cause.UNIT_DIFFERS,
            remedy="Receive this return by hand in NetSuite.",
        )


def said(parts: Sequence[ReturnedUnits]) -> str:
    """Return units for a person: ``2 x TEE, 1 x CAP``."""
    units = Counter[str]()
    for part in parts:
        units[part.unit.sku or part.item.name] += part.quantity
    return ", ".join(f"{quantity} x {sku}" for sku, quantity in units.items())
