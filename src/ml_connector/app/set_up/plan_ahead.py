"""What a connection would post now, of all its flows: ``plan``, document by document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.sync import Planned, plan_flow
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.postings.documents import Document
from ml_connector.words import DocumentKind

PLANNED: Final = ("purchase-orders", "receiving", "tracking", "returns", "billing", "unidentified")
"""The flows whose documents are foreseen: those that facts of one day lead to."""

MOST_SUBJECTS: Final = 1_000
"""So many facts of a flow are planned while somebody waits; ``plan`` takes all."""

MOST_LISTED: Final = 1_000

TITLES: Final[Mapping[DocumentKind, str]] = MappingProxyType(
    {
        DocumentKind.ITEM_RECEIPT: "Item receipts",
        DocumentKind.ITEM_FULFILLMENT: "Item fulfillments",
        DocumentKind.FULFILLMENT_UPDATE: "Updates of item fulfillments",
        DocumentKind.INVENTORY_ADJUSTMENT: "Adjustments",
        DocumentKind.INVENTORY_TRANSFER: "Transfers",
        DocumentKind.RETURN_AUTHORIZATION: "Return authorizations",
        DocumentKind.VENDOR_BILL: "Vendor bills",
        DocumentKind.VENDOR_CREDIT: "Vendor credits",
        DocumentKind.WRO: "WROs at ShipBob",
        DocumentKind.WRO_CANCELLATION: "WROs cancelled",
        DocumentKind.WRO_MARK: "WROs marked as booked",
        DocumentKind.TRACKING_MARK: "Shipments marked as taken over",
        DocumentKind.PRODUCT: "Products at ShipBob",
    }
)
"""What documents of a kind are called, several of them."""

Tells = Callable[[str, int, int | None], None]


class ForeseenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that would be made.

    Attributes:
        key: of the fact it comes from.
        day: that it would carry; None where it books nothing.
        places: NetSuite's ids of the locations, or of the accounts that money goes to.
        units: that it moves.
        amount: exact digits; empty where it is not about money.
    """

    flow: str
    key: str
    kind: DocumentKind
    external_id: str
    title: str
    day: date | None
    places: tuple[str, ...]
    units: int
    amount: str
    currency: str


class ForeseenStop(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that would wait, wholly or for the rest of it."""

    flow: str
    key: str
    cause: str
    says: str
    remedy: str


class ForeseenKind(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one kind.

    Attributes:
        amounts: by currency, exact digits.
    """

    kind: DocumentKind
    documents: int
    units: int
    amounts: dict[str, str]


class PlanAhead(msgspec.Struct, frozen=True, kw_only=True):
    """What would be posted.

    Attributes:
        facts: that were planned.
        documents: the first 1,000.
        stops: likewise.
        cut: flows of which there are more facts than were planned.
        failed: why flows could not be planned, by name.
    """

    since: date
    facts: int
    kinds: tuple[ForeseenKind, ...]
    documents: tuple[ForeseenDocument, ...]
    stops: tuple[ForeseenStop, ...]
    stopped: int
    cut: tuple[str, ...] = ()
    failed: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many documents there would be."""
        return sum(one.documents for one in self.kinds)


async def plan_ahead(
    installation: Installation, applied: AppliedConnection, tells: Tells
) -> PlanAhead:
    """Plan all flows that are on from the start date on, writing nothing to either system.

    Args:
        installation: where.
        applied: the connection.
        tells: is told which flow is planned, and how far it has come.

    Raises:
        NeedsHuman: its settings can't be read.
    """
    since = datetime.combine(applied.start_date, time.min, applied.schedule.zone)
    found: dict[str, Sequence[Planned]] = {}
    failed: dict[str, str] = {}
    for name in PLANNED:
        flow = FLOWS[name]
        if flow.is_off(applied.flows_off):
            continue
        tells(f"Planning {name}", 0, None)
        try:
            found[name] = await _planned(installation, applied, flow, since, tells)
        except ConnectorError as error:
            failed[name] = str(error)
    return foreseen(found, since=applied.start_date, failed=failed)


async def _planned(
    installation: Installation,
    applied: AppliedConnection,
    flow: Flow,
    since: datetime,
    tells: Tells,
) -> Sequence[Planned]:
    return await plan_flow(
        installation,
        applied,
        flow,
        ids=(),
        since=since.astimezone(UTC),
        most=MOST_SUBJECTS,
        told=lambda seen: tells(f"Planning {flow.name}", seen.done, seen.all),
    )


def foreseen(
    planned: Mapping[str, Sequence[Planned]], *, since: date, failed: Mapping[str, str]
) -> PlanAhead:
    """Return what plans come to. Pure.

    Args:
        planned: by flow.
        since: the start date.
        failed: why other flows could not be planned.
    """
    documents = [
        _document(flow, one.key, document)
        for flow, plans in planned.items()
        for one in plans
        if one.plan is not None
        for document in one.plan.documents
    ]
    stops = [stop for flow, plans in planned.items() for one in plans for stop in _stop(flow, one)]
    return PlanAhead(
        since=since,
        facts=sum(map(len, planned.values())),
        kinds=tuple(_kinds(documents)),
        documents=tuple(documents[:MOST_LISTED]),
        stops=tuple(stops[:MOST_LISTED]),
        stopped=len(stops),
        cut=tuple(flow for flow, plans in planned.items() if len(plans) >= MOST_SUBJECTS),
        failed=dict(failed),
    )


def _document(flow: str, key: str, document: Document) -> ForeseenDocument:
    lines = document.lines
    amounts = [line.amount for line in lines if line.amount is not None]
    return ForeseenDocument(
        flow=flow,
        key=key,
        kind=document.kind,
        external_id=document.external_id,
        title=document.title,
        day=max((line.posting_date for line in lines), default=None),
        places=tuple(dict.fromkeys(line.location or line.account or "" for line in lines)),
        units=sum(abs(line.quantity or 0) for line in lines),
        amount=f"{sum(amounts, Decimal(0)):f}" if amounts else "",
        currency=next((line.currency for line in lines if line.currency), ""),
    )


def _stop(flow: str, one: Planned) -> Iterator[ForeseenStop]:
    if one.failure is not None:
        yield ForeseenStop(
            flow=flow,
            key=one.key,
            cause=one.failure["cause"],
            says=one.failure["sentence"],
            remedy=one.failure["remedy"],
        )
    rest = one.plan.remaining_failure if one.plan is not None else None
    if rest is not None:
        yield ForeseenStop(
            flow=flow, key=one.key, cause=rest.cause.value, says=str(rest), remedy=rest.remedy
        )


def _kinds(documents: Sequence[ForeseenDocument]) -> Iterator[ForeseenKind]:
    for kind in TITLES:
        same = [one for one in documents if one.kind is kind]
        if not same:
            continue
        amounts: dict[str, Decimal] = {}
        for one in same:
            if one.amount:
                amounts[one.currency] = amounts.get(one.currency, Decimal(0)) + Decimal(one.amount)
        yield ForeseenKind(
            kind=kind,
            documents=len(same),
            units=sum(one.units for one in same),
            amounts={currency: f"{amount:f}" for currency, amount in amounts.items()},
        )
