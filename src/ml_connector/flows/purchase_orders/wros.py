"""The WROs of an order: which are ours, where they lead and what they still bring. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import Retryable
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.locations import unmapped_place
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

LISTED_AFTER_SECONDS: Final = 5.0
"""After how long to look again for what was just made at ShipBob."""


class KnownWros(NamedTuple):
    """The WROs of an order, by what we know of them.

    Attributes:
        standing: those that were not cancelled, whoever made them.
        ours: ids of those that we made, cancelled ones included.
        taken_back: those of ours that somebody cancelled at ShipBob, and that nobody has said
            to announce again.
        numbers: how many WROs of the order have a number, at most: the next one is higher.
    """

    standing: tuple[WroFact, ...]
    ours: frozenset[int]
    taken_back: tuple[WroFact, ...]
    numbers: int

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
    by_us, by_others = _cancelled(facts.wros, cancelled)
    return KnownWros(
        standing=tuple(wro for wro in facts.wros if wro not in (*by_us, *by_others)),
        ours=ours,
        taken_back=tuple(
            wro for wro in by_others if wro.id in ours and wro.id not in facts.announce_again
        ),
        numbers=_highest_number(facts, posted),
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
    taken = [0]
    for wro in facts.wros:
        suffix = re.fullmatch(re.escape(facts.number) + r"(?:-(\d+))?", wro.number)
        if suffix:
            taken.append(int(suffix[1] or 1))
    ours = f"{ExternalIdPrefix.WRO}{facts.order_id}-"
    for document in made_wros(posted):
        part = document.external_id.removeprefix(ours)
        if part.isdecimal():
            taken.append(int(part))
    return max(taken)
