"""What of a return people have received in NetSuite already. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.flows.returns.coverage import left_to_receive, said
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import Authorization, ReceivedUnits, ReturnFacts, Sale
from ml_connector.ledger.decisions.decisions import NamedDocument, named_units
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.decisions.named import settled_documents
from ml_connector.words import OUR_EXTERNAL_IDS, Cause, ExternalIdPrefix


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
    others = _receipts_of_others(found, facts, {part.item.id for part in parts}, posted)
    left = left_to_receive(found, facts, {document.external_id for document in posted})
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


def resting_on(
    found: Authorization,
    facts: ReturnFacts,
    already: Sequence[ReturnedUnits],
    posted: Sequence[Posted],
) -> tuple[NamedDocument, ...]:
    """Return the receipts of others that hold units of the return."""
    items = {part.item.id for part in already}
    units: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for one in _receipts_of_others(found, facts, items, posted):
        held = units.setdefault((one.id, one.number), Counter())
        held[one.item_id, one.location or ""] += one.quantity
    return tuple(
        NamedDocument(id=receipt_id, type="ItemRcpt", number=number, units=named_units(held))
        for (receipt_id, number), held in units.items()
    )


def refuse_received_for_order(
    order: Sale, facts: ReturnFacts, parts: Sequence[ReturnedUnits], posted: Sequence[Posted]
) -> None:
    """Stop where people have received such units from authorizations of the order.

    The order has none left to authorise: those units may be these, or those of another return.

    Raises:
        NeedsHuman: they have, and nobody has decided about their receipts.
    """
    if facts.is_return_to_sender:
        return
    items = {part.item.id for part in parts}
    made = [
        one
        for one in order.authorizations
        if not (one.external_id or "").startswith(OUR_EXTERNAL_IDS)
    ]
    theirs = [
        receipt for one in made for receipt in _receipts_of_others(one, facts, items, posted)
    ]
    if theirs:
        raise NeedsHuman(
            f"Return {facts.return_id} brought back {said(parts)}; {order.number} has no such"
            f" units left to authorise, and {_numbers(theirs, items)}, which is not ours, may hold"
            " them",
            cause=Cause.RECEIVED_BY_OTHERS,
            remedy=(
                "Decide with events decide: handled, if that receipt holds units of this return;"
                " separate, if it is another matter: the return is then booked by the policy"
                " unmatched_return."
            ),
            waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
        )


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
            "Decide with events decide: handled, if that receipt holds units of this return;"
            " separate, if it is another matter. Or delete that receipt: the return is"
            " then booked as ShipBob tells it."
        ),
        waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
    )


def _receipts_of_others(
    found: Authorization, facts: ReturnFacts, items: Collection[str], posted: Sequence[Posted]
) -> list[ReceivedUnits]:
    """Return the receipts of these items that we did not make for any return.

    None about which a person has decided.
    """
    ours = {document.remote_id for document in posted}
    settled = settled_documents(facts.decisions)
    return [
        receipt
        for receipt in found.receipts
        if receipt.item_id in items
        and not (receipt.external_id or "").startswith(ExternalIdPrefix.RETURN_RECEIPT)
        and receipt.id not in ours | settled
    ]
