"""``/inventory-level*`` and ``/inventory/history:query`` (reference shipbob.md, 9.3)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from ml_connector.sim.shipbob.api.products_api import find_variant, inventory_filter
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.product_views import USER_ID
from ml_connector.sim.shipbob.books.products import Products, Variant
from ml_connector.sim.shipbob.books.stock import Levels, Movement, Place, Stock
from ml_connector.sim.shipbob.http.answers import Answer, problem
from ml_connector.sim.shipbob.http.call import BadValueError, Call
from ml_connector.sim.shipbob.http.endpoint import Endpoint, problem_400, problem_refusal
from ml_connector.sim.shipbob.http.paging import CursorPages
from ml_connector.sim.shipbob.values.dates import read_instant, stamp, stamp_or_none

Json = dict[str, object]
Show = Callable[[Variant, int | None], Json]

READ = ("inventory_read",)
LONGEST_SPAN = timedelta(days=90)
HISTORY_PAGE = 100
LAG = timedelta(seconds=2)


class HistoryQuery(msgspec.Struct, kw_only=True):
    """The body of ``POST /inventory/history:query``."""

    facility_id: int
    inventory_ids: list[int] | None = None
    event_category: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    cursor: int | None = None
    merchant_user_id: int | None = None


class StockApi:
    """The handlers.

    Attributes:
        lags: the levels leave out what moved in the last ``LAG``.
    """

    def __init__(
        self,
        *,
        stock: Stock,
        products: Products,
        centers: Centers,
        now: Callable[[], datetime],
    ) -> None:
        self._stock = stock
        self._products = products
        self._centers = centers
        self._now = now
        self.lags = False

    def endpoints(self) -> list[Endpoint]:
        """The routes of these resources."""

        def route(method: str, path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            return Endpoint(
                method=method,
                path=path,
                handler=handler,
                scopes=READ,
                refuse=problem_refusal,
                bad_value=problem_400,
            )

        def listing(path: str, show: Show) -> Endpoint:
            return route("GET", path, lambda call: self._list(call, path, show))

        def single(path: str, show: Show) -> Endpoint:
            return route(
                "GET",
                path,
                lambda call: Answer(200, show(find_variant(self._products, call), None)),
            )

        return [
            listing("/inventory-level", self._totals),
            listing("/inventory-level/locations", self._by_location),
            listing("/inventory-level/lots", self._by_lot),
            single("/inventory-level/{id:key}", self._totals),
            single("/inventory-level/{id:key}/locations", self._by_location),
            single("/inventory-level/{id:key}/lots", self._by_lot),
            route("POST", "/inventory/history:query", self.history),
        ]

    def history(self, call: Call) -> Answer:
        """Movements at one facility, 90 days at most, oldest first, ``HISTORY_PAGE`` at a time.

        The cursor is the id of the last event seen, in the query string or in the body.
        """
        asked = call.body(HistoryQuery, problem_400)
        end = _instant(asked.end_date) or self._now()
        start = _instant(asked.start_date) or end - LONGEST_SPAN
        if end - start > LONGEST_SPAN:
            raise problem(400, "The date range must not exceed 90 days.")
        after = call.query.number("cursor") or asked.cursor or 0
        ids = set(asked.inventory_ids or ())
        category = (asked.event_category or "").lower()
        found = [
            each
            for each in self._stock.movements
            if each.center_id == asked.facility_id
            and each.id > after
            and start <= each.at <= end
            and (not ids or each.inventory_id in ids)
            and (not category or each.category.lower() == category)
        ]
        shown = found[:HISTORY_PAGE]
        more = str(shown[-1].id) if len(found) > len(shown) else None
        body = {
            "data": [_movement(each) for each in shown],
            "next": more,
            "prev": None,
            "first": None,
            "last": None,
        }
        return Answer(200, body)

    def _list(self, call: Call, path: str, show: Show) -> Answer:
        pages: CursorPages[Variant] = CursorPages(path=f"/{call.version}{path}")
        query = pages.query(call)
        keep, location = inventory_filter(query), query.number("LocationId")
        found = [each for each in self._products.by_inventory_id.values() if keep(each)]
        return pages.answer(call, found, lambda variant: show(variant, location))

    def _totals(self, variant: Variant, _: int | None) -> Json:
        """Sellable is on hand less committed less exceptions, network-wide."""
        total = Levels()
        for levels in self._levels(variant).values():
            total = total.plus(levels)
        return {
            "inventory_id": variant.inventory_id,
            "sku": variant.sku,
            "name": variant.name,
            "total_on_hand_quantity": total.on_hand,
            "total_fulfillable_quantity": total.fulfillable,
            "total_committed_quantity": total.committed,
            "total_sellable_quantity": total.on_hand - total.committed - total.exception,
            "total_awaiting_quantity": total.awaiting,
            "total_exception_quantity": total.exception,
            "total_internal_transfer_quantity": total.transfer,
            "total_backordered_quantity": 0,
        }

    def _levels(self, variant: Variant) -> Mapping[Place, Levels]:
        """The levels at each place as they are shown."""
        levels = self._stock.of(variant.inventory_id)
        return self._stock.before(levels, self._now() - LAG) if self.lags else levels

    def _by_location(self, variant: Variant, location: int | None) -> Json:
        return {
            "inventory_id": variant.inventory_id,
            "sku": variant.sku,
            "name": variant.name,
            "locations": self._locations(variant, location, None),
        }

    def _by_lot(self, variant: Variant, location: int | None) -> Json:
        lots = sorted({lot for _, _, lot in self._stock.of(variant.inventory_id)})
        return {
            "inventory_id": variant.inventory_id,
            "sku": variant.sku,
            "name": variant.name,
            "lots": [self._lot(variant, lot, location) for lot in lots],
        }

    def _lot(self, variant: Variant, lot: str, location: int | None) -> Json:
        total = Levels()
        for (_, center_id, each), levels in self._levels(variant).items():
            if each == lot and location in {None, center_id}:
                total = total.plus(levels)
        return {
            "lot_number": lot or None,
            "lot_date": stamp_or_none(total.lot_date),
            **_quantities(total),
            "locations": self._locations(variant, location, lot),
        }

    def _locations(self, variant: Variant, location: int | None, lot: str | None) -> list[Json]:
        totals: dict[int, Levels] = {}
        for (_, center_id, each), levels in self._levels(variant).items():
            if location in {None, center_id} and lot in {None, each}:
                totals[center_id] = totals.get(center_id, Levels()).plus(levels)
        return [
            {"location_id": number, "name": self._centers[number].name, **_quantities(levels)}
            for number, levels in sorted(totals.items())
        ]


def _quantities(levels: Levels) -> Json:
    return {
        "on_hand_quantity": levels.on_hand,
        "fulfillable_quantity": levels.fulfillable,
        "committed_quantity": levels.committed,
        "awaiting_quantity": levels.awaiting,
        "internal_transfer_quantity": levels.transfer,
    }


def _movement(each: Movement) -> Json:
    side = "increment" if each.quantity >= 0 else "decrement"
    return {
        "inventory_audit_event_id": each.id,
        "inventory_id": each.inventory_id,
        "merchant_user_id": USER_ID,
        "event_category": each.category,
        "event_datetime": stamp(each.at),
        side: {
            "quantity_change": each.quantity,
            "committed_quantity_change": 0,
            "sku": each.sku,
            "lot_number": each.lot_number or None,
            "expiration_date": stamp_or_none(each.lot_date),
            "facility_id": each.center_id,
            "location_id": each.center_id,
            "inventory_status": "Sellable",
        },
        "additional_reference": [{"key": key, "value": value} for key, value in each.references],
        "shipbob_order_id": each.order_id,
    }


def _instant(text: str | None) -> datetime | None:
    try:
        return read_instant(text) if text else None
    except ValueError:
        raise BadValueError("date", f"The value '{text}' is not valid.") from None
