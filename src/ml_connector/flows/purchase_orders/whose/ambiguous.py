"""Orders that share a number with others, and WROs that may be another order's. Pure."""

from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts
from ml_connector.flows.purchase_orders.wros import KnownWros, names_of
from ml_connector.netsuite.queries.purchase_orders import Namesake
from ml_connector.netsuite.statuses import PURCHASE_ORDER_OPEN, PURCHASE_ORDER_UNAPPROVED
from ml_connector.words import Cause

_MAY_ANNOUNCE: Final = PURCHASE_ORDER_OPEN | PURCHASE_ORDER_UNAPPROVED


def refuse_ambiguous(
    facts: PurchaseOrderFacts, wros: KnownWros, settings: ConnectionSettings
) -> None:
    """Stop where it could not be told by the numbers of WROs whose goods arrive.

    Args:
        facts: of an open order.
        wros: its WROs.
        settings: of the connection.

    Raises:
        NeedsHuman: another order would make WROs of the same number, and the connection's
            subsidiary does not choose this one; or a WRO may be another order's.
    """
    here = set(settings.locations.values())
    if not any(line.open_quantity and line.location in here for line in facts.lines):
        return
    rivals = _rivals(facts)
    if rivals and not _is_chosen(facts, rivals, settings):
        raise _shared_number(facts, rivals)
    doubtful = [wro for wro in wros.standing if wro.may_be_of and wro.matters]
    if doubtful:
        others = ", ".join(sorted({wro.may_be_of for wro in doubtful}))
        raise NeedsHuman(
            f"WRO {names_of(doubtful)} may be of order {facts.number} or of {others}: its number"
            " can mean both, and these books don't know which it was made for",
            cause=Cause.PURCHASE_ORDER_AMBIGUOUS,
            remedy=(
                "Correct the number on the WRO at ShipBob, or cancel the WRO there if nothing of"
                " it is to come. It then goes on by itself. Nothing is announced until then."
            ),
            waiting_for=[AwaitedKind.ENDED_WRO.named(wro.id) for wro in doubtful],
        )


def _rivals(facts: PurchaseOrderFacts) -> list[Namesake]:
    """Return the purchase orders of the same number that would be announced as well."""
    if facts.moved_from is not None:
        return []
    return [one for one in facts.namesakes if not one.is_transfer and one.status in _MAY_ANNOUNCE]


def _is_chosen(
    facts: PurchaseOrderFacts, rivals: list[Namesake], settings: ConnectionSettings
) -> bool:
    """Whether the connection's subsidiary is that of this order, and of no other."""
    ours = settings.netsuite.subsidiary
    return (
        ours is not None
        and facts.subsidiary == ours
        and all(one.subsidiary not in {None, ours} for one in rivals)
    )


def _shared_number(facts: PurchaseOrderFacts, rivals: list[Namesake]) -> NeedsHuman:
    others = "; ".join(
        f"{one.id}{f' of subsidiary {one.subsidiary}' if one.subsidiary else ''}" for one in rivals
    )
    return NeedsHuman(
        f"Purchase order {facts.number} ({facts.order_id}) has the number of another one"
        f" ({others}): their WROs would have one number, and nobody could tell whose goods arrive",
        cause=Cause.PURCHASE_ORDER_AMBIGUOUS,
        remedy=(
            "Make their numbers differ, or set subsidiary under [netsuite] to the one whose orders"
            " go to ShipBob and apply the connection again; it then goes on by itself."
        ),
        waiting_for=[AwaitedKind.ORDER_NUMBER.named(facts.number)],
    )
