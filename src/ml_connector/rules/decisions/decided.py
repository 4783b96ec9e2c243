"""A decision as a plan sees it: what it names, as it was and as it is now, and what is free of it.

``read_decided`` reads; everything else is pure.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.decisions.decisions import (
    CorrectedUnits,
    DecidedLine,
    NamedDocument,
    NamedUnits,
)
from ml_connector.ledger.decisions.kept import StandingDecision
from ml_connector.ledger.postings.documents import HandledUnits, RefusedUnits, SourceLine
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder
from ml_connector.netsuite.queries.return_authorizations import ReturnAuthorization
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.bills import BILL_TYPES, bill_now, total_changes
from ml_connector.rules.decisions.lines import line_changes
from ml_connector.words import OUR_EXTERNAL_IDS, Cause, DecisionKind

PURCHASE_ORDER: Final = "PurchOrd"
SALES_ORDER: Final = "SalesOrd"
RETURN_AUTHORIZATION: Final = "RtnAuth"
ITEM_FULFILLMENT: Final = "ItemShip"

DONE_AT_ONCE: Final = frozenset({DecisionKind.AGAIN, DecisionKind.MAP})
"""Decisions that were carried out when they were made: there is nothing to plan by them."""

_TYPES: Final = MappingProxyType(
    {
        "ItemRcpt": "item receipt",
        "InvAdjst": "inventory adjustment",
        ITEM_FULFILLMENT: "item fulfilment",
        "CashSale": "cash sale",
        "CustInvc": "invoice",
        "TrnfrOrd": "transfer order",
        "VendBill": "vendor bill",
        "VendCred": "vendor credit",
        PURCHASE_ORDER: "purchase order",
        SALES_ORDER: "sales order",
        RETURN_AUTHORIZATION: "return authorization",
    }
)


class CountedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a source line that a decision has accounted for before; signed as of the line."""

    source_line: str
    quantity: int


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision that nobody has taken back.

    Attributes:
        id: of the decision.
        cause: that it answers.
        value: what it names beside a document, such as the number of an order.
        then: the document or the order, as it was when it was decided; None where none is named.
        now: the same as it is now; None where it was deleted.
        match: what the source said then of the order it belongs to; None where the decision does
            not depend on it.
        taken: units of the document that decisions about other subjects took.
        counted: units of this subject's lines that it accounted for when the subject ran last.
        corrects: what the counter-document changes that was decided on; ``value`` is its external
            id.
        lines: the source's lines that it is about, as they were; empty: all, also those to come.
        note: why, in the person's words; only of what is not ours.
    """

    id: int
    kind: DecisionKind
    cause: Cause
    value: str = ""
    then: NamedDocument | None = None
    now: NamedDocument | None = None
    match: str | None = None
    taken: tuple[NamedUnits, ...] = ()
    counted: tuple[CountedUnits, ...] = ()
    corrects: tuple[CorrectedUnits, ...] = ()
    lines: tuple[DecidedLine, ...] = ()
    note: str = ""

    @property
    def says(self) -> str:
        """The decision as a person writes it, such as ``handled IR123``."""
        named = self.value or (self.then.number if self.then else "")
        return f"{self.kind} {named}".strip()


class UnitsToHandle(NamedTuple):
    """Units of a source line that nothing accounts for yet. Whole eaches.

    Attributes:
        quantity: signed: negative where the units leave stock.
    """

    source_line: str
    item: str
    location: str
    quantity: int


async def read_decided(flow: str, key: str, reads: Reads) -> tuple[Decided, ...]:
    """Return what people decided about a subject; NetSuite is only asked where there is any.

    Without what was done at once when it was decided, and tells a plan nothing.
    """
    return tuple(
        [
            await _decided(one, reads)
            for one in await reads.decisions.standing(flow, key)
            if one.decision.kind not in DONE_AT_ONCE
        ]
    )


async def _decided(standing: StandingDecision, reads: Reads) -> Decided:
    kept = standing.decision
    then = kept.about.document
    return Decided(
        id=kept.id,
        kind=kept.kind,
        cause=kept.cause or Cause.UNEXPLAINED,
        value=kept.value,
        then=then,
        now=await document_now(then, reads) if then else None,
        match=kept.about.match,
        taken=standing.taken,
        counted=tuple(
            CountedUnits(source_line=name, quantity=units)
            for name, units in standing.counted.items()
        ),
        corrects=kept.about.corrects,
        lines=kept.about.lines,
        note=kept.note if kept.kind is DecisionKind.NOT_OURS else "",
    )


async def document_now(then: NamedDocument, reads: Reads) -> NamedDocument | None:
    """Return a document or an order that a decision names as it is now; None where it is gone."""
    if then.type in BILL_TYPES:
        return await bill_now(then, reads)
    read = _ORDERS.get(then.type)
    return await (read(then.id, reads) if read else reads.documents.by_id(then.id))


async def purchase_order_now(order_id: str, reads: Reads) -> NamedDocument | None:
    """Return a purchase order as decisions name it; None where there is none."""
    order = await reads.order(order_id)
    return order_document(order) if order else None


async def sales_order_now(order_id: str, reads: Reads) -> NamedDocument | None:
    """Return a sales order as decisions name it; None where there is none."""
    order = await reads.shipments.sales_order(order_id)
    return sales_order_document(order) if order else None


async def return_authorization_now(authorization_id: str, reads: Reads) -> NamedDocument | None:
    """Return a return authorization as decisions name it; None where there is none."""
    found = await reads.returns.authorization(authorization_id)
    return return_authorization_document(found) if found else None


_ORDERS: Final[Mapping[str, Callable[[str, Reads], Awaitable[NamedDocument | None]]]] = (
    MappingProxyType(
        {
            PURCHASE_ORDER: purchase_order_now,
            SALES_ORDER: sales_order_now,
            RETURN_AUTHORIZATION: return_authorization_now,
        }
    )
)
"""How the orders that decisions name are read; documents that move stock are read otherwise."""


def order_document(order: PurchaseOrder) -> NamedDocument:
    """Return an order as decisions name it."""
    return NamedDocument(
        id=order.id, type=PURCHASE_ORDER, number=order.tranid, subsidiary=order.subsidiary
    )


def sales_order_document(order: SalesOrder) -> NamedDocument:
    """Return a sales order as decisions name it."""
    return NamedDocument(
        id=order.id, type=SALES_ORDER, number=order.tranid, subsidiary=order.subsidiary
    )


def return_authorization_document(found: ReturnAuthorization) -> NamedDocument:
    """Return a return authorization as decisions name it."""
    return NamedDocument(
        id=found.id,
        type=RETURN_AUTHORIZATION,
        number=found.tranid,
        subsidiary=found.subsidiary,
        ours=(found.externalid or "").startswith(OUR_EXTERNAL_IDS),
    )


def document_name(document: NamedDocument) -> str:
    """Return how people call a document, such as ``item receipt IR123``."""
    return f"{type_name(document.type)} {document.number or document.id}"


def type_name(transaction_type: str) -> str:
    """Return how people call documents of one of NetSuite's types."""
    return _TYPES.get(transaction_type, transaction_type)


