"""What is open at each location, and what of it is announced there. Pure."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.open_units import OpenOrder, OpenUnits
from ml_connector.flows.purchase_orders.wro_receipts import cartons_may_come
from ml_connector.flows.purchase_orders.wros import KnownWros, announced, location_of_wro
from ml_connector.shipbob.resources.receiving import AWAITED, ENDED


class Demand(NamedTuple):
    """What our WROs should announce at one location, and what stands against it.

    Attributes:
        center: where new WROs go; None where nothing is open.
        awaited: WROs of ours that may be cancelled and made anew.
        wanted: what they should announce.
        begun: WROs that ShipBob has begun with and that promise more than is open.
        surplus: inventory ids of which they do.
        kept: WROs of ours that stay, though people have received all they announce.
        withheld: WROs that somebody cancelled, and whose units would be announced again.
    """

    center: int | None
    awaited: tuple[WroFact, ...]
    wanted: tuple[OpenUnits, ...]
    begun: tuple[WroFact, ...] = ()
    surplus: frozenset[int] = frozenset()
    kept: tuple[WroFact, ...] = ()
    withheld: tuple[WroFact, ...] = ()

    @property
    def added(self) -> dict[int, int]:
        """Units by inventory id that are wanted and not announced."""
        have = announced(self.awaited)
        more = {
            one.inventory_id: one.quantity - have.get(one.inventory_id, 0) for one in self.wanted
        }
        return {inventory_id: units for inventory_id, units in more.items() if units > 0}

    @property
    def is_announced(self) -> bool:
        """Whether the awaited WROs announce just what they should."""
        wanted = {one.inventory_id: one.quantity for one in self.wanted}
        return announced(self.awaited) == wanted


class _Seen(NamedTuple):
    """What the demand of each location is told from."""

    facts: PurchaseOrderFacts
    wros: KnownWros
    settings: ConnectionSettings


def demands(
    order: OpenOrder, facts: PurchaseOrderFacts, wros: KnownWros, settings: ConnectionSettings
) -> list[Demand]:
    """Return the demand of every location where units are open or WROs of ours stand.

    Raises:
        NeedsData: a WRO is at an unmapped center, so that it can't be told what it covers.
    """
    by_center = order.by_center
    opened = {settings.locations[str(center)]: center for center in sorted(by_center)}
    standing = [
        (location_of_wro(facts, wro, settings), wro)
        for wro in wros.standing
        if (opened or wro.id in wros.ours) and wro.matters
    ]
    ours = (location for location, wro in standing if wro.id in wros.ours)
    return [
        _demand(
            by_center.get(opened.get(location, 0), ()),
            [wro for place, wro in standing if place == location],
            [
                wro
                for wro in wros.taken_back
                if settings.locations.get(str(wro.fulfillment_center_id)) == location
            ],
            _astray(facts, location, order.products),
            _Seen(facts, wros, settings),
        )._replace(center=opened.get(location))
        for location in dict.fromkeys([*opened, *sorted(ours)])
    ]


def _astray(facts: PurchaseOrderFacts, location: str, products: Mapping[str, int]) -> Counter[int]:
    """Return the units, by inventory id, that a location received for lines of others.

    Negative: its own lines' units that were received elsewhere.
    """
    units: Counter[int] = Counter()
    for one in facts.astray:
        if one.location == location and one.item in products:
            units[products[one.item]] += one.units
    return units


def _demand(
    units: Sequence[OpenUnits],
    there: Sequence[WroFact],
    taken_back: Sequence[WroFact],
    astray: Counter[int],
    seen: _Seen,
) -> Demand:
    facts, wros, settings = seen
    awaited = tuple(wro for wro in there if wro.status in AWAITED and wro.id in wros.ours)
    others = [wro for wro in there if wro not in awaited]
    at_most = {one.inventory_id: one.quantity - min(0, astray[one.inventory_id]) for one in units}
    begun, surplus = _begun(at_most, others, wros)
    demand = Demand(
        center=None,
        awaited=awaited,
        wanted=_wanted(units, others, announced(awaited), astray),
        begun=begun,
        surplus=surplus,
    )
    if not units:
        kept = tuple(wro for wro in awaited if cartons_may_come(wro, facts, settings))
        return demand._replace(kept=kept, awaited=tuple(w for w in awaited if w not in kept))
    return _without_taken_back(demand, taken_back)


def _wanted(
    units: Iterable[OpenUnits],
    others: Sequence[WroFact],
    awaited: Mapping[int, int],
    astray: Counter[int],
) -> tuple[OpenUnits, ...]:
    """Return what is open, less what other WROs than those awaited by us bring.

    Units that were received astray make that uncertain: those of this location's lines may
    still come here, and those that came here for other lines may be what these lines expect.
    Nothing is announced, and nothing that is announced is taken back, because of them.

    Args:
        units: open at the location.
        others: WROs to it that are not awaited by us.
        awaited: units by inventory id that WROs awaited by us announce.
        astray: by inventory id, as ``_astray`` says.
    """
    wanted: list[OpenUnits] = []
    for one in units:
        rest = one.quantity - sum(wro.on_its_way(one.inventory_id) for wro in others)
        stray = astray[one.inventory_id]
        least, most = rest - max(0, stray), rest - min(0, stray)
        quantity = min(max(awaited.get(one.inventory_id, 0), least), most)
        if quantity > 0:
            wanted.append(one._replace(quantity=quantity))
    return tuple(wanted)


def _begun(
    opened: Mapping[int, int], others: Sequence[WroFact], wros: KnownWros
) -> tuple[tuple[WroFact, ...], frozenset[int]]:
    """Return the WROs under way that promise more than is open, and of which inventory ids."""
    promises = [(wro, _promises(wro, opened, wros)) for wro in others]
    promised: Counter[int] = Counter()
    for _, some in promises:
        promised.update(some)
    surplus = {one for one, quantity in promised.items() if quantity > opened.get(one, 0)}
    begun = tuple(
        wro for wro, some in promises if wro.status not in ENDED and surplus & some.keys()
    )
    return begun, frozenset(surplus) if begun else frozenset()


def _promises(wro: WroFact, opened: Container[int], wros: KnownWros) -> dict[int, int]:
    """Return the units that a WRO promises, by inventory id.

    Other people's WROs may hold what the order never had; only what it expects counts there.
    """
    return {
        inventory_id: units
        for inventory_id in wro.expected
        if (wro.id in wros.ours or inventory_id in opened)
        and (units := wro.promised(inventory_id))
    }


def _without_taken_back(demand: Demand, taken_back: Sequence[WroFact]) -> Demand:
    """Leave out what somebody cancelled at ShipBob and would be announced again."""
    cancelled = announced(taken_back)
    held = {
        inventory_id: min(units, cancelled.get(inventory_id, 0))
        for inventory_id, units in demand.added.items()
        if cancelled.get(inventory_id)
    }
    if not held:
        return demand
    wanted = (
        one._replace(quantity=one.quantity - held.get(one.inventory_id, 0))
        for one in demand.wanted
    )
    return demand._replace(
        wanted=tuple(one for one in wanted if one.quantity),
        withheld=tuple(wro for wro in taken_back if held.keys() & wro.expected.keys()),
    )
