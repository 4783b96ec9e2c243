"""What came back to ShipBob, and what NetSuite knows of it: the facts of a return."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.conservation.equation import PART_OF_A_LINE
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import ItemFact, PeriodFact
from ml_connector.rules.line_numbers.compare import PROVED, LineNumbers
from ml_connector.words import Cause, ExternalIdPrefix

Action = Literal["restock", "quarantine", "dispose"]

_ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

# Shipbob.md section 9.6.
_TO_SENDER: Final = frozenset({"returntosender", "rts"})
_KNOWN_TYPES: Final = _TO_SENDER | {"regular", ""}


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What ShipBob says was done with some units.

    Attributes:
        action: in ShipBob's own spelling; it may be one that is not known here.
    """

    action: str
    quantity: int | None


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One inventory item of a return. Whole eaches.

    Attributes:
        untold: whether ShipBob does not say at all what was done; that nothing was is said by
            an empty ``done`` alone.
    """

    inventory_id: int
    sku: str | None
    announced: int
    lot: str | None = None
    lot_date: date | None = None
    done: tuple[Done, ...] = ()
    untold: bool = False


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one inventory id and lot that the same was done with.

    Attributes:
        lot: as ShipBob names it, whether NetSuite tracks lots or not.
    """

    inventory_id: int
    sku: str | None
    action: Action
    quantity: int
    lot: str | None = None
    lot_date: date | None = None

    @property
    def source_line(self) -> str:
        """How the journal names the units that came back."""
        return source_line(self.inventory_id, self.lot, self.action)

    @property
    def write_off_line(self) -> str:
        """How the journal names the same units going out of stock for good."""
        return write_off_line(self.inventory_id, self.lot)


class AuthorizedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a return authorization. Base units, without sign.

    Attributes:
        line: what a transform calls ``orderLine``.
        authorized: of a closed line only what was received.
        open_quantity: still to be received.
        unit: the line's unit where it is not the stock unit, else None.
        order_line: the sales order's line it stands for, where that is known.
        closed_quantity: of a closed line what was never received.
    """

    line: int
    item_id: str
    authorized: int
    open_quantity: int
    unit: str | None = None
    order_line: int | None = None
    closed_quantity: int = 0


class ReceivedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units on an item receipt that NetSuite links to an authorization.

    Attributes:
        id: internal id of the receipt.
        external_id: or, where there is none, our tag at the end of its memo.
    """

    id: str
    number: str
    external_id: str | None
    item_id: str
    location: str | None
    quantity: int


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """A return authorization with its lines and what was received from it.

    Attributes:
        external_id: or, where there is none, our tag at the end of its memo.
        line_numbers: whether the lines' numbers are those that a transform takes.
        subsidiary: None outside OneWorld.
        customer: internal id; None where it was not read.
        made_from: internal ids of what it was made from, and what that was made from.
    """

    id: str
    number: str
    status: str
    external_id: str | None = None
    lines: tuple[AuthorizedLine, ...] = ()
    receipts: tuple[ReceivedUnits, ...] = ()
    line_numbers: LineNumbers = PROVED
    subsidiary: str | None = None
    customer: str | None = None
    made_from: tuple[str, ...] = ()


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a sales order. Base units, without sign."""

    line: int
    item_id: str
    fulfilled: int
    unfulfilled: int
    unit: str | None = None


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """The sales order of the original shipment, and what was authorised from it so far.

    Attributes:
        line_numbers: whether the lines' numbers are those that a transform takes.
        subsidiary: None outside OneWorld.
    """

    id: str
    number: str
    status: str
    lines: tuple[SoldLine, ...]
    authorizations: tuple[Authorization, ...] = ()
    line_numbers: LineNumbers = PROVED
    subsidiary: str | None = None


class OriginalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The sales order that a return goes back to: which one, and whose.

    Attributes:
        id: NetSuite's internal id.
        customer: internal id.
    """

    id: str
    number: str
    customer: str | None = None


class ReturnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one return sees.

    Attributes:
        status: without spaces; everything below is read only of a completed return.
        completed_at: where ShipBob does not say, the date of the last step that it dates.
        channel: the channel that it belongs to, at ShipBob.
        store_order: the reference of its order, where ShipBob names one.
        items: NetSuite's items by the item name that was asked for.
        bindings: what its SKUs were matched to before, by ShipBob's inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        near_items: by an item name that NetSuite has not, items of nearly that name.
        named: authorizations whose number or external id is the return's reference, and the
            one that was made for this return.
        rival_channels: other channels whose order would lead to the same sales order.
        order_key: the reference by which the sales order was looked for; None when it was
            not.
        sales: the sales orders that match it; normally one.
        original_orders: the sales orders of the original shipment, where authorizations were
            found by the reference; empty where none is known.
        deleted_authorization: internal id of the one that was made for this return, if it was
            deleted since.
        decisions: what people decided about it.
        lots: NetSuite's lots, by item id and number with a space between.
        location_subsidiaries: of each location of the connection's that shows any; empty outside
            OneWorld.
        periods: posting periods from the day before ``completed_at`` on; empty when unreadable.
    """

    return_id: int
    status: str
    return_type: str | None = None
    reference: str | None = None
    channel: int | None = None
    store_order: str | None = None
    center_id: int | None = None
    center_name: str = ""
    completed_at: datetime | None = None
    lines: tuple[ReturnedLine, ...] = ()
    items: dict[str, tuple[ItemFact, ...]] = {}
    bindings: dict[int, Binding] = {}
    bound: dict[str, ItemFact] = {}
    near_items: dict[str, tuple[ItemFact, ...]] = {}
    named: tuple[Authorization, ...] = ()
    order_key: str | None = None
    rival_channels: tuple[int, ...] = ()
    sales: tuple[Sale, ...] = ()
    lots: dict[str, str] = {}
    periods: tuple[PeriodFact, ...] = ()
    location_subsidiaries: dict[str, tuple[str, ...]] = {}
    original_orders: tuple[OriginalOrder, ...] = ()
    deleted_authorization: str | None = None
    decisions: tuple[Decided, ...] = ()

    @property
    def is_return_to_sender(self) -> bool:
        """Whether the parcel never reached its customer; ShipBob writes it in several ways."""
        return self._plain_type in _TO_SENDER

    @property
    def is_type_known(self) -> bool:
        """Whether its type is one that ShipBob documents, or not told."""
        return self._plain_type in _KNOWN_TYPES

    @property
    def _plain_type(self) -> str:
        return "".join((self.return_type or "").split()).lower()


def fits(authorization: Authorization, orders: Collection[OriginalOrder]) -> bool:
    """Whether an authorization is of one of these orders, or of the customer of one."""
    return any(
        order.id in authorization.made_from
        or (order.customer is not None and order.customer == authorization.customer)
        for order in orders
    )


def known_action(written: str) -> Action | None:
    """Return the action that ShipBob's word for it means; None when it is none we know."""
    plain = "".join(written.split()).lower()
    return next((action for action in _ACTIONS if action == plain), None)