def lapse(decided: Decided, match: str, lines: Iterable[SourceLine] = ()) -> str:
    """Return why a decision does not hold any more; empty while it holds.

    It is bound to what it names: the document as it was, the order that the source named, the
    lines of the source as they were.

    Args:
        decided: the decision.
        match: what the source says now of the order it belongs to.
        lines: of the source, as they are now.
    """
    then, now = decided.then, decided.now
    if decided.match is not None and match != decided.match:
        return f"its number is {match or 'empty'} now, and was {decided.match or 'empty'}"
    if then is not None:
        return document_change(then, now)
    return line_changes(decided.lines, lines) if decided.lines else ""


def document_change(then: NamedDocument, now: NamedDocument | None) -> str:
    """Return how a document has changed since it was decided about; empty where it is the same."""
    name = document_name(then)
    if now is None:
        return f"{name} is not in NetSuite any more"
    if now.voided:
        return f"{name} is voided, or does not count any more"
    changes = [
        *(
            [f"its number is {now.number}"]
            if _is_order(then) and now.number != then.number
            else []
        ),
        *([f"its date is {now.day}, and was {then.day}"] if now.day != then.day else []),
        *total_changes(then, now),
        *(["its subsidiary is another one"] if _moved_elsewhere(then, now) else []),
        *_unit_changes(then.units, now.units, "shows", "showed"),
        *(
            _unit_changes(then.taken_out, now.taken_out or (), "takes out", "took out")
            if then.taken_out is not None
            else []
        ),
    ]
    return f"{name} was changed: {'; '.join(changes)}" if changes else ""


def counted_units(decisions: Iterable[Decided], match: str) -> Counter[str]:
    """Return the units that decisions which hold accounted for before, by line of the source."""
    counted: Counter[str] = Counter()
    for one in decisions:
        if not lapse(one, match):
            counted.update({units.source_line: units.quantity for units in one.counted})
    return counted


def still_handled(decisions: Iterable[Decided], match: str) -> tuple[RefusedUnits, ...]:
    """Return what decisions that hold accounted for before: refused also while the rest waits."""
    return tuple(
        RefusedUnits(
            source_line=units.source_line,
            reason=f"Handled by {document_name(one.then)}",
            quantity=units.quantity,
        )
        for one in decisions
        if one.then is not None and not lapse(one, match)
        for units in one.counted
    )


def lapses(
    decisions: Iterable[Decided], match: str, lines: Sequence[SourceLine] = ()
) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return {one.id: lapse(one, match, lines) for one in decisions}


