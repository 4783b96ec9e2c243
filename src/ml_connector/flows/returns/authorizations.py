"""Which return authorization, or else which sales order, a return is of. Pure."""

from collections.abc import Collection, Iterable, Sequence

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.work.backoff import LISTED_AFTER_SECONDS
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.flows.returns.decisions.decided import decided_authorization
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import (
    Authorization,
    ReturnFacts,
    Sale,
    authorization_id,
    fits,
)
from ml_connector.ledger.postings.documents import Posted
from ml_connector.netsuite.statuses import (
    RETURN_EXPECTING,
    RETURN_NOT_RECEIVABLE,
    RETURN_RECEIVABLE,
    SALES_ORDER_CANCELLED,
)
from ml_connector.words import OUR_EXTERNAL_IDS, Cause, ExternalIdPrefix


def authorization(
    facts: ReturnFacts, parts: Sequence[ReturnedUnits], posted: Sequence[Posted]
) -> Authorization | None:
    """Return the authorization that the units are received from; None when there is none.

    The one that a person decided on; else the one that was made for this return; else the one
    with its reference; else the one that somebody made from the sales order and from which units
    of this return were received, where others have received such units from it too; else such a
    one that still expects units of these items. A parcel returned to its sender has only the one
    that was made for it, where nobody decided.

    Raises:
        Retryable: the one that was made is not listed yet.
        NeedsHuman: several fit, or the one with the reference is of another customer; or the
            sales order is not the only one of its number.
    """
    order = sale(facts) if not facts.named else None
    candidates = [*facts.named, *(order.authorizations if order else ())]
    found = _made_for(facts, candidates, posted)
    decided = decided_authorization(facts.decisions)
    if decided is not None:
        return _the_one(facts, [one for one in candidates if one.id == decided])
    if facts.is_return_to_sender:
        return _the_one(facts, found)
    found = found or _fitting(facts)
    if not found:
        items = {part.item.id for part in parts}
        found = _received_beside(facts, candidates, items, posted)
        found = found or [one for one in candidates if expects(one, items)]
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
                " id, or close the others. It then goes on by itself."
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
                " number. It then goes on by itself. Or receive it by hand."
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


def _received_beside(
    facts: ReturnFacts,
    candidates: Iterable[Authorization],
    items: Collection[str],
    posted: Sequence[Posted],
) -> list[Authorization]:
    """Return the authorizations from which units of this return and of others were received.

    It was chosen while it expected units; what others received from it was counted then, and is
    to be counted again, whether or not it expects any now.
    """
    own = f"{ExternalIdPrefix.RETURN_RECEIPT}{facts.return_id}-"
    ids = {one.remote_id for one in posted if one.external_id.startswith(own)}
    found: list[Authorization] = []
    for one in candidates:
        ours = [
            receipt
            for receipt in one.receipts
            if receipt.id in ids or (receipt.external_id or "").startswith(own)
        ]
        others = [
            receipt
            for receipt in one.receipts
            if receipt not in ours
            and receipt.item_id in items
            and not (receipt.external_id or "").startswith(ExternalIdPrefix.RETURN_RECEIPT)
        ]
        if ours and others:
            found.append(one)
    return found


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


def expects(found: Authorization, items: Collection[str]) -> bool:
    """Whether somebody made it and it still expects units of these items."""
    ours = (found.external_id or "").startswith(OUR_EXTERNAL_IDS)
    return (
        not ours
        and found.status in RETURN_EXPECTING
        and any(line.open_quantity and line.item_id in items for line in found.lines)
    )


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
                "Approve or reopen it in NetSuite. It then goes on by itself."
                if namesake
                else "Approve or reopen it in NetSuite; what waits goes on by itself."
            ),
            waiting_for=[awaited],
        )
