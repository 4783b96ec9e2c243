"""Which lines of an authorization or a sales order take which units of a return. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.returns.authorizations import expects
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import (
    Authorization,
    AuthorizedLine,
    ReturnFacts,
    Sale,
    SoldLine,
)
from ml_connector.flows.returns.wake import more_fulfilled_units
from ml_connector.netsuite.statuses import RETURN_CANCELLED
from ml_connector.words import Cause, ExternalIdPrefix


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
    left = left_to_receive(found, facts, known)
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


def left_to_receive(
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
    others = [one.number for one in order.authorizations if expects(one, items)]
    if facts.is_return_to_sender and others:
        raise NeedsHuman(
            f"Return {facts.return_id} came back to its sender with {said(surplus)}, which"
            f" {', '.join(others)} from sales order {order.number} expects from the customer",
            cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
            remedy=(
                "Delete the authorization in NetSuite: the return is then authorised"
                " from its sales order. Or close it: the return is then booked by the"
                " policy unmatched_return. Or receive the parcel by hand."
            ),
            waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
        )


def _left_to_authorize(order: Sale) -> dict[int, int]:
    """Return how many units of each line were fulfilled and are on no authorization yet.

    A closed line keeps what it authorised. It is not documented whether NetSuite lets these units
    be authorised again (NS-059); where it does not, it refuses the whole transform.
    """
    left = {line.line: line.fulfilled for line in order.lines}
    for made in order.authorizations:
        if made.status != RETURN_CANCELLED:
            for spent in made.lines:
                units = spent.authorized + spent.closed_quantity
                _spend(order, spent.order_line, spent.item_id, units, left)
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
