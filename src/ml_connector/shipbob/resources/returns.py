"""Returns: their payloads, and the requests about them.

Source: ShipBob reference, section 9.6, and the ``Returns`` schemas of its OpenAPI file. Reading
gives full objects; creating and editing answer with an older, smaller form (``invoice_amount``, no
``sku``). The same payload reads both. Enums are open texts.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from datetime import date, datetime
from itertools import product as combinations
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.shipbob.filters import comma_safe_lists, lists, moment
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.payloads import (
    FulfillmentCenter,
    Quantity,
    StatusChange,
    calendar_day,
    to_utc,
)
from ml_connector.shipbob.resources.shipments import OrderChannel
from ml_connector.shipbob.session import Request, ShipBobSession, segment
from ml_connector.transport.call import Priority

COMPLETED: Final = "Completed"
KNOWN_STATUSES: Final = frozenset(
    {
        "AwaitingArrival",
        "Arrived",
        "Processing",
        COMPLETED,
        "Cancelled",
        "PendingApproval",
        "InTransit",
        "ActionRequired",
        "Rejected",
    }
)
"""Without spaces; the last four are of ShipBob's newer returns portal. There may be new ones."""

# Some lists have at most 50 rows a page, whatever is asked for (section 6).
_PAGE: Final = "50"


class ActionTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with some units: Restock, Quarantine, Dispose, or a new action.

    Attributes:
        quantity_processed: whole eaches; None where ShipBob does not say.
    """

    action: str | None = None
    action_reason: str | None = None
    quantity_processed: Quantity | None = None


class ActionRequested(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant asked for; what was done may differ."""

    action: str | None = None
    action_type: str | None = None


class ReturnLot(msgspec.Struct, frozen=True, kw_only=True):
    """The lot of a returned line; its number and expiry may be unknown."""

    number: str | None = None
    expiration: str | None = None

    @property
    def expires_on(self) -> date | None:
        """The expiry date; None where there is none, or it can't be read."""
        return calendar_day(self.expiration)


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """One inventory item of a return.

    Attributes:
        id: the inventory id.
        sku: missing in the smaller form, and sometimes in the full one.
        quantity: announced units; the sum of the processed units may differ.
        bundle_parent_sku: SKU of the bundle that the item belongs to.
        action_taken: None where ShipBob does not say, which is not "nothing done" (section 13.3).
    """

    id: int
    sku: str | None = None
    name: str = ""
    quantity: Quantity = 0
    bundle_parent_sku: str | None = None
    lot_information: ReturnLot | None = None
    action_requested: ActionRequested | None = None
    action_taken: tuple[ActionTaken, ...] | None = None


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A return (section 9.6, GET /return/{id}).

    Attributes:
        status: as ShipBob wrote it, perhaps with spaces; compare ``plain_status``.
        return_type: Regular, ReturnToSender, RTS, or a new one.
        reference_id: the merchant's key; ShipBob makes one when a parcel comes back by itself.
    """

    id: int
    reference_id: str | None = None
    store_order_id: str | None = None
    channel: OrderChannel | None = None
    status: str = ""
    return_type: str | None = None
    fulfillment_center: FulfillmentCenter | None = None
    original_shipment_id: int | None = None
    tracking_number: str | None = None
    insert_date: datetime | None = None
    arrived_date: datetime | None = None
    processing_date: datetime | None = None
    completed_date: datetime | None = None
    cancelled_date: datetime | None = None
    inventory: tuple[ReturnLine, ...] = ()
    status_history: tuple[StatusChange, ...] = ()

    def __post_init__(self) -> None:
        dates = ("insert_date", "arrived_date", "processing_date", "completed_date")
        to_utc(self, *dates, "cancelled_date")

    @property
    def plain_status(self) -> str:
        """The status without the spaces that some answers have in it (section 9.6)."""
        return plain(self.status)

    @property
    def completed_at(self) -> datetime | None:
        """When it was completed, by its date, or else last by its history."""
        if self.completed_date is not None:
            return self.completed_date
        moments = (
            change.timestamp for change in self.status_history if plain(change.status) == COMPLETED
        )
        return max((at for at in moments if at is not None), default=None)


def plain(status: str) -> str:
    """Return a status without spaces."""
    return "".join(status.split())


class Returns:
    """The calls about returns. Every method raises as the client's do."""

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def get(self, return_id: int | str, *, priority: Priority = Priority.LIVE) -> Return:
        """Return a return (section 9.6, GET /return/{id}).

        Raises:
            NeedsData: record_not_found, waiting for ``return:<id>``.
        """
        return await self._session.one(get_return(return_id, priority), Return)

    async def find(
        self,
        *,
        ids: Collection[int | str] | None = None,
        reference_ids: Collection[str] | None = None,
        statuses: Collection[str] = (),
        created_since: datetime | None = None,
        created_until: datetime | None = None,
        completed_since: datetime | None = None,
        priority: Priority = Priority.LIVE,
    ) -> AsyncIterator[Return]:
        """Yield the returns that fit all given filters (section 7.6, GET /return), each once.

        Args:
            ids: None for any; an empty collection yields nothing.
            reference_ids: likewise; only exactly equal ones are yielded. One with a comma is
                asked for alone.
            statuses: empty for any.
            created_since: aware.
            created_until: aware.
            completed_since: aware.
            priority: of all its pages.
        """
        filters = return_filters(
            statuses=statuses,
            created_since=created_since,
            created_until=created_until,
            completed_since=completed_since,
        )
        exactly = None if reference_ids is None else set(reference_ids)
        for keys in _keys(ids, reference_ids):
            request = list_returns({**filters, **keys}, priority)
            pages = self._session.every(request, Return, lambda row: row.id, style=Style.CURSOR)
            async for found in pages:
                if exactly is None or found.reference_id in exactly:
                    yield found


def get_return(return_id: int | str, priority: Priority) -> Request:
    """GET /return/{id}."""
    return Request(
        operation="return.get",
        doing=f"reading return {return_id}",
        path=f"/return/{segment(return_id)}",
        scope="returns_read",
        record=AwaitedKind.RETURN.named(return_id),
        priority=priority,
    )


def list_returns(query: Mapping[str, str], priority: Priority) -> Request:
    """GET /return; its cursor is a page number, its ``next`` an absolute URL (section 6)."""
    return Request(
        operation="return.list",
        doing="listing returns",
        path="/return",
        scope="returns_read",
        query=query,
        priority=priority,
    )


def return_filters(
    *,
    statuses: Collection[str] = (),
    created_since: datetime | None = None,
    created_until: datetime | None = None,
    completed_since: datetime | None = None,
) -> dict[str, str]:
    """Return the filters of a search for returns, except the lists of keys.

    Raises:
        ValueError: a time has no zone.
    """
    filters = {"Limit": _PAGE}
    if statuses:
        filters["Status"] = ",".join(statuses)
    if created_since is not None:
        filters["StartDate"] = moment(created_since)
    if created_until is not None:
        filters["EndDate"] = moment(created_until)
    if completed_since is not None:
        filters["CompletedStartDate"] = moment(completed_since)
    return filters


def _keys(
    ids: Collection[int | str] | None, reference_ids: Collection[str] | None
) -> Iterator[dict[str, str]]:
    """Yield the key filters of the calls that a search for these returns takes."""
    texts = None if ids is None else [str(one) for one in ids]
    for some_ids, some_references in combinations(lists(texts), comma_safe_lists(reference_ids)):
        keys = {}
        if some_ids is not None:
            keys["Ids"] = ",".join(some_ids)
        if some_references is not None:
            keys["ReferenceIds"] = ",".join(some_references)
        yield keys
