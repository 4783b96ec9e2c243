"""What a person is told when an order and its WROs have come apart. Pure."""

from collections.abc import Iterable, Sequence
from itertools import chain

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.wros import names_of
from ml_connector.words import Cause


def order_changed(facts: PurchaseOrderFacts, wros: Sequence[WroFact], how: str) -> NeedsHuman:
    """Return the failure of an order that changed when ShipBob had begun with its WROs."""
    return NeedsHuman(
        f"Order {facts.number or facts.order_id} {how}, and ShipBob has begun with WRO"
        f" {names_of(wros)}",
        cause=Cause.PURCHASE_ORDER_CHANGED,
        remedy="Settle with ShipBob what becomes of the goods; nothing is changed by itself.",
        waiting_for=_ends_of(wros),
    )


def not_approved(facts: PurchaseOrderFacts, wros: Sequence[WroFact]) -> NeedsHuman:
    """Return the failure of an order that is pending approval again when it was announced."""
    return NeedsHuman(
        f"Order {facts.number} is pending approval again, and its goods are announced with WRO"
        f" {names_of(wros)}",
        cause=Cause.PURCHASE_ORDER_CHANGED,
        remedy=(
            "Approve the order, or cancel the WRO at ShipBob; it then goes on by itself. Cartons"
            " may be on the road, so the WRO is not cancelled by itself."
        ),
        waiting_for=[AwaitedKind.APPROVED_ORDER.named(facts.order_id), *_ends_of(wros)],
    )


def received_in_full(facts: PurchaseOrderFacts, wros: Sequence[WroFact]) -> NeedsHuman:
    """Return the failure of an order that people received when ShipBob still expects its goods."""
    return NeedsHuman(
        f"Order {facts.number} expects no more of what WRO {names_of(wros)} announces, since it"
        " was received in NetSuite",
        cause=Cause.PURCHASE_ORDER_CHANGED,
        remedy=(
            "Cancel the WRO at ShipBob where nothing of it is to come. Cartons may be on the road,"
            " so it is not cancelled by itself. It goes on when ShipBob has ended the WRO."
        ),
        waiting_for=_ends_of(wros),
    )


def wro_cancelled(facts: PurchaseOrderFacts, wros: Sequence[WroFact]) -> NeedsHuman:
    """Return the failure of an order whose WRO somebody cancelled at ShipBob."""
    return NeedsHuman(
        f"WRO {names_of(wros)} was cancelled at ShipBob, and order {facts.number} still expects"
        " what it announced",
        cause=Cause.WRO_CANCELLED,
        remedy=(
            "To announce it again, replay this event by its id: events replay --id. Else reduce"
            " or close the lines in NetSuite. Nothing is announced again by itself."
        ),
        waiting_for=[AwaitedKind.CANCELLED_WRO.named(wro.id) for wro in wros],
    )


def joined(failures: Sequence[NeedsHuman]) -> NeedsHuman | None:
    """Return one failure that says all of these; None for none. The first gives the cause."""
    if len(failures) <= 1:
        return next(iter(failures), None)
    return NeedsHuman(
        ". ".join(dict.fromkeys(map(str, failures))),
        cause=failures[0].cause,
        remedy=" ".join(dict.fromkeys(failure.remedy for failure in failures)),
        waiting_for=dict.fromkeys(chain.from_iterable(one.waiting_for for one in failures)),
    )


def _ends_of(wros: Iterable[WroFact]) -> list[Awaited]:
    return [AwaitedKind.ENDED_WRO.named(wro.id) for wro in wros]