def source_line(inventory_id: int, lot: str | None, action: str) -> str:
    """Return how the journal names units with which something was done."""
    named = f"inventory {inventory_id}" + (f" lot {lot}" if lot else "")
    return f"{named} {known_action(action) or action or 'unknown'}"


def write_off_line(inventory_id: int, lot: str | None) -> str:
    """Return how the journal names disposed units that go out of stock for good."""
    return write_off_of(source_line(inventory_id, lot, "dispose"))


def write_off_of(line: str) -> str:
    """Return how the journal names the going out for good of the units of a source's line."""
    return f"{line}{PART_OF_A_LINE}write-off"


def authorization_id(return_id: int) -> str:
    """Return the external id of the authorization that is made for a return."""
    return f"{ExternalIdPrefix.RETURN_AUTHORIZATION}{return_id}"


def units_of(facts: ReturnFacts) -> tuple[Unit, ...]:
    """Return what was done, one entry for each inventory id, lot and action.

    A lot keeps its expiry date where all lines that name one agree.

    Raises:
        NeedsHuman: an action that is not known, or one without a quantity; or what was done is
            not said at all.
    """
    _refuse_untold(facts)
    units: dict[str, Unit] = {}
    dates: dict[tuple[int, str | None], set[date]] = defaultdict(set)
    for line in facts.lines:
        for one in line.done:
            if one.quantity == 0:
                continue
            action = known_action(one.action)
            if action is None or one.quantity is None:
                raise unclear(
                    facts,
                    f'ShipBob says "{one.action}" was done with'
                    f" {'some' if one.quantity is None else one.quantity} x"
                    f" {line.sku or f'inventory item {line.inventory_id}'}",
                )
            unit = Unit(
                inventory_id=line.inventory_id,
                sku=line.sku,
                action=action,
                quantity=one.quantity,
                lot=line.lot,
                lot_date=line.lot_date,
            )
            if line.lot_date is not None:
                dates[line.inventory_id, line.lot].add(line.lot_date)
            before = units.get(unit.source_line)
            units[unit.source_line] = (
                unit
                if before is None
                else msgspec.structs.replace(before, quantity=before.quantity + unit.quantity)
            )
    return tuple(
        msgspec.structs.replace(unit, lot_date=_agreed(dates[unit.inventory_id, unit.lot]))
        for unit in units.values()
    )


class UnclearUnits(NamedTuple):
    """Units of which ShipBob does not say what was done with them, or says it oddly."""

    inventory_id: int
    sku: str | None
    source_line: str
    quantity: int | None


def unclear_units(facts: ReturnFacts) -> list[UnclearUnits]:
    """Return the units of a return that can't be booked as ShipBob tells them.

    Where it does not say what was done, as many as were announced.
    """
    found: list[UnclearUnits] = []
    for line in facts.lines:
        odd = [(one.action, one.quantity) for one in line.done if not known_action(one.action)]
        for action, quantity in [*odd, *([("", line.announced)] if line.untold else [])]:
            name = source_line(line.inventory_id, line.lot, action)
            found.append(UnclearUnits(line.inventory_id, line.sku, name, quantity))
    return found


def without_unclear_units(facts: ReturnFacts) -> ReturnFacts:
    """Return a return without the units that can't be booked as ShipBob tells them."""
    lines = tuple(
        msgspec.structs.replace(
            line, untold=False, done=tuple(one for one in line.done if known_action(one.action))
        )
        for line in facts.lines
    )
    return msgspec.structs.replace(facts, lines=lines)


def _refuse_untold(facts: ReturnFacts) -> None:
    untold = [line for line in facts.lines if line.untold and line.announced]
    if untold:
        units = ", ".join(
            f"{line.announced} x {line.sku or f'inventory item {line.inventory_id}'}"
            for line in untold
        )
        raise unclear(facts, f"ShipBob does not say what was done with {units}")


def _agreed(dates: Collection[date]) -> date | None:
    return next(iter(dates)) if len(dates) == 1 else None


def unclear(facts: ReturnFacts, what: str) -> NeedsHuman:
    """Return the failure for a return that can't be booked as ShipBob tells it."""
    return NeedsHuman(
        f"Return {facts.return_id}: {what}",
        cause=Cause.RETURN_UNCLEAR,
        remedy=(
            "Find out from ShipBob what was done with these units. When ShipBob has corrected"
            " the return, it goes on by itself; else book it by hand in NetSuite, and decide with"
            " events decide that the document handled it."
        ),
        waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
    )
