"""The requests about WROs (ShipBob reference, section 9.4). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.shipbob import payloads
from ml_connector.shipbob.new_payloads import NewWro
from ml_connector.shipbob.payloads import ExternalSyncResult
from ml_connector.shipbob.session import Request, segment
from ml_connector.transport.call import Patience, Priority

COMPLETED: Final = "Completed"
CANCELLED: Final = "Cancelled"
AWAITED: Final = frozenset({"Awaiting", "AwaitingArrival"})
"""Statuses of a WRO before anything has arrived."""
ENDED: Final = frozenset({COMPLETED, CANCELLED, "Incomplete"})
"""Statuses of a WRO after which nothing more is stowed."""


WORKED_ON: Final = (
    "PartiallyArrived",
    "Arrived",
    "Processing",
    COMPLETED,
    "Incomplete",
    "PartiallyArrivedAtHub",
    "ArrivedAtHub",
    "ProcessingAtHub",
    "InternalTransfer",
)
"""All statuses that ShipBob documents, but those before anything has arrived and Cancelled."""

AT_WORK: Final = tuple(one for one in WORKED_ON if one not in ENDED)
"""Those of them after which more may be stowed."""

KNOWN: Final = AWAITED | {*WORKED_ON, CANCELLED}
"""All statuses of a WRO that are known (section 9.4); there may be new ones."""

SENT_ON: Final = "InternalTransfer"
"""The status in which a hub sends a WRO on to the center behind it."""


def get_wro(wro_id: int | str, priority: Priority) -> Request:
    """GET /receiving/{id}."""
    return Request(
        operation="receiving.get",
        doing=f"reading WRO {wro_id}",
        path=f"/receiving/{segment(wro_id)}",
        scope="receiving_read",
        record=AwaitedKind.WRO.named(wro_id),
        priority=priority,
    )


def get_boxes(wro_id: int | str, priority: Priority) -> Request:
    """GET /receiving/{id}/boxes."""
    return Request(
        operation="receiving.boxes",
        doing=f"reading the boxes of WRO {wro_id}",
        path=f"/receiving/{segment(wro_id)}/boxes",
        scope="receiving_read",
        record=AwaitedKind.WRO.named(wro_id),
        priority=priority,
    )


def list_wros(query: Mapping[str, str], priority: Priority) -> Request:
    """GET /receiving, with the filters of ``filters``."""
    return Request(
        operation="receiving.list",
        doing="listing WROs",
        path="/receiving",
        scope="receiving_read",
        query=query,
        priority=priority,
    )


def create(new: NewWro, channel_id: int, send_by: float | None) -> Request:
    """POST /receiving; it is not idempotent, so it is sent once."""
    named = f" for {new.purchase_order_number}" if new.purchase_order_number else ""
    return Request(
        operation="receiving.create",
        doing=f"creating a WRO{named}",
        method="POST",
        path="/receiving",
        scope="receiving_write",
        body=payloads.encode(new),
        channel_id=channel_id,
        patience=Patience.WRITE,
        repeatable=False,
        send_by=send_by,
    )


def cancel(wro_id: int | str, channel_id: int, send_by: float | None) -> Request:
    """POST /receiving/{id}:cancel."""
    return Request(
        operation="receiving.cancel",
        doing=f"cancelling WRO {wro_id}",
        method="POST",
        path=f"/receiving/{segment(wro_id)}:cancel",
        scope="receiving_write",
        record=AwaitedKind.WRO.named(wro_id),
        channel_id=channel_id,
        patience=Patience.WRITE,
        send_by=send_by,
    )


def set_external_sync(
    ids: Sequence[int], channel_id: int, send_by: float | None, *, synced: bool
) -> Request:
    """POST /receiving:setExternalSync."""
    named = ", ".join(str(one) for one in ids[:5])
    return Request(
        operation="receiving.set_external_sync",
        doing=f"marking WRO {named} as {'booked' if synced else 'not booked'}",
        method="POST",
        path="/receiving:setExternalSync",
        scope="receiving_write",
        body=msgspec.json.encode({"ids": list(ids), "is_external_sync": synced}),
        channel_id=channel_id,
        patience=Patience.WRITE,
        send_by=send_by,
    )


def external_sync_results(value: object, ids: Sequence[int]) -> list[ExternalSyncResult]:
    """Read the answer of ``set_external_sync``: one result for each id, in order.

    The live answer is ``{results}``; an id that is missing there failed. The documented answer, a
    WRO, means success for that one, and for the only one that was asked for. An empty answer means
    success for all.

    Raises:
        msgspec.ValidationError: there are results of another form.
    """
    if isinstance(value, dict) and "results" in value:
        results = payloads.decode(value["results"], list[ExternalSyncResult])
    elif not value or len(ids) == 1:
        return [ExternalSyncResult(id=one, is_success=True) for one in ids]
    else:
        wros = value if isinstance(value, list) else [value]
        results = [ExternalSyncResult(id=one, is_success=True) for one in _ids(wros)]
    said = {result.id: result for result in results}
    silent = "ShipBob's answer does not mention it"
    return [
        said.get(one) or ExternalSyncResult(id=one, is_success=False, reason=silent) for one in ids
    ]


def _ids(wros: Iterable[object]) -> list[int]:
    named = (wro.get("id") for wro in wros if isinstance(wro, dict))
    return [one for one in named if isinstance(one, int)]