def lapsed(
    what: str, decisions: Iterable[Decided], match: str, lines: Sequence[SourceLine] = ()
) -> NeedsHuman | None:
    """Return the failure of a subject with a decision that does not hold; None where all hold.

    Args:
        what: the subject, such as ``WRO 90311``.
        decisions: about it.
        match: what the source says now of the order it belongs to.
        lines: of the source, as they are now.
    """
    for one in decisions:
        why = lapse(one, match, lines)
        if why:
            return NeedsHuman(
                f'{what}: decision {one.id}, "{one.says}", does not hold any more: {why}',
                cause=one.cause,
                remedy=(
                    "Look at what it names in NetSuite, and decide again with events decide; or"
                    f" take it back with events undecide {one.id}, and {what} is planned as if"
                    " it had never been made."
                ),
            )
    return None


def of_kind(decisions: Iterable[Decided], kind: DecisionKind) -> tuple[Decided, ...]:
    """Return the decisions of one kind."""
    return tuple(one for one in decisions if one.kind == kind)


def free_units(decided: Decided, *, leaving: bool = False) -> Counter[tuple[str, str]]:
    """Return the units of its document that a decision may count, by item and location.

    Those that the document showed then and shows now, less what other decisions took of it.

    Args:
        decided: the decision.
        leaving: whether units are meant that it takes out of stock.
    """
    then, now = decided.then, decided.now
    if then is None or now is None or now.voided:
        return Counter()
    before, taken = moved_units(then, leaving=leaving), _by_place(decided.taken)
    shown = moved_units(now, leaving=leaving)
    return Counter(
        {
            place: free
            for place, units in shown.items()
            if (free := min(before[place], units - taken[place])) > 0
        }
    )


def moved_units(document: NamedDocument, *, leaving: bool) -> Counter[tuple[str, str]]:
    """Return the units that a document moves one way, without a sign, by item and location.

    Args:
        document: that somebody else posted.
        leaving: out of stock; else into it.
    """
    if document.type == ITEM_FULFILLMENT:
        return _by_place(document.units) if leaving else Counter()
    return _by_place((document.taken_out or ()) if leaving else document.units)


def handled_units(
    decisions: Iterable[Decided],
    wanted: Sequence[UnitsToHandle],
    *,
    reduced: Mapping[int, Counter[tuple[str, str]]] = MappingProxyType({}),
) -> list[HandledUnits]:
    """Return which of the wanted units are accounted for by documents of others.

    Each unit of a document counts once: for the first line that wants it.

    Args:
        decisions: about the subject.
        wanted: what nothing accounts for yet.
        reduced: by decision that names a document of ours, what a person took off it.
    """
    found: list[HandledUnits] = []
    rest = [one.quantity for one in wanted]
    for decided in of_kind(decisions, DecisionKind.HANDLED):
        frees = {1: free_units(decided), -1: free_units(decided, leaving=True)}
        if decided.id in reduced:
            frees = {1: Counter(), -1: Counter(reduced[decided.id])}
        for number, want in enumerate(wanted):
            sign = -1 if want.quantity < 0 else 1
            place = (want.item, want.location)
            free = frees[sign]
            units = min(sign * rest[number], free[place])
            if units and decided.now is not None:
                free[place] -= units
                rest[number] -= sign * units
                handled = _handled(decided, decided.now, want, sign * units)
                if decided.id in reduced:
                    taken_off = reduced[decided.id][place]
                    handled = msgspec.structs.replace(handled, shown=taken_off)
                found.append(handled)
    return found


def _handled(
    decided: Decided, document: NamedDocument, want: UnitsToHandle, units: int
) -> HandledUnits:
    return HandledUnits(
        source_line=want.source_line,
        item=want.item,
        location=want.location,
        quantity=units,
        decision=decided.id,
        document=document.id,
        shown=moved_units(document, leaving=units < 0)[want.item, want.location],
        reason=f"Handled by {document_name(document)}",
    )


def _moved_elsewhere(then: NamedDocument, now: NamedDocument) -> bool:
    """Return whether a document is of another subsidiary; not where it is not shown now."""
    return None not in {then.subsidiary, now.subsidiary} and then.subsidiary != now.subsidiary


def _is_order(document: NamedDocument) -> bool:
    return document.type in _ORDERS


def _by_place(units: Iterable[NamedUnits]) -> Counter[tuple[str, str]]:
    return Counter({(one.item, one.location): one.quantity for one in units})


def _unit_changes(
    then: Iterable[NamedUnits], now: Iterable[NamedUnits], does: str, did: str
) -> list[str]:
    before: Mapping[tuple[str, str], int] = _by_place(then)
    after = _by_place(now)
    return [
        f"it {does} {after[item, location]} of item {item} at location {location}, and {did}"
        f" {before[item, location]}"
        for item, location in sorted({*before, *after})
        if after[item, location] != before[item, location]
    ]
