"""The WROs of an order: which are ours, where they lead, what stands against them. Pure.

Assumptions: SB-028.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.work.backoff import LISTED_AFTER_SECONDS
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.ledger.postings.documents import Posted
from ml_connector.reads.order_wros import part_of
from ml_connector.rules.locations import unmapped_place
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix


class KnownWros(NamedTuple):
    """The WROs of an order, by what we know of them.

    Attributes:
        standing: those of the order that were not cancelled, whoever made them.
        ours: ids of those that we made, cancelled ones included.
        taken_back: those of ours that somebody cancelled at ShipBob, and that nobody has said
            to announce again.
        numbers: how many WROs of the order have a number, at most: the next one is higher.
        taken: numbers of the order that WROs of other orders have.
    """

    standing: tuple[WroFact, ...]
    ours: frozenset[int]
    taken_back: tuple[WroFact, ...]
    numbers: int
    taken: frozenset[int] = frozenset()

    @property
    def standing_ours(self) -> list[WroFact]:
        """The standing ones that we made."""
        return [wro for wro in self.standing if wro.id in self.ours]


def wros_of(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> KnownWros:
    """Return an order's WROs that were not cancelled, as ShipBob or our books say.

    Raises:
        Retryable: one that we made is not listed: a WRO just made may take seconds to show
            (shipbob.md section 8).
    """
    made = {document.remote_id: document for document in made_wros(posted)}
    listed = {str(wro.id) for wro in facts.wros}
    hidden = [document for remote_id, document in made.items() if remote_id not in listed]
    if hidden and facts.number:
        raise Retryable(
            f"{hidden[0].external_id} was made as WRO {hidden[0].remote_id}, but ShipBob does not"
            " list it yet",
            cause=Cause.RECORD_NOT_FOUND,
            retry_after_seconds=LISTED_AFTER_SECONDS,
        )
    cancelled = cancelled_by_us(posted)
    ours = frozenset(int(remote_id) for remote_id in made if remote_id)
    by_us, by_others = _cancelled(facts.own_wros, cancelled)
    return KnownWros(
        standing=tuple(wro for wro in facts.own_wros if wro not in (*by_us, *by_others)),
        ours=ours,
        taken_back=tuple(
            wro for wro in by_others if wro.id in ours and wro.id not in facts.announce_again
        ),
        numbers=_highest_number(facts, posted),
        taken=facts.taken_numbers,
    )


def _cancelled(
    wros: Sequence[WroFact], by_us: set[str | None]
) -> tuple[list[WroFact], list[WroFact]]:
    """Return the WROs that we cancelled, and those that somebody else did."""
    ours = [wro for wro in wros if str(wro.id) in by_us]
    others = [wro for wro in wros if wro.is_cancelled and wro not in ours]
    return ours, others


def made_wros(posted: Sequence[Posted]) -> list[Posted]:
    """Return the WROs that we made, cancelled ones included."""
    return [
        document for document in posted if document.kind == DocumentKind.WRO and document.remote_id
    ]


def cancelled_by_us(posted: Sequence[Posted]) -> set[str | None]:
    """Return ShipBob's ids of the WROs that we cancelled."""
    return {
        document.remote_id for document in posted if document.kind == DocumentKind.WRO_CANCELLATION
    }


def location_of_wro(facts: PurchaseOrderFacts, wro: WroFact, settings: ConnectionSettings) -> str:
    """Return the location that a WRO leads to: that of its center, or of the hub before it.

    Raises:
        NeedsData: neither is mapped, so that it can't be told what the WRO covers.
    """
    center = wro.fulfillment_center_id
    location = settings.locations.get(str(center))
    if location is None:
        raise unmapped_place(
            center,
            place=(
                f"WRO {wro.number} ({wro.id}) of {facts.number} is at fulfillment center {center},"
                " which"
            ),
            remedy_ends=(
                ": hubs as well as the centers behind them; then apply the connection again."
            ),
        )
    return location


def announced(wros: Sequence[WroFact]) -> dict[int, int]:
    """Return the units that WROs announce, by inventory id."""
    units: dict[int, int] = defaultdict(int)
    for wro in wros:
        for inventory_id, quantity in wro.expected.items():
            units[inventory_id] += quantity
    return dict(units)


def names_of(wros: Sequence[WroFact]) -> str:
    """Return what a person calls these WROs."""
    return ", ".join(sorted({wro.name for wro in wros}))


def _highest_number(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> int:
    """Return 1 when ``PO123`` is the highest number that a WRO of the order has; 0 for none.

    A WRO of ours may have lost its number at ShipBob, or the order its own in NetSuite: then
    our external id still says which one it was.
    """
    taken = [0, *(part_of(facts.number, wro.number) for wro in facts.own_wros)]
    ours = f"{ExternalIdPrefix.WRO}{facts.order_id}-"
    for document in made_wros(posted):
        part = document.external_id.removeprefix(ours)
        if part.isdecimal():
            taken.append(int(part))
    return max(taken)


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
